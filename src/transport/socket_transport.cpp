// The socket transport: TCP and Unix sockets, and how connections are spread over loops.

#include <algorithm>
#include <cassert>

#include "io/byte_stream.hpp"
#include "transport/socket_connection.hpp"
#include "transport/socket_loop.hpp"
#include "transport/transport.hpp"

namespace jetway::transport {
namespace {

constexpr Duration dial_timeout = std::chrono::seconds(5);

std::optional<PeerCredentials> credentials_of(const io::Accepted& accepted) {
    if (!accepted.uid || !accepted.pid) return std::nullopt;
    return PeerCredentials{*accepted.uid, *accepted.pid};
}

/// The loops that share the connections: the user's own, and others.
class Loops final : public std::enable_shared_from_this<Loops> {
public:
    Loops(io::EventLoop& own, std::size_t threads) : own_(own) {
        assert(threads >= 1 && threads <= most_threads);
        for (std::size_t i = 1; i < threads; ++i) others_.push_back(std::make_shared<SocketLoop>());
    }

    /// The loop with the fewest connections gets it; the user's own has other things to do as well.
    ConnectionPtr seat(io::ByteStreamPtr stream, bool dialled, std::string peer,
                       std::optional<PeerCredentials> credentials) {
        const auto other = std::ranges::min_element(
            others_, {}, [](const auto& loop) { return loop->connections(); });
        if (other != others_.end() && (*other)->connections() <= connections_)
            return (*other)->take(own_, stream->release(), dialled, std::move(peer), credentials);
        ++connections_;
        return std::make_unique<SocketConnection>(
            own_, std::move(stream), dialled, std::move(peer), credentials,
            Handle([self = shared_from_this()] { --self->connections_; }));
    }

    io::EventLoop& own() { return own_; }

private:
    io::EventLoop& own_;
    std::size_t connections_ = 0;  // in our own loop
    std::vector<std::shared_ptr<SocketLoop>> others_;
};

class SocketTransport final : public Transport {
public:
    SocketTransport(io::EventLoop& loop, std::size_t threads)
        : loops_(std::make_shared<Loops>(loop, threads)) {}

    Result<Handle> listen(const std::string& address,
                          std::function<void(ConnectionPtr)> accepted) override {
        return io::listen(loops_->own(), address,
                          [loops = loops_, accepted = std::move(accepted)](io::Accepted peer) {
                              const auto credentials = credentials_of(peer);
                              accepted(loops->seat(std::move(peer.stream), false,
                                                   std::move(peer.peer), credentials));
                          });
    }

    Handle dial(const std::string& address,
                std::function<void(Result<ConnectionPtr>)> connected) override {
        const auto done = [loops = loops_, address,
                           connected = std::move(connected)](Result<io::ByteStreamPtr> stream) {
            if (!stream) return connected(stream.error());
            connected(loops->seat(std::move(*stream), true, address, std::nullopt));
        };
        return io::dial(loops_->own(), address, dial_timeout, done);
    }

private:
    std::shared_ptr<Loops> loops_;
};

}  // namespace

std::unique_ptr<Transport> make_socket_transport(io::EventLoop& loop, std::size_t threads) {
    return std::make_unique<SocketTransport>(loop, threads);
}

}  // namespace jetway::transport
