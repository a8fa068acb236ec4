// The limit: what a router costs that does nothing but route. Frames are an 8-byte header and a
// body; one hash lookup a frame says where it goes, and up to 64 neighbours for one destination
// leave in one write. No flow control, no reconnect, no names: a floor, not a product.
//
//   bench_peer_limit send|receive|request|reply ADDRESS SIZE COUNT
//                                     clients batch 64 frames a write; with "listen:" before its
//                                     address a receiver or service waits for a byte relay to dial
//   bench_peer_limit route ADDRESS [UPSTREAM]      the router; whom it does not know is upstream
//   bench_peer_limit relay ADDRESS TARGET          a byte relay that splices
//   bench_peer_limit memory SIZE COUNT             two processes and a ring of shared memory
#include <array>
#include <fcntl.h>
#include <memory>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unordered_map>

#include "bench/peers/roles.hpp"
#include "bench/peers/sockets.hpp"

namespace {

using namespace jetway::bench;

struct Header {
    std::uint32_t size;  // 0: tells the router that `from` is here
    std::uint16_t to;
    std::uint16_t from;
};
constexpr std::uint16_t client_name = 1;
constexpr std::uint16_t service_name = 2;
constexpr int batch = 64;              // frames a write
constexpr std::size_t large = 16'384;  // written from where it was read

class LimitPeer {
public:
    LimitPeer(Role role, const std::string& address, std::size_t size)
        : serves_(role == Role::receive || role == Role::reply),
          size_(static_cast<std::uint32_t>(size)),
          descriptor_(join(address)),
          writer_(descriptor_),
          reader_(descriptor_) {
        const Header here{0, 0, serves_ ? service_name : client_name};
        writer_.add(reinterpret_cast<const char*>(&here), sizeof here);
        writer_.flush();
    }

    void send(const char* bytes) {
        const Header header{size_, serves_ ? client_name : service_name, 0};
        writer_.add(reinterpret_cast<const char*>(&header), sizeof header);
        writer_.add(bytes, size_);
        if (++waiting_ == batch) flush();
    }
    void flush() {
        writer_.flush();
        waiting_ = 0;
    }
    const char* receive() {
        Header header{};
        do {
            std::memcpy(&header, reader_.take(sizeof header), sizeof header);
        } while (header.size == 0);
        return reader_.take(header.size);
    }

private:
    static int join(const std::string& address) {
        if (!address.starts_with("listen:")) return connect_to(address);
        const int listener = listen_on(address.substr(7));
        say_ready();  // for the relay, which may dial only when its client comes
        for (;;) {
            const int descriptor = accept_from(listener);
            char first = 0;
            // Who only tried whether the relay answers says nothing.
            if (::recv(descriptor, &first, 1, MSG_PEEK) == 1) return descriptor;
            ::close(descriptor);
        }
    }

    bool serves_;
    std::uint32_t size_;
    int descriptor_;
    Writer writer_;
    Reader reader_;
    int waiting_ = 0;
};

class Router {
public:
    Router(const std::string& address, const std::string& upstream)
        : listener_(listen_on(address)), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
        watch(listener_, nullptr);
        if (!upstream.empty()) upstream_ = add(connect_to(upstream));
        say_ready();
    }

    [[noreturn]] void run() {
        std::array<epoll_event, 16> events{};
        for (;;) {
            const int count = ::epoll_wait(epoll_, events.data(), events.size(), -1);
            for (int i = 0; i < count; ++i) {
                auto* connection =
                    static_cast<Connection*>(events.at(static_cast<std::size_t>(i)).data.ptr);
                if (connection == nullptr) {
                    add(accept_from(listener_));
                } else {
                    read(*connection);
                }
            }
        }
    }

private:
    struct Connection {
        int descriptor = -1;
        std::size_t rest = 0;  // of the frame that is passing
        Connection* to = nullptr;
        std::array<char, sizeof(Header)> begun{};  // of a header that did not arrive whole
        std::size_t begun_size = 0;
        std::vector<char> waiting;  // to be written
        int frames = 0;             // of them

        void begin_frame() {
            if (frames == batch) flush();
            ++frames;
        }
        void add(const char* bytes, std::size_t size) {
            if (size < large) {
                waiting.insert(waiting.end(), bytes, bytes + size);
            } else {
                flush();
                write_all(descriptor, bytes, size);
            }
        }
        void flush() {
            if (!waiting.empty()) write_all(descriptor, waiting.data(), waiting.size());
            waiting.clear();
            frames = 0;
        }
    };

    void watch(int descriptor, Connection* connection) {
        epoll_event event{EPOLLIN, {.ptr = connection}};
        if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) != 0) die("epoll");
    }
    Connection* add(int descriptor) {
        connections_.push_back(std::make_unique<Connection>());
        connections_.back()->descriptor = descriptor;
        ::fcntl(descriptor, F_SETFL, O_NONBLOCK);
        watch(descriptor, connections_.back().get());
        return connections_.back().get();
    }

    void read(Connection& connection) {
        std::memcpy(bytes_.data(), connection.begun.data(), connection.begun_size);
        const ssize_t count = ::recv(connection.descriptor, bytes_.data() + connection.begun_size,
                                     bytes_.size() - connection.begun_size, 0);
        if (count < 0 && errno == EAGAIN) return;
        if (count <= 0) {
            ::epoll_ctl(epoll_, EPOLL_CTL_DEL, connection.descriptor, nullptr);
            return;
        }
        const std::size_t size = static_cast<std::size_t>(count) + connection.begun_size;
        connection.begun_size = 0;
        pass(connection, size);
    }

    void pass(Connection& connection, std::size_t size) {
        std::size_t at = 0;
        while (at < size) {
            if (connection.rest == 0) {
                if (size - at < sizeof(Header)) break;
                begin_frame(connection, bytes_.data() + at);
            }
            const std::size_t part = std::min(connection.rest, size - at);
            if (connection.to != nullptr) connection.to->add(bytes_.data() + at, part);
            at += part;
            connection.rest -= part;
        }
        connection.begun_size = size - at;
        std::memcpy(connection.begun.data(), bytes_.data() + at, size - at);
        for (const auto& any : connections_) any->flush();
    }

    void begin_frame(Connection& connection, const char* bytes) {
        Header header{};
        std::memcpy(&header, bytes, sizeof header);
        connection.to = upstream_;
        if (header.size == 0) {
            routes_[header.from] = &connection;
        } else if (const auto found = routes_.find(header.to); found != routes_.end()) {
            connection.to = found->second;
        }
        connection.rest = header.size + sizeof header;
        if (connection.to != nullptr) connection.to->begin_frame();
    }

    int listener_;
    int epoll_;
    Connection* upstream_ = nullptr;
    std::vector<std::unique_ptr<Connection>> connections_;
    std::unordered_map<std::uint16_t, Connection*> routes_;
    std::vector<char> bytes_ = std::vector<char>(256UL * 1024);
};

constexpr std::size_t most_spliced = 1UL << 20U;

/// False when nothing more comes from that end.
bool move(const std::array<int, 2>& ends, const std::array<int, 2>& pipe, std::size_t from) {
    ssize_t count = ::splice(ends.at(from), nullptr, pipe[1], nullptr, most_spliced,
                             SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (count < 0 && errno == EAGAIN) return true;
    if (count <= 0) return false;
    while (count > 0) {
        const ssize_t out = ::splice(pipe[0], nullptr, ends.at(1 - from), nullptr,
                                     static_cast<std::size_t>(count), SPLICE_F_MOVE);
        if (out <= 0) return false;
        count -= out;
    }
    return true;
}

/// One connection at a time, without its bytes ever coming to user space.
[[noreturn]] void relay(const std::string& address, const std::string& target) {
    const int listener = listen_on(address);
    say_ready();
    for (;;) {
        const std::array<int, 2> ends{accept_from(listener), try_to_connect(target)};
        std::array<std::array<int, 2>, 2> pipes{};
        for (auto& pipe : pipes) {
            if (::pipe(pipe.data()) != 0) die("pipe");
            ::fcntl(pipe[1], F_SETPIPE_SZ, most_spliced);
        }
        std::array<short, 2> wanted{POLLIN, POLLIN};  // 0: that direction has ended
        while (ends[1] >= 0 && (wanted[0] | wanted[1]) != 0) {
            std::array<pollfd, 2> ready{pollfd{wanted[0] != 0 ? ends[0] : -1, wanted[0], 0},
                                        pollfd{wanted[1] != 0 ? ends[1] : -1, wanted[1], 0}};
            ::poll(ready.data(), ready.size(), -1);
            for (std::size_t from = 0; from < 2; ++from) {
                if (ready.at(from).revents == 0 || move(ends, pipes.at(from), from)) continue;
                wanted.at(from) = 0;
                ::shutdown(ends.at(1 - from), SHUT_WR);
            }
        }
        for (const int end : ends) ::close(end);
        for (const auto& pipe : pipes) {
            ::close(pipe[0]);
            ::close(pipe[1]);
        }
    }
}

/// One copy into shared memory; the receiver reads the message where it lies.
void memory(std::size_t size, Number count) {
    constexpr std::size_t slots = 4;
    struct Ring {
        sem_t free;
        sem_t filled;
    };
    const std::size_t header = 4096;
    auto* shared = static_cast<char*>(::mmap(nullptr, header + slots * size, PROT_READ | PROT_WRITE,
                                             MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0));
    if (shared == MAP_FAILED) die("mmap");
    auto* ring = new (shared) Ring{};
    ::sem_init(&ring->free, 1, slots);
    ::sem_init(&ring->filled, 1, 0);
    const pid_t child = ::fork();
    if (child == 0) {
        std::vector<char> message(size, 'x');
        for (Number number = 0; number < count; ++number) {
            std::memcpy(message.data(), &number, number_size);
            ::sem_wait(&ring->free);
            std::memcpy(shared + header + number % slots * size, message.data(), size);
            ::sem_post(&ring->filled);
        }
        ::_exit(0);
    }
    Arrivals arrivals(count, size);
    bool last = false;
    for (Number number = 0; !last; ++number) {
        ::sem_wait(&ring->filled);
        last = arrivals.take(shared + header + number % slots * size, size);
        ::sem_post(&ring->free);
    }
    arrivals.print();
    ::waitpid(child, nullptr, 0);
}

}  // namespace

int main(int argc, char** argv) {
    const std::string role = argc > 1 ? argv[1] : "";
    if (role == "route" && argc >= 3) Router(argv[2], argc > 3 ? argv[3] : "").run();
    if (role == "relay" && argc == 4) relay(argv[2], argv[3]);
    if (role == "memory" && argc == 4) {
        memory(static_cast<std::size_t>(number(argv[2])), static_cast<Number>(number(argv[3])));
        return 0;
    }
    return play<LimitPeer>(argc, argv);
}
