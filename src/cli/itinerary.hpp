// A pipeline before it is started: its stages, their settings, and where its output goes.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "wire/control.hpp"

namespace jetway::cli {

/// Every stage, depth first.
std::vector<wire::Stage*> stages_of(wire::Stage& first);
/// The stages that nothing follows.
std::vector<wire::Stage*> leaves_of(wire::Stage& first);

/// Adds "STAGE.KEY=VALUE" to each stage whose service or address is STAGE; a key that comes again
/// becomes a list. E-USAGE when there is no such stage.
Result<> add_settings(wire::Stage& first, const std::vector<std::string>& settings);

/// Lets the answer of the leaf that gives one go to `sink`. `types` are those of the known
/// services, by name: leaves of type output give none. E-USAGE when several branches give an
/// answer.
Result<> append_sink(wire::Stage& first, const std::map<std::string, std::string>& types,
                     const std::string& sink);

/// Fills an OPEN for the first stage.
void set_itinerary(wire::Open& open, const wire::Stage& first);

}  // namespace jetway::cli
