// fork and exec, with execve's own error brought back. Private to io: child.cpp makes a Child of
// the result.
#pragma once

#include <sys/types.h>

#include "io/child.hpp"

namespace jetway::io {

struct Spawned {
    pid_t pid = -1;
    int pidfd = -1;  // readable when the process has ended
    int input = -1;  // our ends, non-blocking by adopt(); -1 where there is none
    int output = -1;
    int errors = -1;
    int master = -1;  // of a terminal
};

/// The process runs its program when this returns. The caller owns the descriptors and must reap
/// the process.
Result<Spawned> spawn(const ChildOptions& options);

}  // namespace jetway::io
