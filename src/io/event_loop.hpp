// The event loop: one thread, its timers, and readiness of descriptors (epoll). Objects belong to
// their loop; other threads post().
#pragma once

#include <csignal>
#include <functional>
#include <initializer_list>
#include <memory>

#include "base/handle.hpp"
#include "base/result.hpp"
#include "base/timer.hpp"

namespace jetway::io {

class EventLoop final : public Timer {
public:
    EventLoop();
    ~EventLoop() override;

    Time now() const override;
    Handle at(Time when, std::function<void()> action) override;
    void post(std::function<void()> action) override;

    /// Runs until stop() or until nothing is left to wait for.
    void run();
    /// Runs what is ready, waits at most until `deadline` for `done` to become true. For tests and
    /// commands; returns done().
    bool run_until(const std::function<bool()>& done, Time deadline);
    void stop();

    /// Calls `action` in the loop for each signal, until the handle goes.
    Handle on_signal(std::initializer_list<int> signals, std::function<void(int)> action);

    struct State;
    State& state() { return *state_; }  // for the .cpp files of io and transport

private:
    std::unique_ptr<State> state_;
};

}  // namespace jetway::io
