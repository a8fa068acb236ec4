// What happened at this router and why, for people: the last events of the core with the time on
// the wall. Bounded: the oldest goes.
#pragma once

#include <cstdint>
#include <deque>

#include "routing/types.hpp"

namespace jetway::router {

class Timeline {
public:
    struct Entry {
        std::uint64_t number = 0;  // from 1, without gaps
        std::int64_t wall_us = 0;  // since 1970
        routing::Event event;
    };

    /// Long texts are shortened.
    void add(std::int64_t wall_us, routing::Event event);
    /// Oldest first.
    const std::deque<Entry>& entries() const { return entries_; }
    std::uint64_t last() const { return last_; }

private:
    static constexpr std::size_t capacity = 1024;

    std::deque<Entry> entries_;
    std::uint64_t last_ = 0;
};

/// The clock on the wall: microseconds since 1970.
std::int64_t wall_time_us();

}  // namespace jetway::router
