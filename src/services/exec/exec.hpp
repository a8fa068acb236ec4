// exec: one process for each stream, its standard input and output joined to it. What it writes to
// standard error goes to the log under the service's name; its exit status travels with the end of
// the answer. A caller that leaves ends it: HUP, TERM after a second, KILL after three.
#pragma once

#include <memory>

#include "base/settings.hpp"
#include "io/event_loop.hpp"
#include "kernel/kernel.hpp"
#include "stream/session.hpp"

namespace jetway::exec {

extern const Kind kind;
Capabilities capabilities();
/// E-BAD-FILE without `run` (a text goes to /bin/sh -c, a list is argv) or with a bad `limit`. The
/// loop and the session must outlive the service; destroying it kills what still runs.
Result<std::unique_ptr<stream::Service>> make(io::EventLoop& loop, stream::ServiceContext context);

}  // namespace jetway::exec
