// A Dialler keeps one network terminal connected: it dials for ever, with exponential back-off and
// jitter, and rests while a link made by the other side is the one that is kept.
#pragma once

#include <functional>
#include <string>

#include "base/random.hpp"
#include "base/timer.hpp"
#include "kernel/connection.hpp"
#include "router/transport.hpp"

namespace jetway::router {

class Dialler {
public:
    enum class State : std::uint8_t { idle, waiting, dialling, up, resting };

    /// `connected` gets each new connection. All references outlive the dialler.
    Dialler(Timer& timer, Random& random, const Transport& transport, std::string address,
            std::function<void(ConnectionPtr)> connected);

    /// The first attempt, at once.
    void start() { dial(); }
    /// The connection it made has ended. `was_usable`: it carried a link, so the back-off starts
    /// anew.
    void lost(const Error& reason, bool was_usable);
    /// Another link to the same machine is kept: no attempts until resume().
    void rest();
    void resume();
    /// No further attempts.
    void stop();

    State state() const { return state_; }
    const Error& last_error() const { return last_error_; }
    Time since() const { return since_; }
    std::uint64_t attempts() const { return attempts_; }
    const std::string& address() const { return address_; }

private:
    void dial();
    void wait();
    void enter(State state);

    Timer& timer_;
    Random& random_;
    const Transport& transport_;
    std::string address_;
    std::function<void(ConnectionPtr)> connected_;
    State state_ = State::idle;
    Time since_;
    Error last_error_;
    std::uint64_t attempts_ = 0;
    std::uint32_t failures_ = 0;  // in a row
    Handle pending_;              // the attempt or the wait
};

std::string_view to_string(Dialler::State state);

}  // namespace jetway::router
