// The answer to the query `why`: how a name leads to a machine, step by step, from this machine's
// map; what a person would look at to find out where it fails.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>

#include "routing/core.hpp"

namespace jetway::router {

/// Adds to `body`:
///   instances  every instance of the name: machine, whether and how it is reached, why not chosen
///   path, cost, links   the way that a stream would take now, and the cost of each link of it
///   egress     the address of the service there and nowhere else; not when a static route leads on
///   refusal    instead of these: why a stream would be refused
///   edges      of a refusal for lack of a path: where the reachable part of the mesh ends on the
///              way to the instance, as {from, to}
/// `from` (empty: this machine) is another machine, one that cannot be asked itself: then the way
/// is reckoned on this machine's map. E-NO-INSTANCE when nobody has heard of it.
Result<> add_why(boost::json::object& body, const routing::Core& core, Time now,
                 const std::string& name, const std::string& from);

}  // namespace jetway::router
