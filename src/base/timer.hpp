// Time, and being called later. Nothing reads a clock of its own: the owner of a loop hands in a
// Timer, the simulator hands in another. Wall time is only for people and for epochs.
#pragma once

#include <chrono>
#include <functional>

#include "base/handle.hpp"

namespace jetway {

using Duration = std::chrono::nanoseconds;
using Time = std::chrono::time_point<std::chrono::steady_clock, Duration>;

class Timer {
public:
    virtual ~Timer() = default;
    virtual Time now() const = 0;
    /// Calls `action` once on the owner's loop at `when`, unless the handle went first.
    virtual Handle at(Time when, std::function<void()> action) = 0;
    /// Calls `action` on the owner's loop after what runs now. Cannot be taken back. Safe from
    /// other threads.
    virtual void post(std::function<void()> action) = 0;

    Handle after(Duration delay, std::function<void()> action) {
        return at(now() + delay, std::move(action));
    }
};

}  // namespace jetway
