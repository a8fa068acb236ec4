#include "routing/cost.hpp"

#include <algorithm>
#include <cmath>

namespace jetway::routing {

namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

/// Keeps `since` at the time when `holds` became true.
void follow(Time now, bool holds, bool& held, Time& since) {
    if (holds && !held) since = now;
    held = holds;
}

}  // namespace

std::uint32_t cost_step(std::uint32_t cost) {
    return static_cast<std::uint32_t>(std::lround(4.0 * std::log2(std::max(cost, 1U))));
}

std::uint32_t cost_of_step(std::uint32_t step) {
    const double cost = std::exp2(static_cast<double>(step) / 4.0);
    return static_cast<std::uint32_t>(std::clamp(std::round(cost), 1.0, double{wire::max_cost}));
}

std::uint32_t raw_cost(Duration round_trip) {
    const auto units = std::max<std::int64_t>(round_trip / microseconds(100), 0);
    return static_cast<std::uint32_t>(std::min<std::int64_t>(base_cost + units, wire::max_cost));
}

bool LinkCost::measured(Time now, Duration round_trip) {
    const std::uint32_t step = cost_step(raw_cost(round_trip));
    const std::uint32_t off = step > step_ ? step - step_ : step_ - step;
    follow(now, off >= 2, off_by_2_, off_by_2_since_);
    follow(now, off >= 6, off_by_6_, off_by_6_since_);
    const bool first = first_ == Time{};
    if (first) first_ = now;
    const bool settling = now - first_ < settling_time && step < step_;
    if (!((first || settling) ? off >= 2 : due(now, off))) return false;
    step_ = step;
    changed_ = now;
    off_by_2_ = off_by_6_ = false;
    return true;
}

bool LinkCost::due(Time now, std::uint32_t off) const {
    if (changed_ != Time{} && now - changed_ < seconds(10)) return false;
    return (off >= 2 && now - off_by_2_since_ >= seconds(5)) ||
           (off >= 6 && now - off_by_6_since_ >= seconds(1));
}

}  // namespace jetway::routing
