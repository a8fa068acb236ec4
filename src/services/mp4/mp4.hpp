// mp4-encoder: takes pictures (screen/picture.hpp), writes an MP4 file. The file is made at the
// first picture; its name and length come back in the stream's outcome. A stream that names a file
// which another one is writing is ended with E-ALREADY-RUNNING; a name made up here is a free one.
#pragma once

#include <memory>

#include "base/settings.hpp"
#include "io/event_loop.hpp"
#include "kernel/kernel.hpp"
#include "stream/session.hpp"

namespace jetway::mp4 {

extern const Kind kind;
Capabilities capabilities();
/// E-BAD-FILE for a setting out of range. The session must outlive the service.
Result<std::unique_ptr<stream::Service>> make(io::EventLoop& loop, stream::ServiceContext context);

}  // namespace jetway::mp4
