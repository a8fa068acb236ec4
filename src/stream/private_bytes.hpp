// What comes in shared memory is copied before anybody looks at it: its owner may change it at any
// time. The memory it is copied into goes round, so that a frame costs no allocation. Private to
// src/stream.
#pragma once

#include <array>
#include <cstring>

#include "base/buffer.hpp"
#include "wire/frame.hpp"

namespace jetway::stream {

class PrivateBytes {
public:
    /// At most wire::max_payload bytes.
    Buffer copy_of(Bytes bytes) {
        if (bytes.size() < block_size / 4) return Buffer::copy_of(bytes);
        Buffer& block = unused();
        std::memcpy(block.mutable_data(), bytes.data(), bytes.size());
        return block.slice(0, bytes.size());
    }

private:
    static constexpr std::size_t block_size = wire::max_payload + 1;

    Buffer& unused() {
        for (Buffer& block : blocks_) {
            if (!block.empty() && block.unique()) return block;
        }
        Buffer& block = blocks_.at(next_);
        next_ = (next_ + 1) % blocks_.size();
        block = Buffer::allocate(block_size);
        return block;
    }

    std::array<Buffer, 4> blocks_;
    std::size_t next_ = 0;
};

}  // namespace jetway::stream
