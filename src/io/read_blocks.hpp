// Memory that is read into. A block goes round again as soon as no slice of it is left, so the data
// path neither allocates nor touches new pages, and a connection that waits holds no memory at all.
// Private to io.
#pragma once

#include <array>
#include <cstddef>

#include "base/buffer.hpp"

namespace jetway::io {

class ReadBlocks {
public:
    static constexpr std::size_t smallest = 4UL * 1024;
    static constexpr std::size_t largest = 256UL * 1024;

    /// A Buffer of `size` bytes (a power of two between the two above) that nobody else refers to.
    /// It belongs to this object: fill it and hand out slices before the next call.
    Buffer& take(std::size_t size);

private:
    static constexpr std::size_t kept = 4;  // of each size: 2 MiB in all at most
    struct Ring {
        std::array<Buffer, kept> blocks;
        std::size_t next = 0;
    };
    std::array<Ring, 7> rings_;
};

/// How much one descriptor is given to read into, learnt from how much it brought.
class ReadSize {
public:
    std::size_t next() const { return size_; }
    void learn(std::size_t got);

private:
    std::size_t size_ = ReadBlocks::smallest;
    unsigned too_small_in_a_row_ = 0;
};

}  // namespace jetway::io
