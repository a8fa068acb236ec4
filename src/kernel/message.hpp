// What a pipe carries: shared bytes and a header that the kernel does not look into.
#pragma once

#include <cstdint>

#include "base/buffer.hpp"

namespace jetway {

struct Message {
    std::uint64_t header =
        0;  // belongs to whoever writes and reads the pipe; on a terminal it is the frame header
    Buffer body;
};

}  // namespace jetway
