// When to act on events that come in crowds: 5 ms after the first, then twice as long each time
// while they go on, at most 250 ms; back to 5 ms after a quiet second.
#pragma once

#include <algorithm>

#include "base/timer.hpp"

namespace jetway::routing {

class Debounce {
public:
    void schedule(Time now) {
        if (at_ != Time::max()) return;
        calm_down(now);
        at_ = now + wait_;
        wait_ = std::min(wait_ * 2, most);
    }
    bool due(Time now) const { return now >= at_; }
    Time deadline() const { return at_; }
    /// As asked for, or at once and unasked.
    void done(Time now) {
        if (at_ == Time::max()) calm_down(now);
        at_ = Time::max();
        last_ = now;
    }

private:
    void calm_down(Time now) {
        if (now - last_ >= std::chrono::seconds(1)) wait_ = least;
    }

    static constexpr Duration least = std::chrono::milliseconds(5);
    static constexpr Duration most = std::chrono::milliseconds(250);
    Duration wait_ = least;
    Time at_ = Time::max();
    Time last_{};
};

}  // namespace jetway::routing
