// What one loop sleeps on: the descriptors that Watches wait for (epoll), and a bell that other
// threads ring. Private to io.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <sys/epoll.h>

#include "base/timer.hpp"
#include "io/descriptor.hpp"

namespace jetway::io {

class Watch;

class Poller {
public:
    Poller();  // throws std::system_error when the system has no descriptor for it
    Poller(const Poller&) = delete;
    Poller& operator=(const Poller&) = delete;

    /// Sleeps until something is ready, the bell rings or `until` has come; Time::min(): looks and
    /// does not sleep. True when the bell was rung since the last time.
    bool wait(Time until);
    /// Tells one Watch of what the last wait() found. False when all were told.
    bool tell_next();
    /// From any thread: the wait() under way ends at once, or else the next one. A system call only
    /// when the loop sleeps.
    void ring();
    bool is_rung() const { return rung_.load(std::memory_order_acquire); }

    // For Watch.

    /// Has epoll tell of `events` of its descriptor from now on, and no longer of `before`. Of no
    /// events at all: not even of a hang-up. Returns 0 or the error number.
    int list(Watch& watch, std::uint32_t before, std::uint32_t events);
    /// The Watch hears no more of what the last wait() found.
    void forget(const Watch& watch);
    /// How many answers Watches wait for.
    std::size_t awaited = 0;

private:
    // Told in one turn of the loop: bounds the delay of what was put off to its end.
    static constexpr std::size_t most_told = 64;

    bool sleeps_until(Time until);
    bool falls_asleep();

    Descriptor epoll_;
    Descriptor bell_;
    Descriptor alarm_;
    Time alarm_set_for_ = Time::max();
    std::atomic<bool> rung_ = false;
    std::atomic<bool> asleep_ = false;  // or about to
    std::array<epoll_event, most_told> found_{};
    std::size_t told_ = 0;
    std::size_t found_count_ = 0;
};

}  // namespace jetway::io
