// A Bell calls somebody in a loop when another thread rings it: without a lock, without memory, and
// with a system call only when the loop sleeps. For what happens often; for the rest there is
// EventLoop::post().
#pragma once

#include <atomic>
#include <memory>

#include "io/event_loop.hpp"

namespace jetway::io {

class BellEvents {
public:
    /// From the loop: the bell was rung since the last time, once or more often. What was written
    /// before it was rung can be seen. May let go of the bell.
    virtual void on_rung() = 0;

protected:
    ~BellEvents() = default;
};

class Rung;

/// Shared by the one who is called and those who ring. The loop outlives the last ring().
class Bell final : public std::enable_shared_from_this<Bell> {
public:
    explicit Bell(EventLoop& loop);

    /// In the loop's thread: who is called from now on; nullptr: nobody, and what was rung before
    /// is forgotten. As long as there is somebody, the loop has something to wait for.
    void set_events(BellEvents* events);
    /// From any thread.
    void ring();

private:
    friend class Rung;

    EventLoop::State& loop_;
    BellEvents* events_ = nullptr;
    std::atomic<bool> rung_ = false;
    // While it is rung, and of whoever made it so: its place in Rung.
    Bell* next_ = nullptr;
    std::shared_ptr<Bell> held_;
};

using BellPtr = std::shared_ptr<Bell>;

/// The bells of a loop that were rung, a stack that any thread pushes to. Private to io.
class Rung {
public:
    Rung() = default;
    ~Rung();
    Rung(const Rung&) = delete;
    Rung& operator=(const Rung&) = delete;

    void push(Bell& bell);
    /// In the loop's thread: calls everybody, in the order in which they were rung.
    void call();

private:
    Bell* take();

    std::atomic<Bell*> newest_ = nullptr;
};

}  // namespace jetway::io
