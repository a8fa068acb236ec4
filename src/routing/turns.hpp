// Whose turn it is on a link: the ends that have data to send, in deficit round robin with weights
// (Shreedhar and Varghese, SIGCOMM 1995). An end that comes with something new goes before those
// with a backlog, as long as it stays within its share of the round (RFC 8290, section 4): so a
// keystroke waits for no bulk, and nobody is starved by many keystrokes.
#pragma once

#include <cstdint>

#include "routing/crossing.hpp"
#include "wire/control.hpp"
#include "wire/frame.hpp"

namespace jetway::routing {

constexpr std::uint8_t weight_of(wire::TrafficClass traffic_class) {
    switch (traffic_class) {
        case wire::TrafficClass::interactive:
            return 16;
        case wire::TrafficClass::bulk:
            return 1;
        default:
            return 4;
    }
}

class Turns {
public:
    bool empty() const { return fresh_.empty() && backlog_.empty(); }
    /// Frames of at most so many bytes: the slower the link, the smaller.
    std::size_t frame_limit() const { return frame_limit_; }
    void set_rate(std::uint64_t bytes_per_second);

    /// The end has something to send, from now on.
    void add(Crossings& crossings, EndRef ref) {
        End& end = crossings.end(ref);
        if (end.data.linked) return;
        if (end.round != round_) renew(end, crossings[ref / 2].weight);
        end.fresh = end.deficit > 0;
        (end.fresh ? fresh_ : backlog_).push_back(crossings, ref);
    }
    void remove(Crossings& crossings, EndRef ref) {
        const End& end = crossings.end(ref);
        if (!end.data.linked) return;
        (end.fresh ? fresh_ : backlog_).remove(crossings, ref);
        if (!end.fresh) visited();
    }
    /// Whose frame leaves next. Not when empty().
    EndRef next(Crossings& crossings) {
        const EndRef ref = (fresh_.empty() ? backlog_ : fresh_).front();
        return crossings.end(ref).deficit > 0 ? ref : turn(crossings);
    }
    /// It was a frame of so many bytes.
    static void spend(End& end, std::size_t bytes) {
        end.deficit -= static_cast<std::int32_t>(bytes + wire::header_size);
    }

private:
    std::int32_t share(std::uint8_t weight) const {
        return static_cast<std::int32_t>(frame_limit_ / 4) * weight;
    }
    void renew(End& end, std::uint8_t weight) const;
    EndRef turn(Crossings& crossings);
    void visited();

    EndList<&End::data> fresh_;
    EndList<&End::data> backlog_;
    std::size_t frame_limit_ = most_frame;
    std::uint32_t round_ = 1;
    std::size_t to_visit_ = 1;  // of the backlog, in this round

    static constexpr std::size_t least_frame = 2048;
    static constexpr std::size_t most_frame = 64UL * 1024;
};

}  // namespace jetway::routing
