// Blocking sockets with a buffer on either side, for the peers whose protocol is spoken here.
// Addresses are "tcp:PORT" (of 127.0.0.1) and "unix:PATH".
#pragma once

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>
#include <vector>

#include "bench/program.hpp"

namespace jetway::bench {

struct Address {
    explicit Address(const std::string& text) {
        if (text.starts_with("unix:")) {
            auto* local = reinterpret_cast<sockaddr_un*>(&storage);
            local->sun_family = AF_UNIX;
            if (text.size() - 5 >= sizeof local->sun_path) die("too long: " + text);
            std::memcpy(local->sun_path, text.c_str() + 5, text.size() - 5);
            size = sizeof *local;
        } else if (text.starts_with("tcp:")) {
            auto* internet = reinterpret_cast<sockaddr_in*>(&storage);
            internet->sin_family = AF_INET;
            internet->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
            internet->sin_port = htons(static_cast<std::uint16_t>(number(text.substr(4))));
            size = sizeof *internet;
        } else {
            die("no address: " + text);
        }
    }
    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }

    sockaddr_storage storage{};
    socklen_t size = 0;
};

inline void send_at_once(int descriptor) {
    const int on = 1;
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

inline int make_socket_for(const Address& address) {
    const int descriptor = ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) die(std::string("socket: ") + std::strerror(errno));
    return descriptor;
}

/// -1 when nobody listens there.
inline int try_to_connect(const std::string& text) {
    const Address address(text);
    const int descriptor = make_socket_for(address);
    if (::connect(descriptor, address.get(), address.size) != 0) {
        ::close(descriptor);
        return -1;
    }
    send_at_once(descriptor);
    return descriptor;
}

inline int connect_to(const std::string& text) {
    const int descriptor = try_to_connect(text);
    if (descriptor < 0) die("connect " + text + ": " + std::strerror(errno));
    return descriptor;
}

inline int listen_on(const std::string& text) {
    const Address address(text);
    const int descriptor = make_socket_for(address);
    const int on = 1;
    ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (::bind(descriptor, address.get(), address.size) != 0 || ::listen(descriptor, 16) != 0)
        die("listen " + text + ": " + std::strerror(errno));
    return descriptor;
}

inline int accept_from(int listener) {
    const int descriptor = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (descriptor < 0) die("accept");
    send_at_once(descriptor);
    return descriptor;
}

inline void write_all(int descriptor, const char* bytes, std::size_t size) {
    while (size > 0) {
        const ssize_t written = ::send(descriptor, bytes, size, MSG_NOSIGNAL);
        if (written < 0 && errno == EAGAIN) {
            pollfd room{descriptor, POLLOUT, 0};
            ::poll(&room, 1, -1);
            continue;
        }
        if (written <= 0) die("the router is gone");
        bytes += written;
        size -= static_cast<std::size_t>(written);
    }
}

class Writer {
public:
    explicit Writer(int descriptor) : descriptor_(descriptor) { bytes_.reserve(capacity); }

    void add(const char* bytes, std::size_t size) {
        if (bytes_.size() + size > capacity) flush();
        if (size > capacity) return write_all(descriptor_, bytes, size);
        bytes_.insert(bytes_.end(), bytes, bytes + size);
    }
    void add(std::string_view text) { add(text.data(), text.size()); }
    void flush() {
        write_all(descriptor_, bytes_.data(), bytes_.size());
        bytes_.clear();
    }

private:
    static constexpr std::size_t capacity = 64UL * 1024;
    int descriptor_;
    std::vector<char> bytes_;
};

class Reader {
public:
    explicit Reader(int descriptor) : descriptor_(descriptor), bytes_(smallest) {}

    /// The next `size` bytes, until the next call; drop() those that are dealt with.
    const char* need(std::size_t size) {
        while (end_ - begin_ < size) fill(size);
        return bytes_.data() + begin_;
    }
    void drop(std::size_t size) { begin_ += size; }
    const char* take(std::size_t size) {
        const char* bytes = need(size);
        drop(size);
        return bytes;
    }
    /// Up to "\r\n", which is dropped.
    std::string_view line() {
        std::size_t looked_at = 0;
        for (;;) {
            const std::string_view text(bytes_.data() + begin_, end_ - begin_);
            const std::size_t found = text.find("\r\n", looked_at);
            if (found != std::string_view::npos) {
                begin_ += found + 2;
                return text.substr(0, found);
            }
            looked_at = text.empty() ? 0 : text.size() - 1;
            fill(text.size() + 1);
        }
    }

private:
    static constexpr std::size_t smallest = 64UL * 1024;

    void fill(std::size_t needed) {
        if (begin_ == end_) begin_ = end_ = 0;
        if (begin_ + needed > bytes_.size() || end_ == bytes_.size()) {
            std::memmove(bytes_.data(), bytes_.data() + begin_, end_ - begin_);
            end_ -= begin_;
            begin_ = 0;
            if (needed > bytes_.size()) bytes_.resize(needed);
        }
        // Of a large message no more is read than belongs to it: what follows would be moved.
        const std::size_t room =
            needed > smallest ? needed - (end_ - begin_) : bytes_.size() - end_;
        const ssize_t count = ::recv(descriptor_, bytes_.data() + end_, room, 0);
        if (count == 0) std::exit(0);  // the other side went: it is over
        if (count < 0) die(std::string("read: ") + std::strerror(errno));
        end_ += static_cast<std::size_t>(count);
    }

    int descriptor_;
    std::vector<char> bytes_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

}  // namespace jetway::bench
