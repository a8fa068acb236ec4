// Somebody else speaks in our name. Mostly it is an earlier life of this machine whose record is
// still told: a newer epoch outdoes it. A clone (a copied disk, a container started twice) answers
// with a newer one of its own; then the copy that booted later withdraws, so that exactly one is
// left.
#pragma once

#include <cstdint>
#include <optional>

#include "routing/node.hpp"

namespace jetway::routing {

class Contest {
public:
    /// What a record with our router id that we have not written, and not older than ours, means.
    enum class Answer : std::uint8_t {
        outdo,     // take a newer epoch when take_epoch() says so
        withdraw,  // a clone was here first: no links until withdrawn() is over
    };
    /// `self` outlives the contest.
    explicit Contest(const Options& self) : self_(self) {}

    Answer heard(Time now, const Node& record);
    /// The epoch to take, once it is time: at once, then at most every second, then more rarely.
    std::optional<std::uint64_t> take_epoch(Time now);
    /// Is a clone's right acknowledged just now? For a minute, then for longer each time, an hour
    /// at most.
    bool withdrawn(Time now) const { return now < withdrawn_until_; }
    Time withdrawn_until() const { return withdrawn_until_; }
    /// When take_epoch() has one; max when nothing waits.
    Time deadline() const { return outdo_at_; }

private:
    bool is_clone(Time now, const Node& record);
    bool was_first(const Node& record) const;

    const Options& self_;
    std::uint64_t epoch_ = 0;  // to take
    Time outdo_at_ = Time::max();
    std::optional<Time> outdone_;
    Duration wait_{};

    std::uint64_t rival_ = 0;  // boot nonce of who spoke last in our name, and when
    Time rival_heard_{};
    Time withdrawn_until_{};
    Duration withdrawal_{};
};

}  // namespace jetway::routing
