// The timers of one loop, by time and then by order of asking. Private to io: the loop fires what
// is due.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "base/timer.hpp"

namespace jetway::io {

class TimerQueue {
public:
    using Key = std::pair<Time, std::uint64_t>;

    Key add(Time when, std::function<void()> action) {
        const Key key{when, ++last_};
        waiting_.emplace(key, std::move(action));
        return key;
    }
    void remove(const Key& key) { waiting_.erase(key); }
    bool empty() const { return waiting_.empty(); }
    Time next() const { return waiting_.begin()->first.first; }

    /// Takes the earliest action that is due at `now`; nullptr when none is.
    std::function<void()> take_due(Time now) {
        if (waiting_.empty() || next() > now) return nullptr;
        return std::move(waiting_.extract(waiting_.begin()).mapped());
    }

private:
    std::map<Key, std::function<void()>> waiting_;
    std::uint64_t last_ = 0;
};

}  // namespace jetway::io
