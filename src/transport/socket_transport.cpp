// The socket transport: TCP and Unix sockets.

#include "io/byte_stream.hpp"
#include "transport/socket_connection.hpp"
#include "transport/transport.hpp"

namespace jetway::transport {
namespace {

constexpr Duration dial_timeout = std::chrono::seconds(5);

std::optional<PeerCredentials> credentials_of(const io::Accepted& accepted) {
    if (!accepted.uid || !accepted.pid) return std::nullopt;
    return PeerCredentials{*accepted.uid, *accepted.pid};
}

class SocketTransport final : public Transport {
public:
    explicit SocketTransport(io::EventLoop& loop) : loop_(loop) {}

    Result<Handle> listen(const std::string& address,
                          std::function<void(ConnectionPtr)> accepted) override {
        return io::listen(
            loop_, address, [&loop = loop_, accepted = std::move(accepted)](io::Accepted peer) {
                const auto credentials = credentials_of(peer);
                accepted(std::make_unique<SocketConnection>(loop, std::move(peer.stream), false,
                                                            std::move(peer.peer), credentials));
            });
    }

    Handle dial(const std::string& address,
                std::function<void(Result<ConnectionPtr>)> connected) override {
        const auto done = [&loop = loop_, address,
                           connected = std::move(connected)](Result<io::ByteStreamPtr> stream) {
            if (!stream) return connected(stream.error());
            connected(ConnectionPtr(std::make_unique<SocketConnection>(
                loop, std::move(*stream), true, address, std::nullopt)));
        };
        return io::dial(loop_, address, dial_timeout, done);
    }

private:
    io::EventLoop& loop_;
};

}  // namespace

std::unique_ptr<Transport> make_socket_transport(io::EventLoop& loop) {
    return std::make_unique<SocketTransport>(loop);
}

}  // namespace jetway::transport
