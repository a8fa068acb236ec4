#include "io/watch.hpp"

#include <bit>
#include <cerrno>
#include <sys/epoll.h>
#include <unistd.h>
#include <utility>

#include "io/loop_state.hpp"

namespace jetway::io {

Watch::Watch(EventLoop& loop, int descriptor, WatchEvents& events)
    : poller_(loop.state().poller),
      turn_ends_(loop.state().parts.turn_ends),
      events_(events),
      descriptor_(descriptor) {
    const int error = poller_.list(*this, 0, EPOLLIN);  // what most wait for first
    if (error == 0) {
        listed_ = EPOLLIN;
    } else if (error == EPERM) {
        always_ready_ = true;
    } else {
        failure_ = error;
    }
}

Watch::~Watch() {
    const int descriptor = release();
    if (descriptor >= 0) close(descriptor);
}

int Watch::release() {
    poller_.forget(*this);
    poller_.awaited -= static_cast<std::size_t>(std::popcount(awaited_));
    if (always_ready_ && awaited_ != 0) turn_ends_.remove(this);
    awaited_ = 0;
    // Not left to close(): another process may have the descriptor as well.
    if (listed_ != 0) list(0);
    return std::exchange(descriptor_, -1);
}

void Watch::wait_readable() {
    wait(EPOLLIN);
}

void Watch::wait_writable() {
    wait(EPOLLOUT);
}

void Watch::wait(std::uint32_t events) {
    if ((awaited_ & events) != 0 || failure_ != 0) return;
    if (always_ready_ && awaited_ == 0) turn_ends_.add(this);
    awaited_ |= events;
    ++poller_.awaited;
    if (!always_ready_ && (listed_ & events) == 0) list(awaited_);
}

void Watch::list(std::uint32_t events) {
    const bool listed = poller_.list(*this, listed_, events) == 0;
    listed_ = listed ? events : 0;
    if (listed || awaited_ == 0) return;
    always_ready_ = true;  // the system has no memory for it: asking again and again is left
    turn_ends_.add(this);
}

void Watch::drop_unasked(std::uint32_t ready) {
    if ((listed_ & ready & ~awaited_) != 0) list(awaited_);
}

void Watch::tell(std::uint32_t events) {
    if ((awaited_ & events) == 0) return;
    awaited_ &= ~events;
    --poller_.awaited;
    events == EPOLLIN ? events_.on_readable() : events_.on_writable();
}

// In turn_ends_ as long as something is awaited. One at a time: either may be its end.
void Watch::on_turn_end() {
    const std::uint32_t first = (awaited_ & EPOLLIN) != 0 ? EPOLLIN : EPOLLOUT;
    if (awaited_ != first) turn_ends_.add(this);
    tell(first);
}

}  // namespace jetway::io
