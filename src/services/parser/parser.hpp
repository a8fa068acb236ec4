// parser-server: takes a terminal's bytes (bytes.hpp), gives the screen they make: a Snapshot, then
// Diffs (diff.hpp). Live, a diff leaves at most once per picture and only when the one before it is
// on its way, so that a slow viewer gets fewer of them; offline there is one per picture and the
// input waits.
#pragma once

#include <memory>

#include "base/settings.hpp"
#include "io/event_loop.hpp"
#include "kernel/kernel.hpp"
#include "stream/session.hpp"

namespace jetway::parser {

extern const Kind kind;
Capabilities capabilities();
/// E-BAD-FILE for settings out of range. The same settings may come with a stream, for that stream.
/// The session must outlive the service.
Result<std::unique_ptr<stream::Service>> make(io::EventLoop& loop, stream::ServiceContext context);

}  // namespace jetway::parser
