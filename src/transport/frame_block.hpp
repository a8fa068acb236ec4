// Private to src/transport.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/buffer.hpp"

namespace jetway::transport {

/// Where the headers of outgoing frames, and small bodies, are put together: one block that is
/// written again from its beginning once everything in it was sent, so that a frame costs no
/// allocation.
class FrameBlock {
public:
    /// A Buffer of `size` bytes, at most block_size, and where to fill it.
    Buffer take(std::size_t size, std::uint8_t*& bytes);

    static constexpr std::size_t block_size = 4096;

private:
    Buffer block_;
    std::uint8_t* begin_ = nullptr;
    std::size_t used_ = 0;
};

}  // namespace jetway::transport
