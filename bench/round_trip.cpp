// One request in flight, one answer: the round trip of 64 bytes through the mesh by name, or over a
// plain TCP connection as the limit. Prints the median and the 99th percentile in microseconds.
//
//   bench_round_trip serve                      a raw TCP echo server; prints its port
//   bench_round_trip tcp PORT COUNT             against it
//   bench_round_trip mesh MACHINE SERVICE COUNT [EVERY_MS]
//                                               attached to the daemon of MACHINE; the next request
//                                               at once, or one in so many milliseconds
//   bench_round_trip sink                       a raw TCP server that reads all, answers one byte
//   bench_round_trip send PORT                  standard input to it: what plain TCP takes
#include <algorithm>
#include <arpa/inet.h>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <netinet/tcp.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

#include "attach/attach.hpp"
#include "bench/program.hpp"

namespace {

using namespace jetway;
using bench::die;
using bench::number;

constexpr std::size_t request_size = 64;
constexpr std::size_t bulk_size = 256UL * 1024;
constexpr int warm_up = 200;

void print(std::vector<double> samples) {
    std::sort(samples.begin(), samples.end());
    std::printf("%.2f %.2f\n", samples[samples.size() / 2], samples[samples.size() * 99 / 100]);
}

bool exactly(int descriptor, bool write_it, char* bytes, std::size_t size) {
    for (std::size_t done = 0; done < size;) {
        const ssize_t count = write_it ? ::write(descriptor, bytes + done, size - done)
                                       : ::read(descriptor, bytes + done, size - done);
        if (count <= 0) return false;
        done += static_cast<std::size_t>(count);
    }
    return true;
}

int tcp_socket() {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) die("socket");
    const int on = 1;
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return descriptor;
}

/// Serves one connection after the other with `take`, on a port that it prints.
template <typename Take>
int serve(Take take) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int listener = tcp_socket();
    socklen_t size = sizeof address;
    if (::bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::listen(listener, 8) != 0)
        die("listen");
    ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
    std::printf("%d\n", ntohs(address.sin_port));
    std::fflush(stdout);
    for (;;) {
        const int peer = ::accept(listener, nullptr, nullptr);
        if (peer < 0) return 1;
        const int on = 1;
        ::setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        take(peer);
        ::close(peer);
    }
}

void echo(int peer) {
    char bytes[request_size];
    while (exactly(peer, false, bytes, sizeof bytes) && exactly(peer, true, bytes, sizeof bytes)) {
    }
}

void sink(int peer) {
    static char bytes[bulk_size];
    while (::read(peer, bytes, sizeof bytes) > 0) {
    }
    exactly(peer, true, bytes, 1);
}

int connect_to(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int descriptor = tcp_socket();
    if (::connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
        die("connect");
    return descriptor;
}

int send(int port) {
    static char bytes[bulk_size];
    const int descriptor = connect_to(port);
    for (;;) {
        const ssize_t count = ::read(STDIN_FILENO, bytes, sizeof bytes);
        if (count <= 0) break;
        if (!exactly(descriptor, true, bytes, static_cast<std::size_t>(count))) die("closed");
    }
    ::shutdown(descriptor, SHUT_WR);
    return exactly(descriptor, false, bytes, 1) ? 0 : 1;
}

int over_tcp(int port, int count) {
    const int descriptor = connect_to(port);
    std::vector<double> samples;
    char bytes[request_size] = {};
    for (int i = -warm_up; i < count; ++i) {
        const auto from = std::chrono::steady_clock::now();
        if (!exactly(descriptor, true, bytes, sizeof bytes) ||
            !exactly(descriptor, false, bytes, sizeof bytes))
            die("closed");
        const std::chrono::duration<double, std::micro> took =
            std::chrono::steady_clock::now() - from;
        if (i >= 0) samples.push_back(took.count());
    }
    print(std::move(samples));
    return 0;
}

/// Sends a request, waits for its echo, sends the next.
class Pinger final : public stream::StreamEvents {
public:
    Pinger(io::EventLoop& loop, int count, Duration interval)
        : loop_(loop), left_(count + warm_up), count_(count), interval_(interval) {}

    void start(stream::Session& session, const std::string& service) {
        wire::Open open;
        open.set_destination(service);
        stream_ = session.open(std::move(open), *this);
        send();
    }
    void on_data(Buffer bytes, bool /*end*/) override {
        stream_->consume(bytes.size());
        answered_ += bytes.size();
        if (answered_ < request_size) return;
        answered_ = 0;
        const std::chrono::duration<double, std::micro> took =
            std::chrono::steady_clock::now() - from_;
        if (--left_ < count_) samples.push_back(took.count());
        if (left_ == 0) return loop_.stop();
        if (interval_ == Duration::zero()) return send();
        timer_ = loop_.at(std::max(loop_.now(), next_ += interval_), [this] { send(); });
    }
    void on_end(const Error& reason) override { die(reason.text()); }

    std::vector<double> samples;

private:
    void send() {
        from_ = std::chrono::steady_clock::now();
        stream_->write(request_);
    }

    io::EventLoop& loop_;
    stream::StreamPtr stream_;
    Buffer request_ = Buffer::copy_of(std::string(request_size, 'x'));
    std::size_t answered_ = 0;
    int left_;
    int count_;
    Duration interval_;
    Time next_ = loop_.now();
    Handle timer_;
    std::chrono::steady_clock::time_point from_;
};

int over_mesh(const std::string& machine, const std::string& service, int count,
              Duration interval) {
    io::EventLoop loop;
    std::unique_ptr<stream::Session> session;
    Pinger pinger(loop, count, interval);
    const Handle attaching =
        attach::connect(loop, machine, {"bench", static_cast<std::uint64_t>(getpid())},
                        [&](Result<std::unique_ptr<stream::Session>> attached) {
                            if (!attached) die(attached.error().text());
                            session = std::move(*attached);
                            pinger.start(*session, service);
                        });
    loop.run();
    print(std::move(pinger.samples));
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string mode = argc > 1 ? argv[1] : "";
    if (mode == "serve") return serve(echo);
    if (mode == "sink") return serve(sink);
    if (mode == "send" && argc == 3) return send(number(argv[2]));
    if (mode == "tcp" && argc == 4) return over_tcp(number(argv[2]), number(argv[3]));
    if (mode == "mesh" && (argc == 5 || argc == 6)) {
        const int every = argc == 6 ? number(argv[5]) : 0;
        return over_mesh(argv[2], argv[3], number(argv[4]), std::chrono::milliseconds(every));
    }
    die("usage: serve | sink | send PORT | tcp PORT COUNT | mesh MACHINE SERVICE COUNT [EVERY_MS]");
}
