#include "routing/machine_load.hpp"

#include <algorithm>
#include <cmath>

namespace jetway::routing {

namespace {

using std::chrono::seconds;

constexpr double one_machine = 128;

}  // namespace

bool MachineLoad::measured(Time now, double per_core) {
    const double steps =
        std::isfinite(per_core) ? std::clamp(per_core, 0.0, 16.0) * one_machine / step_size : 0;
    const double off = std::min<double>(steps, most_steps) - step_;
    if (std::abs(off) < 1) return false;
    const Duration gap = off > 0 ? seconds(10) : seconds(20);
    if (changed_ != Time{} && now - changed_ < gap) return false;
    step_ = off > 0 ? step_ + 1 : step_ - 1;
    changed_ = now;
    return true;
}

}  // namespace jetway::routing
