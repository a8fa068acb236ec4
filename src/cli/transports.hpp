// The transports of this program, as the router asks for them. The one place that names concrete
// ones.
#pragma once

#include <memory>

#include "deployment/deployment.hpp"
#include "io/event_loop.hpp"
#include "router/transport.hpp"

namespace jetway::cli {

/// TCP and Unix sockets, spread over `threads` loops, of which `loop` is the first. It outlives
/// them.
router::Transport socket_transport(io::EventLoop& loop, std::size_t threads = 1);
/// As many loops as a machine's `threads` asks for; when it does not: one below four cores, else
/// half of them, four at most.
std::size_t threads_of(const deployment::Machine& machine, std::size_t cores);
/// Addresses are names in this process, for several machines in one; only unix: is still a socket.
/// Copies share the names.
router::Transport process_transport(io::EventLoop& loop);

}  // namespace jetway::cli
