// How many bytes a second a TCP connection carries, and so how much of what is written to it the
// system should hold: what waits there cannot be overtaken by what is more urgent. Not sent yet:
// half a millisecond's worth (TCP_NOTSENT_LOWAT). Not acknowledged: what keeps the path busy, which
// is rate times round trip, and half a millisecond more, so that no queue grows at a slow link
// whatever congestion control would put there. Where that does not explain how long the round trip
// is, others queue there, or the path has become longer: then congestion control alone decides.
//
// Nothing is known until the system had more to send than it could. For other descriptors there is
// no rate, and no limit but the system's. Private to io.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/timer.hpp"

namespace jetway::io {

/// The rate of a path from what was acknowledged while there was always more to send, and what may
/// be on its way. Knows no socket.
class FlightLimit {
public:
    struct Sample {
        std::uint64_t acknowledged = 0;  // bytes, of all
        Duration busy{};                 // time with something to send or to be acknowledged
        std::size_t on_its_way = 0;
        Duration round_trip{};  // smoothed
        Duration least_round_trip{};
    };
    /// The connection is full.
    void full(Time now, const Sample& sample);

    /// Bytes a second, the most of late; 0: not known yet.
    std::uint64_t rate() const;
    /// Bytes that may be on their way; 0: no limit.
    std::size_t bytes() const { return trusted_ ? bytes_ : 0; }

private:
    void measure(Time now, const Sample& sample);
    void judge(Time now, const Sample& sample, Duration flight);

    static constexpr Duration least_distrust = std::chrono::milliseconds(500);  // doubles

    Sample first_;                         // of this measurement
    Time last_{};                          // sample
    std::array<std::uint64_t, 2> most_{};  // of this second of measuring and the one before
    Time second_{};
    bool trusted_ = true;
    Time since_{};  // it is trusted, or is not
    Duration distrust_ = least_distrust;
    std::size_t bytes_ = 0;
};

class SendRate {
public:
    explicit SendRate(int descriptor);

    /// The system took less than it was offered, or is not to be offered more.
    void on_full(Time now);
    std::uint64_t bytes_per_second() const { return flight_.rate() != 0 ? flight_.rate() : rate_; }
    /// This much is written at once, at most.
    std::size_t unsent() const { return unsent_; }

    /// Less than it would hold of its own accord.
    bool is_limited() const { return unsent_ < most_unsent; }

    /// The system holds so much unsent that more would only wait there.
    bool is_reached() const;
    /// How long until so much has been acknowledged that more may follow; zero: now.
    Duration until_room() const;

private:
    std::size_t on_its_way() const;
    void limit(std::size_t bytes);

    static constexpr std::size_t most_unsent = 128UL * 1024;

    int descriptor_;
    bool tcp_ = false;
    Time measured_{};
    std::uint64_t rate_ = 0;  // the system's opinion, until there is one of our own
    std::size_t unsent_ = most_unsent;
    FlightLimit flight_;
};

}  // namespace jetway::io
