#include "transport/socket_loop.hpp"

#include "transport/remote_connection.hpp"
#include "transport/socket_end.hpp"

namespace jetway::transport {

SocketLoop::SocketLoop() = default;

SocketLoop::~SocketLoop() {
    loop().post([this] { ends_.clear(); });
}

// What is posted is called before the loop stops, so the descriptor always has an owner.
ConnectionPtr SocketLoop::take(io::EventLoop& user, int descriptor, bool dialled, std::string peer,
                               std::optional<PeerCredentials> credentials) {
    auto passage = std::make_shared<Passage>(user, loop());
    loop().post([this, passage, descriptor, dialled, peer] {
        auto end = std::make_unique<SocketEnd>(*this, passage, descriptor, dialled, peer);
        SocketEnd& taken = *end;
        ends_.emplace(&taken, std::move(end));
        taken.start();
    });
    ++connections_;
    return std::make_unique<RemoteConnection>(
        user, std::move(passage), dialled, std::move(peer), credentials,
        Handle([self = shared_from_this()] { --self->connections_; }));
}

void SocketLoop::remove(const SocketEnd& end) {
    ends_.erase(&end);
}

}  // namespace jetway::transport
