// How busy this machine says it is, in its record: in steps, and slowly, so that the load that
// streams bring does not send them to and fro (the revised ARPANET metric: Khanna and Zinky, 1989).
#pragma once

#include <cstdint>

#include "base/timer.hpp"

namespace jetway::routing {

class MachineLoad {
public:
    /// What the record carries: 128 is one machine's worth of work, 255 the most.
    std::uint32_t advertised() const { return step_ * step_size; }
    /// Runnable work per core, now; the average of the last quarter of a minute counts. True when
    /// the advertised load changed: a step up in 10 s at most, a step down in 20 s, and only for
    /// what is off by nearly a whole step.
    bool measured(Time now, double per_core);

private:
    static constexpr std::uint32_t step_size = 32;
    static constexpr std::uint32_t most_steps = 7;

    void average(Time now, double steps);

    double average_ = 0;  // in steps
    Time measured_{};
    std::uint32_t step_ = 0;
    Time changed_{};
};

}  // namespace jetway::routing
