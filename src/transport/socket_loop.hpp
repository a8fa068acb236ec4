// A SocketLoop: a further loop, on a thread of its own, that reads and writes sockets for users in
// other loops. Private to transport.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "io/event_loop.hpp"
#include "io/loop_thread.hpp"
#include "kernel/connection.hpp"

namespace jetway::transport {

class SocketEnd;

/// Its users live in one loop, which outlives it.
class SocketLoop final : public std::enable_shared_from_this<SocketLoop> {
public:
    SocketLoop();
    /// Ends what is still open.
    ~SocketLoop();
    SocketLoop(const SocketLoop&) = delete;
    SocketLoop& operator=(const SocketLoop&) = delete;

    /// Takes ownership of a connected `descriptor`, non-blocking. The connection is used in `user`
    /// and keeps this loop.
    ConnectionPtr take(io::EventLoop& user, int descriptor, bool dialled, std::string peer,
                       std::optional<PeerCredentials> credentials);
    /// That were taken and live.
    std::size_t connections() const { return connections_; }

    /// In its own thread: destroys the end.
    void remove(const SocketEnd& end);
    io::EventLoop& loop() { return thread_.loop(); }

private:
    std::size_t connections_ = 0;                                            // the users'
    std::unordered_map<const SocketEnd*, std::unique_ptr<SocketEnd>> ends_;  // the thread's
    io::LoopThread thread_;
};

}  // namespace jetway::transport
