#include "transport/frame_block.hpp"

#include <cassert>

namespace jetway::transport {

Buffer FrameBlock::take(std::size_t size, std::uint8_t*& bytes) {
    assert(size <= block_size);
    if (!block_.empty() && block_.unique()) used_ = 0;
    if (block_.empty() || block_size - used_ < size) {
        block_ = Buffer::allocate(block_size);
        begin_ = block_.mutable_data();
        used_ = 0;
    }
    bytes = begin_ + used_;
    used_ += size;
    return block_.slice(used_ - size, size);
}

}  // namespace jetway::transport
