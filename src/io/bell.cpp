#include "io/bell.hpp"

#include <utility>

#include "io/loop_state.hpp"

namespace jetway::io {

Bell::Bell(EventLoop& loop) : loop_(loop.state()) {}

void Bell::set_events(BellEvents* events) {
    if (events_ != nullptr) --loop_.poller.awaited;
    if (events != nullptr) ++loop_.poller.awaited;
    events_ = events;
}

void Bell::ring() {
    if (rung_.exchange(true)) return;  // it will be called, and see what is new
    held_ = shared_from_this();
    loop_.rung.push(*this);
    loop_.poller.ring();
}

void Rung::push(Bell& bell) {
    bell.next_ = newest_.load(std::memory_order_relaxed);
    while (!newest_.compare_exchange_weak(bell.next_, &bell)) {
    }
}

/// All of them, the oldest first.
Bell* Rung::take() {
    Bell* bell = newest_.exchange(nullptr);
    Bell* oldest = nullptr;
    while (bell != nullptr) {
        Bell* const next = std::exchange(bell->next_, oldest);
        oldest = std::exchange(bell, next);
    }
    return oldest;
}

void Rung::call() {
    for (Bell* bell = take(); bell != nullptr;) {
        const BellPtr held = std::move(bell->held_);
        bell = bell->next_;
        held->rung_.exchange(false);  // from here on it may be rung anew, by whom it calls as well
        if (held->events_ != nullptr) held->events_->on_rung();
    }
}

Rung::~Rung() {
    for (Bell* bell = take(); bell != nullptr;) {
        const BellPtr held = std::move(bell->held_);
        bell = bell->next_;
    }
}

}  // namespace jetway::io
