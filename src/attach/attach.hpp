// How a process joins its machine's daemon: find the socket, connect, get a Session. Also where sockets and state live.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "io/event_loop.hpp"
#include "stream/session.hpp"

namespace jetway::attach {

/// $XDG_RUNTIME_DIR/jetway, or /tmp/jetway-UID; made with mode 0700. E-IO when it belongs to somebody else.
Result<std::string> runtime_directory();
/// $XDG_STATE_HOME/jetway/MESH/MACHINE (~/.local/state without the variable), made when missing.
Result<std::string> state_directory(const std::string& mesh, const std::string& machine);
/// runtime_directory()/MACHINE.sock
Result<std::string> socket_path(const std::string& machine);
/// Machines of this host whose daemon answers its socket, by name.
Result<std::vector<std::string>> running_machines();
/// `machine`, else $JETWAY_MACHINE, else the only daemon that runs. E-AMBIGUOUS lists them, E-NO-DAEMON when none.
Result<std::string> choose_machine(const std::string& machine);

using Attached = std::function<void(Result<std::unique_ptr<stream::Session>>)>;
/// Connects to the daemon of `machine` (see choose_machine) and attaches. E-NO-DAEMON at once when none runs. The
/// answer comes from the loop.
Handle connect(io::EventLoop& loop, const std::string& machine, stream::SessionOptions options, Attached attached);

}  // namespace jetway::attach
