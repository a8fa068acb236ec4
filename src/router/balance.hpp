// How an envelope is sent: to which instance of several, and who hears that it was not.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/result.hpp"

namespace jetway::router {

enum class Balance : std::uint8_t {
    nearest,       // the one that a stream would go to; the next ones follow it
    least_loaded,  // the one that has the fewest of our bytes to deal with
    round_robin,   // each in turn
    hash,          // by a key: those of one key go to one instance, as long as it is there
};

struct RouteOptions {
    Balance balance = Balance::nearest;
    std::string key{};  // of Balance::hash
    /// Called once, from the loop, when the envelope was not delivered or nobody can say (E-CLOSED
    /// and the reason); E-TIMEOUT when its deadline passed while it waited here; E-PRESSURE when
    /// 64 MiB wait already. Not called after it was delivered.
    std::function<void(const Error&)> failed{};
};

}  // namespace jetway::router
