// Guard: a small process that outlives ours by a moment. When ours is gone, however it went, the
// guard kills the process groups of the children that ours had: PR_SET_PDEATHSIG reaches only the
// first process of each, not what a shell has started. Private to io: child.cpp keeps one for a
// loop.
#pragma once

#include <cstdint>
#include <sys/types.h>

#include "io/descriptor.hpp"

namespace jetway::io {

class Guard {
public:
    /// Starts the guard. When the system refuses, nobody guards and the calls do nothing.
    Guard();
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

    /// `group` is to be killed with us.
    void watch(pid_t group) { tell(group, State::runs); }
    /// Its first process was reaped; others may live.
    void reaped(pid_t group) { tell(group, State::reaped); }
    void forget(pid_t group) { tell(group, State::gone); }

    enum class State : std::int32_t { gone, runs, reaped };
    struct Word {
        std::int32_t group;
        State state;
    };

private:
    void tell(pid_t group, State state);

    Descriptor words_;  // a pipe to the guard, which acts when it ends
};

}  // namespace jetway::io
