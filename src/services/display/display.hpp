// display-server: a web page that shows the screen of the newest session live, read-only. It
// listens on loopback, and only who knows the URL, which has a random token in it, is let in. The
// URL goes to the log and to note("display").
#pragma once

#include <memory>

#include "base/settings.hpp"
#include "io/event_loop.hpp"
#include "kernel/kernel.hpp"
#include "stream/session.hpp"

namespace jetway::display {

extern const Kind kind;
Capabilities capabilities();
/// Listens at once. E-BAD-FILE when `listen` is not a loopback address, E-ADDRESS-IN-USE when it is
/// taken. The loop and the session must outlive the service.
Result<std::unique_ptr<stream::Service>> make(io::EventLoop& loop, stream::ServiceContext context);

}  // namespace jetway::display
