#include "io/event_loop.hpp"

#include <algorithm>
#include <cassert>

#include "io/loop_state.hpp"
#include "io/signals.hpp"

namespace jetway::io {
namespace {

// So often what was posted and put off leads to more of it before the system is asked again.
constexpr int most_rounds_a_turn = 8;

/// A process that writes to a peer that is gone gets an error, never a signal.
void ignore_broken_pipes() {
    struct sigaction action{};
    if (sigaction(SIGPIPE, nullptr, &action) == 0 && action.sa_handler == SIG_DFL) {
        action.sa_handler = SIG_IGN;
        sigaction(SIGPIPE, &action, nullptr);
    }
}

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

bool EventLoop::State::has_work() const {
    return poller.awaited > 0 || !timers->empty() || !posted.empty() || !parts.turn_ends.empty() ||
           poller.is_rung();
}

void EventLoop::State::turn(Time deadline) {
    const bool is_rung = poller.wait(next_wake(deadline));
    if (is_rung && is_posted_elsewhere.exchange(false)) take_posted_elsewhere();
    run_posted();
    if (is_rung) rung.call();
    while (!stopping && poller.tell_next()) run_posted();
    if (!stopping) run_timers();
    run_put_off();
}

Time EventLoop::State::next_wake(Time deadline) const {
    if (!posted.empty() || !parts.turn_ends.empty()) return Time::min();
    return timers->empty() ? deadline : std::min(deadline, timers->next());
}

void EventLoop::State::take_posted_elsewhere() {
    const std::scoped_lock lock(mutex);
    posted.insert(posted.end(), std::make_move_iterator(posted_elsewhere.begin()),
                  std::make_move_iterator(posted_elsewhere.end()));
    posted_elsewhere.clear();
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

void EventLoop::State::run_timers() {
    if (timers->empty()) return;
    // What an action adds for now or earlier waits for the next turn.
    const Time now = std::chrono::steady_clock::now();
    while (auto action = timers->take_due(now)) action();
}

void EventLoop::State::run_put_off() {
    for (int round = 0; round < most_rounds_a_turn; ++round) {
        if (posted.empty() && parts.turn_ends.empty()) return;
        if (!stopping) run_posted();
        parts.turn_ends.run();
        if (stopping) return;
    }
}

EventLoop::EventLoop() : state_(std::make_unique<State>()) {
    ignore_broken_pipes();
}
EventLoop::~EventLoop() = default;

Time EventLoop::now() const {
    return std::chrono::steady_clock::now();
}

Handle EventLoop::at(Time when, std::function<void()> action) {
    const auto key = state_->timers->add(when, std::move(action));
    return Handle([weak = std::weak_ptr(state_->timers), key] {
        if (const auto timers = weak.lock()) timers->remove(key);
    });
}

void EventLoop::post(std::function<void()> action) {
    if (state_->in_loop()) {
        state_->posted.push_back(std::move(action));
        return;
    }
    {
        const std::scoped_lock lock(state_->mutex);
        state_->posted_elsewhere.push_back(std::move(action));
    }
    state_->is_posted_elsewhere = true;
    state_->poller.ring();
}

void EventLoop::run() {
    assert(state_->thread.load() == std::thread::id());
    state_->thread = std::this_thread::get_id();
    while (!state_->stopping && state_->has_work()) state_->turn(Time::max());
    state_->thread = std::thread::id();
    state_->stopping = false;
}

bool EventLoop::run_until(const std::function<bool()>& done, Time deadline) {
    assert(state_->thread.load() == std::thread::id());
    state_->thread = std::this_thread::get_id();
    bool is_done = done();
    for (bool late = false; !is_done && !late && !state_->stopping; is_done = done()) {
        state_->turn(deadline);
        late = now() >= deadline;
    }
    state_->thread = std::thread::id();
    state_->stopping = false;
    return is_done;
}

void EventLoop::stop() {
    state_->stopping = true;
    if (!state_->in_loop()) state_->poller.ring();
}

Handle EventLoop::on_signal(std::initializer_list<int> signals, std::function<void(int)> action) {
    return listen_for(*this, signals, std::move(action));
}

}  // namespace jetway::io
