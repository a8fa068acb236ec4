// Is the neighbour alive, and how far away is it? Any byte it sends counts as life; heartbeats go
// out every interval whether or not data flows. Intervals are negotiated as in BFD (RFC 5880, 6.8.2
// and 6.8.4).
#pragma once

#include <cstdint>

#include "base/timer.hpp"
#include "wire/control.hpp"

namespace jetway::routing {

/// Round trips of one link, from the four timestamps of a heartbeat and its echo (RFC 9616).
class RoundTrip {
public:
    /// Samples beyond 10 s are not believed.
    void sample(Time now, Duration value);
    bool known() const { return known_; }
    /// The least of the last 10 s, smoothed by 1/8: what a link costs.
    Duration smoothed() const { return smoothed_minimum_; }
    /// 4 SRTT + 4 RTTVAR + 50 ms (RFC 6298's estimates): no detection time is shorter.
    Duration floor() const;

private:
    Duration window_minimum(Time now, Duration value);

    bool known_ = false;
    Duration smoothed_{};
    Duration variation_{};
    Duration smoothed_minimum_{};
    Time window_start_{};
    Duration current_minimum_{};
    Duration previous_minimum_{};
};

/// When to send, when to doubt, when to give up.
class Liveness {
public:
    enum class Sign : std::uint8_t { alive, suspect, dead };

    Liveness(Duration interval, std::uint32_t multiplier, Time now);

    /// The peer's wishes. What it asks for is held between 1 ms and 10 s, its multiplier between 2
    /// and 50.
    void negotiate(const wire::Hello& peer);
    void heard(Time now) {
        if (now > heard_) heard_ = now;
    }
    /// This process slept for `late`: nobody else is to blame for the silence.
    void forgive(Duration late) { heard_ += late; }
    Sign sign(Time now, const RoundTrip& round_trip) const;
    /// When sign() may change next if nothing is heard.
    Time deadline(Time now, const RoundTrip& round_trip) const;

    Duration send_interval() const { return send_interval_; }
    Duration detect(const RoundTrip& round_trip) const;
    Time last_heard() const { return heard_; }

private:
    Duration interval_;
    Duration send_interval_;
    Duration receive_interval_;
    std::uint32_t multiplier_;
    Time heard_;
};

}  // namespace jetway::routing
