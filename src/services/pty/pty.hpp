// pty-server: runs programs in pseudo-terminals. A stream that names a program with `run` starts a
// session of its own; one that does not joins the session that runs already, or starts it. Every
// reader of a session gets the same screen/bytes.hpp messages from the moment it joins, without
// loss: while one of them is slow, the program waits.
#pragma once

#include <memory>

#include "base/settings.hpp"
#include "io/event_loop.hpp"
#include "kernel/kernel.hpp"
#include "stream/session.hpp"

namespace jetway::pty {

extern const Kind kind;
Capabilities capabilities();
/// E-BAD-FILE for a size or a limit out of range. The loop and the session must outlive the
/// service; destroying it kills what still runs.
Result<std::unique_ptr<stream::Service>> make(io::EventLoop& loop, stream::ServiceContext context);

}  // namespace jetway::pty
