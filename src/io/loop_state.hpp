// The inside of EventLoop. Private to io; one of the very few headers that include Asio.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "io/event_loop.hpp"
#include "io/loop_parts.hpp"
#include "io/timer_queue.hpp"

namespace jetway::io {

/// The queue and the one Asio timer that stands for its first entry.
struct LoopTimers {
    explicit LoopTimers(boost::asio::io_context& context) : alarm(context) {}
    TimerQueue queue;
    boost::asio::steady_timer alarm;
    Time armed = Time::max();
    static void arm(const std::shared_ptr<LoopTimers>& timers);
};

struct EventLoop::State {
    static constexpr int only_thread = 1;  // Asio: one thread runs the context, others may post

    boost::asio::io_context context{only_thread};
    std::shared_ptr<LoopTimers> timers = std::make_shared<LoopTimers>(context);
    LoopParts parts;
    std::vector<std::function<void()>> posted;   // by the loop's own thread
    std::vector<std::function<void()>> running;  // the batch being called
    std::atomic<std::thread::id> thread;         // that runs the loop
    std::atomic<bool> stopping = false;

    bool in_loop() const {
        return thread.load(std::memory_order_relaxed) == std::this_thread::get_id();
    }
    void run_posted();
    bool run_ready();
    bool wait(const std::optional<Time>& deadline);
};

}  // namespace jetway::io
