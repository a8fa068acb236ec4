#include "routing/machine_load.hpp"

#include <algorithm>
#include <cmath>

namespace jetway::routing {

namespace {

using std::chrono::seconds;

constexpr double one_machine = 128;
constexpr double least_off = 0.9;  // of a step: an average comes near to a whole one, no further
constexpr std::chrono::duration<double> time_constant = seconds(15);

}  // namespace

void MachineLoad::average(Time now, double steps) {
    const std::chrono::duration<double> since = now - measured_;
    const bool first = measured_ == Time{};
    average_ += (steps - average_) * (first ? 1 : 1 - std::exp(-since / time_constant));
    measured_ = now;
}

bool MachineLoad::measured(Time now, double per_core) {
    const double steps =
        std::isfinite(per_core) ? std::clamp(per_core, 0.0, 16.0) * one_machine / step_size : 0;
    average(now, std::min<double>(steps, most_steps));
    const double off = average_ - step_;
    if (std::abs(off) < least_off) return false;
    const Duration gap = off > 0 ? seconds(10) : seconds(20);
    if (changed_ != Time{} && now - changed_ < gap) return false;
    step_ = off > 0 ? step_ + 1 : step_ - 1;
    changed_ = now;
    return true;
}

}  // namespace jetway::routing
