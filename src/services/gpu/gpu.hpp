// gpu-server: takes screens (screen/diff.hpp), gives pictures (screen/picture.hpp). Draws on an
// OpenCL device, or with the scalar renderer when none is found, and says which. Live, a picture
// leaves only when the one before it is on its way (newest wins); offline there is one for each
// screen message and the input waits.
#pragma once

#include <memory>

#include "base/settings.hpp"
#include "io/event_loop.hpp"
#include "kernel/kernel.hpp"
#include "stream/session.hpp"

namespace jetway::gpu {

extern const Kind kind;
Capabilities capabilities();
/// E-BAD-FILE for a bad setting, E-IO for a font that cannot be read. The device is looked for, and
/// its kernels compiled, when the first stream comes. The session must outlive the service.
Result<std::unique_ptr<stream::Service>> make(io::EventLoop& loop, stream::ServiceContext context);

}  // namespace jetway::gpu
