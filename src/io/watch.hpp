// A descriptor in the loop: tells its owner when it can be read or written. Private to io; Asio
// stays in watch.cpp.
#pragma once

#include <memory>

#include "io/event_loop.hpp"

namespace jetway::io {

class WatchEvents {
public:
    /// A read (or an accept, or a wait for a pidfd) will not block, or will tell what is wrong.
    virtual void on_readable() {}
    virtual void on_writable() {}

protected:
    ~WatchEvents() = default;
};

class Watch {
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
    struct State;
    std::shared_ptr<State> state_;
    int descriptor_;
    int failure_ = 0;
};

}  // namespace jetway::io
