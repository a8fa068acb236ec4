// What a pipe carries: shared bytes and a header that the kernel does not look into.
#pragma once

#include <cstdint>

#include "base/buffer.hpp"

namespace jetway {

struct Message {
    /// Belongs to whoever writes and reads the pipe; on a terminal it is the frame header.
    std::uint64_t header = 0;
    Buffer body;
};

}  // namespace jetway
