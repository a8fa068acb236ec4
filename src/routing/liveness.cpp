#include "routing/liveness.hpp"

#include <algorithm>

namespace jetway::routing {

namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration longest_round_trip = seconds(10);
constexpr Duration first_guess = seconds(3);  // nothing was measured yet: the link may be long
constexpr Duration half_window = seconds(5);
constexpr std::uint32_t least_interval_us = 1'000;
constexpr std::uint32_t most_interval_us = 10'000'000;

Duration believed(std::uint32_t wish_us) {
    return microseconds(std::clamp(wish_us, least_interval_us, most_interval_us));
}

Duration distance(Duration a, Duration b) {
    return a < b ? b - a : a - b;
}

}  // namespace

void RoundTrip::sample(Time now, Duration value) {
    if (value < Duration::zero() || value > longest_round_trip) return;
    const Duration least = window_minimum(now, value);
    if (!known_) {
        known_ = true;
        smoothed_ = value;
        variation_ = value / 2;
        smoothed_minimum_ = least;
        return;
    }
    variation_ += (distance(smoothed_, value) - variation_) / 4;
    smoothed_ += (value - smoothed_) / 8;
    smoothed_minimum_ += (least - smoothed_minimum_) / 8;
}

Duration RoundTrip::window_minimum(Time now, Duration value) {
    if (!known_) {
        window_start_ = now;
        current_minimum_ = previous_minimum_ = value;
    } else if (now - window_start_ >= half_window) {
        previous_minimum_ = current_minimum_;
        current_minimum_ = value;
        window_start_ = now;
    }
    current_minimum_ = std::min(current_minimum_, value);
    return std::min(current_minimum_, previous_minimum_);
}

Duration RoundTrip::floor() const {
    if (!known_) return first_guess;
    return std::min<Duration>(4 * smoothed_ + 4 * variation_ + milliseconds(50),
                              longest_round_trip);
}

Liveness::Liveness(Duration interval, std::uint32_t multiplier, Time now)
    : interval_(interval),
      send_interval_(interval),
      receive_interval_(interval),
      multiplier_(multiplier),
      heard_(now) {}

void Liveness::negotiate(const wire::Hello& peer) {
    send_interval_ = std::max(interval_, believed(peer.required_rx_us()));
    receive_interval_ = std::max(interval_, believed(peer.desired_tx_us()));
    multiplier_ = std::clamp<std::uint32_t>(peer.multiplier(), 2, 50);
}

Duration Liveness::detect(const RoundTrip& round_trip) const {
    return std::max<Duration>(receive_interval_ * multiplier_, round_trip.floor());
}

Liveness::Sign Liveness::sign(Time now, const RoundTrip& round_trip) const {
    const Duration silence = now - heard_;
    if (silence >= detect(round_trip)) return Sign::dead;
    return silence >= 2 * receive_interval_ ? Sign::suspect : Sign::alive;
}

Time Liveness::deadline(Time now, const RoundTrip& round_trip) const {
    const Time doubt = heard_ + 2 * receive_interval_;
    return now < doubt ? doubt : heard_ + detect(round_trip);
}

}  // namespace jetway::routing
