#include "io/watch.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <unistd.h>
#include <utility>

#include "io/loop_state.hpp"

namespace jetway::io {
namespace asio = boost::asio;

// Shared with the handlers under way, which may run after the Watch is gone: `events` is nullptr
// then.
struct Watch::State {
    State(asio::io_context& context, WatchEvents& watch_events)
        : descriptor(context), events(&watch_events) {}

    asio::posix::stream_descriptor descriptor;
    WatchEvents* events;
    bool waits_readable = false;
    bool waits_writable = false;
};

Watch::Watch(EventLoop& loop, int descriptor, WatchEvents& events)
    : state_(std::make_shared<State>(loop.state().context, events)), descriptor_(descriptor) {
    boost::system::error_code error;
    state_->descriptor.assign(descriptor, error);
    failure_ = error.value();
}

Watch::~Watch() {
    state_->events = nullptr;
    boost::system::error_code ignored;
    if (state_->descriptor.is_open()) {
        state_->descriptor.close(ignored);
    } else if (descriptor_ >= 0) {
        close(descriptor_);
    }
}

int Watch::release() {
    state_->events = nullptr;
    if (state_->descriptor.is_open()) state_->descriptor.release();
    return std::exchange(descriptor_, -1);
}

void Watch::wait_readable() {
    if (state_->waits_readable || failure_ != 0) return;
    state_->waits_readable = true;
    state_->descriptor.async_wait(
        asio::posix::stream_descriptor::wait_read, [state = state_](const auto& error) {
            state->waits_readable = false;
            if (error != asio::error::operation_aborted && state->events != nullptr) {
                state->events->on_readable();
            }
        });
}

void Watch::wait_writable() {
    if (state_->waits_writable || failure_ != 0) return;
    state_->waits_writable = true;
    state_->descriptor.async_wait(
        asio::posix::stream_descriptor::wait_write, [state = state_](const auto& error) {
            state->waits_writable = false;
            if (error != asio::error::operation_aborted && state->events != nullptr) {
                state->events->on_writable();
            }
        });
}

}  // namespace jetway::io
