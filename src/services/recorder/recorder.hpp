// recorder: writes a terminal session (screen/bytes.hpp messages) into a .cast file, see cast.hpp.
// replayer: sends a .cast file as the same messages, with the recorded times. A recorder in the
// middle of a pipeline passes everything on.
#pragma once

#include <memory>

#include "base/settings.hpp"
#include "io/event_loop.hpp"
#include "kernel/kernel.hpp"
#include "stream/session.hpp"

namespace jetway::recorder {

extern const Kind recorder_kind;
Capabilities recorder_capabilities();
/// One file for each stream: setting `output`, of the service or of the stream, else
/// SERVICE-MACHINE-TIME.cast. The loop and the session must outlive the service; destroying it
/// completes its files.
Result<std::unique_ptr<stream::Service>> make_recorder(io::EventLoop& loop,
                                                       stream::ServiceContext context);

extern const Kind replayer_kind;
Capabilities replayer_capabilities();
/// E-BAD-FILE for a bad `speed` or `idle`. A stream without `input` is refused.
Result<std::unique_ptr<stream::Service>> make_replayer(io::EventLoop& loop,
                                                       stream::ServiceContext context);

}  // namespace jetway::recorder
