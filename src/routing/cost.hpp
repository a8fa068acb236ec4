// What a link costs: a base plus its round trip, in steps of a quarter octave so that noise says
// nothing. Only changes worth telling the whole mesh are advertised (hysteresis, and at most one
// metric change in 10 s).
#pragma once

#include <cstdint>

#include "base/timer.hpp"
#include "wire/control.hpp"

namespace jetway::routing {

inline constexpr std::uint32_t base_cost = 10;
inline constexpr Duration settling_time = std::chrono::seconds(3);

/// The quarter octave a cost falls into, and the cost that stands for it.
std::uint32_t cost_step(std::uint32_t cost);
std::uint32_t cost_of_step(std::uint32_t step);
/// base + 1 per 100 us of round trip, at most wire::max_cost, not yet quantised.
std::uint32_t raw_cost(Duration round_trip);

class LinkCost {
public:
    std::uint32_t advertised() const { return cost_of_step(step_); }
    /// The round trip as it is now. True when the advertised cost changed: 2 steps off for 5 s, or
    /// 6 steps for 1 s, and 10 s since the last change. The first measurement of a fresh link
    /// counts at once, and so do lower ones in its first seconds: two machines that have just been
    /// started are slow to answer.
    bool measured(Time now, Duration round_trip);

private:
    bool due(Time now, std::uint32_t off) const;

    std::uint32_t step_ = cost_step(base_cost);
    Time first_{};
    Time changed_{};
    bool off_by_2_ = false;
    bool off_by_6_ = false;
    Time off_by_2_since_{};
    Time off_by_6_since_{};
};

}  // namespace jetway::routing
