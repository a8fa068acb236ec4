// Transports: what carries a terminal's pipes to another machine or process. A transport meets only
// Connections (two pipes); anyone can add one without touching the router. All pass the one
// conformance suite (conformance.hpp).
#pragma once

#include <functional>
#include <string>

#include "base/handle.hpp"
#include "base/result.hpp"
#include "io/event_loop.hpp"
#include "kernel/connection.hpp"

namespace jetway::transport {

class Transport {
public:
    virtual ~Transport() = default;
    /// Accepts until the handle goes. E-ADDRESS-IN-USE and friends come back at once.
    virtual Result<Handle> listen(const std::string& address,
                                  std::function<void(ConnectionPtr)> accepted) = 0;
    /// One attempt; the answer comes from the loop, unless the handle goes first.
    virtual Handle dial(const std::string& address,
                        std::function<void(Result<ConnectionPtr>)> connected) = 0;
};

inline constexpr std::size_t most_threads = 64;
/// Frames over TCP ("10.0.0.3:9001") and over Unix sockets ("unix:/path"): both are sockets and
/// share the code. With more than one of the `threads`, up to most_threads, the connections are
/// spread over this loop and `threads` - 1 others, which read, cut, write and wait for them;
/// whoever uses a Connection stays in this loop and notices nothing.
std::unique_ptr<Transport> make_socket_transport(io::EventLoop& loop, std::size_t threads = 1);
/// Frames inside one process, between whoever listens and whoever dials the same name
/// ("loopback:NAME") on it.
std::unique_ptr<Transport> make_loopback_transport(Timer& timer);

}  // namespace jetway::transport
