// listen(): accepting on TCP and Unix sockets.

#include <cerrno>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.hpp"
#include "io/address.hpp"
#include "io/byte_stream.hpp"
#include "io/descriptor.hpp"
#include "io/watch.hpp"

namespace jetway::io {
namespace {

constexpr int backlog = 1024;
constexpr int accepted_a_turn = 64;
constexpr Duration pause_without_descriptors = std::chrono::milliseconds(50);

Error cannot_listen(const std::string& address, int number) {
    return system_error("cannot listen on " + address, number);
}

Descriptor new_socket(int family) {
    return Descriptor(socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

Result<Descriptor> listen_tcp(const std::string& text, SocketAddress address, bool any) {
    Descriptor descriptor = new_socket(address.family());
    if (!descriptor.valid() && any && errno == EAFNOSUPPORT) {  // a host without IPv6
        sockaddr_in ipv4{};
        ipv4.sin_family = AF_INET;
        ipv4.sin_port = reinterpret_cast<const sockaddr_in6&>(address.storage).sin6_port;
        address.storage = {};
        reinterpret_cast<sockaddr_in&>(address.storage) = ipv4;
        address.size = sizeof ipv4;
        return listen_tcp(text, address, false);
    }
    if (!descriptor.valid()) return cannot_listen(text, errno);
    const int on = 1;
    const int only_ipv6 = any ? 0 : 1;
    setsockopt(descriptor.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address.family() == AF_INET6) {
        setsockopt(descriptor.get(), IPPROTO_IPV6, IPV6_V6ONLY, &only_ipv6, sizeof only_ipv6);
    }
    if (bind(descriptor.get(), address.pointer(), address.size) != 0)
        return cannot_listen(text, errno);
    if (::listen(descriptor.get(), backlog) != 0) return cannot_listen(text, errno);
    return descriptor;
}

/// Nobody accepts on the socket at this path.
bool is_stale(const SocketAddress& address, const std::string& path) {
    struct stat status{};
    if (lstat(path.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) return false;
    const Descriptor probe = new_socket(AF_UNIX);
    return probe.valid() && connect(probe.get(), address.pointer(), address.size) != 0 &&
           errno == ECONNREFUSED;
}

/// Held while a stale socket is replaced, so that two who do it at once do not take each other's
/// away. Only in a directory of ours: elsewhere a stranger could hold the lock for ever.
Descriptor lock_directory(const std::string& path) {
    const auto slash = path.rfind('/');
    const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    Descriptor descriptor(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct stat status{};
    if (descriptor.valid() && fstat(descriptor.get(), &status) == 0 && status.st_uid == geteuid()) {
        flock(descriptor.get(), LOCK_EX);
    }
    return descriptor;
}

Result<Descriptor> listen_unix(const std::string& text, const SocketAddress& address,
                               const std::string& path) {
    const Descriptor lock = lock_directory(path);
    Descriptor descriptor = new_socket(AF_UNIX);
    if (!descriptor.valid()) return cannot_listen(text, errno);
    // Linux gives the new file this mode, less the umask: there is no moment in which others may
    // connect.
    fchmod(descriptor.get(), 0600);
    int error = bind(descriptor.get(), address.pointer(), address.size) == 0 ? 0 : errno;
    if (error == EADDRINUSE && is_stale(address, path)) {
        unlink(path.c_str());
        error = bind(descriptor.get(), address.pointer(), address.size) == 0 ? 0 : errno;
    }
    if (error != 0) return cannot_listen(text, error);
    chmod(path.c_str(), 0600);
    if (::listen(descriptor.get(), backlog) != 0) return cannot_listen(text, errno);
    return descriptor;
}

/// The socket's file, taken away with the listener unless somebody put another in its place.
class SocketFile {
public:
    explicit SocketFile(std::string path) : path_(std::move(path)) {
        exists_ = stat(path_.c_str(), &ours_) == 0;
    }
    ~SocketFile() {
        struct stat now{};
        if (!exists_ || lstat(path_.c_str(), &now) != 0) return;
        if (now.st_ino == ours_.st_ino && now.st_dev == ours_.st_dev) unlink(path_.c_str());
    }
    SocketFile(const SocketFile&) = delete;
    SocketFile& operator=(const SocketFile&) = delete;

private:
    std::string path_;
    struct stat ours_{};
    bool exists_ = false;
};

class Listener final : public std::enable_shared_from_this<Listener>, WatchEvents {
public:
    Listener(EventLoop& loop, std::string address, int descriptor,
             std::function<void(Accepted)> accepted)
        : loop_(loop),
          address_(std::move(address)),
          accepted_(std::move(accepted)),
          watch_(std::make_unique<Watch>(loop, descriptor, static_cast<WatchEvents&>(*this))) {
        watch_->wait_readable();
    }

    void own_file(const std::string& path) { file_ = std::make_unique<SocketFile>(path); }
    int failure() const { return watch_->failure(); }
    void close() {
        watch_.reset();
        file_.reset();
        resume_.reset();
    }

private:
    void on_readable() override;
    void accept_error(int number);
    Accepted describe(int descriptor, const SocketAddress& peer);

    EventLoop& loop_;
    std::string address_;
    std::function<void(Accepted)> accepted_;
    std::unique_ptr<Watch> watch_;
    std::unique_ptr<SocketFile> file_;
    Handle resume_;
    LogLimit log_limit_{1, std::chrono::seconds(5)};
};

void Listener::on_readable() {
    const auto self = shared_from_this();  // accepted_ may let the handle go
    for (int i = 0; i < accepted_a_turn && watch_; ++i) {
        SocketAddress peer;
        peer.size = sizeof peer.storage;
        const int descriptor =
            accept4(watch_->descriptor(), peer.pointer(), &peer.size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (descriptor < 0) return accept_error(errno);
        accepted_(describe(descriptor, peer));
    }
    if (watch_) watch_->wait_readable();
}

void Listener::accept_error(int number) {
    if (number != EMFILE && number != ENFILE && number != ENOBUFS && number != ENOMEM) {
        return watch_->wait_readable();  // EAGAIN, or a peer that went while it waited
    }
    std::uint64_t suppressed = 0;
    if (log_limit_.allow(loop_.now(), suppressed)) {
        log::warn("{}", system_error("accept on " + address_ + " waits", number).line());
    }
    resume_ = loop_.after(pause_without_descriptors, [this] { on_readable(); });
}

Accepted Listener::describe(int descriptor, const SocketAddress& peer) {
    Accepted accepted;
    if (peer.family() == AF_UNIX) {
        ucred credentials{};
        socklen_t size = sizeof credentials;
        accepted.peer = address_;
        if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0) {
            accepted.uid = credentials.uid;
            accepted.pid = static_cast<std::uint32_t>(credentials.pid);
        }
    } else {
        const int on = 1;
        setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        accepted.peer = peer.text();
    }
    accepted.stream = adopt(loop_, descriptor);
    return accepted;
}

std::string bound_address(int descriptor) {
    SocketAddress bound;
    bound.size = sizeof bound.storage;
    if (getsockname(descriptor, bound.pointer(), &bound.size) != 0) return {};
    return bound.text();
}

}  // namespace

Result<Handle> listen(EventLoop& loop, const std::string& address,
                      std::function<void(Accepted)> accepted, std::string* bound) {
    JETWAY_ASSIGN(const AddressText parsed, parse_socket_address(address));
    if (parsed.host == AddressText::Host::name) {
        return Error{Code::usage, "cannot listen on " + address + ": a numeric address is needed"};
    }
    const bool local = parsed.host == AddressText::Host::unix_path;
    const bool any = parsed.host == AddressText::Host::any;
    JETWAY_ASSIGN(Descriptor descriptor, local ? listen_unix(address, parsed.address, parsed.name)
                                               : listen_tcp(address, parsed.address, any));
    if (bound != nullptr) *bound = bound_address(descriptor.get());
    auto listener =
        std::make_shared<Listener>(loop, address, descriptor.take(), std::move(accepted));
    if (local) listener->own_file(parsed.name);
    if (listener->failure() != 0) return cannot_listen(address, listener->failure());
    return Handle([listener] { listener->close(); });
}

}  // namespace jetway::io
