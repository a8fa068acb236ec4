// A descriptor in the loop: tells its owner when it can be read or written. Private to io.
#pragma once

#include <cstdint>

#include "io/event_loop.hpp"
#include "io/loop_parts.hpp"

namespace jetway::io {

class Poller;

class WatchEvents {
public:
    /// A read (or an accept, or a wait for a pidfd) will not block, or will tell what is wrong.
    virtual void on_readable() {}
    virtual void on_writable() {}

protected:
    ~WatchEvents() = default;
};

class Watch final : AtTurnEnd {
public:
    /// Takes ownership of `descriptor`, which must be non-blocking. No event until one is asked
    /// for.
    Watch(EventLoop& loop, int descriptor, WatchEvents& events);
    ~Watch();  // closes the descriptor; no event follows
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    /// One on_readable() as soon as there is something; asking again before that changes nothing. A
    /// descriptor that cannot be watched (a regular file) counts as ready.
    void wait_readable();
    void wait_writable();
    int descriptor() const { return descriptor_; }
    /// The error number when the system would not watch the descriptor: nothing is ever ready then.
    /// 0: all is well.
    int failure() const { return failure_; }
    /// Gives the descriptor back, open. No event follows.
    int release();

private:
    friend class Poller;

    void wait(std::uint32_t events);
    void list(std::uint32_t events);
    void tell(std::uint32_t events);
    /// The system tells of `ready`: of what nobody waits for, no longer.
    void drop_unasked(std::uint32_t ready);
    void on_turn_end() override;

    Poller& poller_;
    TurnEnds& turn_ends_;
    WatchEvents& events_;
    int descriptor_;
    int failure_ = 0;
    bool always_ready_ = false;
    std::uint32_t awaited_ = 0;
    // What epoll tells of, as long as it is true: what is waited for, and what was the last time.
    // Whoever waits again before the system says so once more costs no call.
    std::uint32_t listed_ = 0;
};

}  // namespace jetway::io
