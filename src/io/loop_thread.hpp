// A LoopThread: a loop that runs on a thread of its own, for objects that are made and destroyed in
// it. No signal of the process reaches that thread.
#pragma once

#include <thread>

#include "io/event_loop.hpp"

namespace jetway::io {

class LoopThread {
public:
    LoopThread();   // throws std::system_error when the system has no thread or descriptor for it
    ~LoopThread();  // stops the loop after what was posted to it, and waits for the thread
    LoopThread(const LoopThread&) = delete;
    LoopThread& operator=(const LoopThread&) = delete;

    /// Other threads may post() to it and ring its bells.
    EventLoop& loop() { return loop_; }

private:
    EventLoop loop_;
    std::thread thread_;
};

}  // namespace jetway::io
