#include "io/event_loop.hpp"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <cassert>

#include "io/loop_state.hpp"

namespace jetway::io {
namespace asio = boost::asio;

namespace {

// Handlers that run before what was put off to the end of a turn is done: bounds its delay.
constexpr int most_handlers_a_turn = 64;

/// A process that writes to a peer that is gone gets an error, never a signal.
void ignore_broken_pipes() {
    struct sigaction action{};
    if (sigaction(SIGPIPE, nullptr, &action) == 0 && action.sa_handler == SIG_DFL) {
        action.sa_handler = SIG_IGN;
        sigaction(SIGPIPE, &action, nullptr);
    }
}

/// One on_signal(): waits again after each signal until it is cancelled.
struct SignalWait : std::enable_shared_from_this<SignalWait> {
    SignalWait(asio::io_context& context, std::function<void(int)> call)
        : set(context), action(std::move(call)) {}

    void wait() {
        set.async_wait([self = shared_from_this()](const auto& error, int number) {
            if (error || !self->active) return;
            self->wait();
            self->action(number);
        });
    }

    asio::signal_set set;
    std::function<void(int)> action;
    bool active = true;
};

}  // namespace

void TurnEnds::remove(const AtTurnEnd* item) {
    std::replace(items_.begin(), items_.end(), const_cast<AtTurnEnd*>(item),
                 static_cast<AtTurnEnd*>(nullptr));
}

void TurnEnds::run() {
    // By index: items may be added and removed meanwhile.
    const std::size_t count = items_.size();
    for (std::size_t i = 0; i < count; ++i) {
        AtTurnEnd* item = std::exchange(items_[i], nullptr);
        if (item != nullptr) item->on_turn_end();
    }
    items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(count));
}

LoopParts& parts(EventLoop& loop) {
    return loop.state().parts;
}

void LoopTimers::arm(const std::shared_ptr<LoopTimers>& timers) {
    if (timers->queue.empty()) {
        if (timers->armed != Time::max()) timers->alarm.cancel();
        timers->armed = Time::max();
        return;
    }
    if (timers->armed == timers->queue.next()) return;
    timers->armed = timers->queue.next();
    timers->alarm.expires_at(timers->armed);
    timers->alarm.async_wait([weak = std::weak_ptr(timers)](const auto& error) {
        const auto self = weak.lock();
        if (error || !self) return;
        self->armed = Time::max();
        // What an action adds for now or earlier waits for the next round.
        const Time now = std::chrono::steady_clock::now();
        while (auto action = self->queue.take_due(now)) action();
        arm(self);
    });
}

void EventLoop::State::run_posted() {
    if (posted.empty()) return;
    running.swap(posted);
    for (auto& action : running) {
        action();
        action = nullptr;
    }
    running.clear();
}

// Handles what is ready and then does what was put off meanwhile. False when the loop is to stop.
bool EventLoop::State::run_ready() {
    run_posted();
    // Asio marks itself stopped when it runs out of work. A stop() of another thread comes after
    // its `stopping`.
    context.restart();
    for (int ran = 0; ran < most_handlers_a_turn && !stopping; ++ran) {
        if (context.poll_one() == 0) break;
        run_posted();
    }
    parts.turn_ends.run();
    return !stopping;
}

// Runs the next handler, waiting for it only when nothing else is to be done. False when there is
// nothing left to wait for, or the time is over.
bool EventLoop::State::wait(const std::optional<Time>& deadline) {
    if (!posted.empty() || !parts.turn_ends.empty()) return true;
    context.restart();
    if (stopping) return false;
    return (deadline ? context.run_one_until(*deadline) : context.run_one()) != 0;
}

EventLoop::EventLoop() : state_(std::make_unique<State>()) {
    ignore_broken_pipes();
}
EventLoop::~EventLoop() = default;

Time EventLoop::now() const {
    return std::chrono::steady_clock::now();
}

Handle EventLoop::at(Time when, std::function<void()> action) {
    const auto key = state_->timers->queue.add(when, std::move(action));
    LoopTimers::arm(state_->timers);
    return Handle([weak = std::weak_ptr(state_->timers), key] {
        if (const auto timers = weak.lock()) {
            timers->queue.remove(key);
            LoopTimers::arm(timers);
        }
    });
}

void EventLoop::post(std::function<void()> action) {
    if (state_->in_loop()) {
        state_->posted.push_back(std::move(action));
    } else {
        asio::post(state_->context, std::move(action));
    }
}

void EventLoop::run() {
    assert(state_->thread.load() == std::thread::id());
    state_->thread = std::this_thread::get_id();
    while (state_->run_ready() && state_->wait(std::nullopt)) {
    }
    state_->thread = std::thread::id();
    state_->stopping = false;
}

bool EventLoop::run_until(const std::function<bool()>& done, Time deadline) {
    assert(state_->thread.load() == std::thread::id());
    state_->thread = std::this_thread::get_id();
    // Other threads may still post although nothing is waited for here.
    const auto work = asio::make_work_guard(state_->context);
    bool is_done = done();
    while (!is_done) {
        const bool stopped = !state_->run_ready();
        is_done = done();
        if (is_done || stopped) break;
        if (!state_->wait(deadline) && now() >= deadline) break;
    }
    state_->thread = std::thread::id();
    state_->stopping = false;
    return is_done;
}

void EventLoop::stop() {
    state_->stopping = true;
    state_->context.stop();
}

Handle EventLoop::on_signal(std::initializer_list<int> signals, std::function<void(int)> action) {
    auto wait = std::make_shared<SignalWait>(state_->context, std::move(action));
    boost::system::error_code ignored;
    for (const int number : signals) wait->set.add(number, ignored);
    wait->wait();
    return Handle([wait] {
        wait->active = false;
        boost::system::error_code error;
        wait->set.cancel(error);
    });
}

}  // namespace jetway::io
