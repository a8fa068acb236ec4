// Where a machine's socket and state live on this host.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"

namespace jetway::attach {

/// $XDG_RUNTIME_DIR/jetway, or /tmp/jetway-UID; made with mode 0700. E-IO when it belongs to
/// somebody else or others may enter it.
Result<std::string> runtime_directory();
/// $XDG_STATE_HOME/jetway/MESH/MACHINE (~/.local/state without the variable), made when missing.
/// E-USAGE for names that are none, E-IO when it cannot be made.
Result<std::string> state_directory(const std::string& mesh, const std::string& machine);
/// runtime_directory()/MACHINE.sock. E-USAGE when the name is none, or the path is too long for a
/// socket (107 bytes).
Result<std::string> socket_path(const std::string& machine);
/// Machines of this host whose daemon answers its socket, by name.
Result<std::vector<std::string>> running_machines();

}  // namespace jetway::attach
