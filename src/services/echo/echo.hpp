// echo: gives back what it gets, bytes or messages, as it came. A slow reader of the answer holds
// the caller back; the answer finishes when the input does.
#pragma once

#include <memory>

#include "base/settings.hpp"
#include "io/event_loop.hpp"
#include "kernel/kernel.hpp"
#include "stream/session.hpp"

namespace jetway::echo {

extern const Kind kind;
Capabilities capabilities();
/// Never fails: there are no settings. The loop and the session must outlive the service.
Result<std::unique_ptr<stream::Service>> make(io::EventLoop& loop, stream::ServiceContext context);

}  // namespace jetway::echo
