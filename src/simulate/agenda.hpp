// What is going to happen, in order of virtual time; at the same time, in order of being said. Also
// the trace: a hash of everything that has happened, so that two runs can be told apart.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <utility>
#include <vector>

#include "base/timer.hpp"

namespace jetway::simulate {

class Agenda {
public:
    using Action = std::function<void()>;

    Time now() const { return now_; }
    /// Runs `action` at `when`, or now if that has passed. There is no way to take it back: actions
    /// look whether they still matter.
    void at(Time when, Action action) {
        entries_.push({when > now_ ? when : now_, next_++, std::move(action)});
    }
    void after(Duration delay, Action action) { at(now_ + delay, std::move(action)); }

    /// Runs the next entry not later than `until`. False when there is none; then now() is `until`.
    bool step(Time until) {
        if (entries_.empty() || entries_.top().when > until) {
            if (until > now_) now_ = until;
            return false;
        }
        // The queue gives no way to move out of its top; the entry goes in the next line.
        Entry entry = std::move(const_cast<Entry&>(entries_.top()));
        entries_.pop();
        now_ = entry.when;
        entry.action();
        return true;
    }

    void note(std::uint64_t what) {
        trace_ = (trace_ ^ what ^ static_cast<std::uint64_t>(now_.time_since_epoch().count())) *
                 0x9e3779b97f4a7c15U;
        trace_ ^= trace_ >> 29U;
    }
    std::uint64_t trace() const { return trace_; }

private:
    struct Entry {
        Time when;
        std::uint64_t order;
        Action action;
        bool operator<(const Entry& other) const {
            return when != other.when ? when > other.when : order > other.order;
        }
    };

    Time now_{std::chrono::seconds(1000)};
    std::uint64_t next_ = 0;
    std::uint64_t trace_ = 1;
    std::priority_queue<Entry> entries_;
};

}  // namespace jetway::simulate
