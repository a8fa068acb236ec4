// The inside of EventLoop. Private to io.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "io/bell.hpp"
#include "io/event_loop.hpp"
#include "io/loop_parts.hpp"
#include "io/poller.hpp"
#include "io/timer_queue.hpp"

namespace jetway::io {

using Actions = std::vector<std::function<void()>>;

struct EventLoop::State {
    Poller poller;
    Rung rung;  // before what rings until it is gone
    LoopParts parts;
    std::shared_ptr<TimerQueue> timers = std::make_shared<TimerQueue>();
    Actions posted;            // by the loop's own thread
    Actions running;           // the batch being called
    std::mutex mutex;          // of the next one
    Actions posted_elsewhere;  // by other threads, which ring then
    std::atomic<bool> is_posted_elsewhere = false;
    std::atomic<std::thread::id> thread;  // that runs the loop
    std::atomic<bool> stopping = false;

    bool in_loop() const {
        return thread.load(std::memory_order_relaxed) == std::this_thread::get_id();
    }
    bool has_work() const;
    /// Sleeps until something is to be done, but not beyond `deadline`, and does it.
    void turn(Time deadline);

private:
    Time next_wake(Time deadline) const;
    void take_posted_elsewhere();
    void run_posted();
    void run_timers();
    void run_put_off();
};

}  // namespace jetway::io
