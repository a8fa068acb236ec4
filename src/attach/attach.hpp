// How a process joins its machine's daemon: find the socket, connect, get a Session.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "attach/places.hpp"
#include "base/result.hpp"
#include "io/event_loop.hpp"
#include "stream/session.hpp"

namespace jetway::attach {

/// `machine`, else $JETWAY_MACHINE, else the only daemon that runs. E-AMBIGUOUS lists them,
/// E-NO-DAEMON when none.
Result<std::string> choose_machine(const std::string& machine);

using Attached = std::function<void(Result<std::unique_ptr<stream::Session>>)>;
/// Connects to the daemon of `machine` (see choose_machine) and attaches. E-NO-DAEMON at once when
/// none runs, E-TIMEOUT after 5 s when one accepts and says nothing, else the daemon's own reason
/// not to take us. The answer comes from the loop, unless the handle goes first.
Handle connect(io::EventLoop& loop, const std::string& machine,
               const stream::SessionOptions& options, Attached attached);

}  // namespace jetway::attach
