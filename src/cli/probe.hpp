// A probe: an OPEN that the machine at the other end answers itself, so that the way to a service
// can be measured without disturbing it.
#pragma once

#include <string>

#include "cli/query.hpp"

namespace jetway::cli {

/// The shortest of a few round trips to whoever offers `name`. The error is that of the stream.
Result<Duration> measure_round_trip(Attachment& attachment, const std::string& name);

}  // namespace jetway::cli
