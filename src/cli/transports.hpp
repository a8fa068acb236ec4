// The transports of this program, as the router asks for them. The one place that names concrete
// ones.
#pragma once

#include <memory>

#include "io/event_loop.hpp"
#include "router/transport.hpp"

namespace jetway::cli {

/// TCP and Unix sockets. The loop outlives it.
router::Transport socket_transport(io::EventLoop& loop);
/// Addresses are names in this process, for several machines in one; only unix: is still a socket.
/// Copies share the names.
router::Transport process_transport(io::EventLoop& loop);

}  // namespace jetway::cli
