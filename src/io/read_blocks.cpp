#include "io/read_blocks.hpp"

#include <algorithm>
#include <bit>
#include <cassert>

namespace jetway::io {

Buffer& ReadBlocks::take(std::size_t size) {
    assert(std::has_single_bit(size) && size >= smallest && size <= largest);
    Ring& ring = rings_.at(static_cast<std::size_t>(std::countr_zero(size / smallest)));
    for (Buffer& block : ring.blocks) {
        if (!block.empty() && block.unique()) return block;
    }
    Buffer& block = ring.blocks[ring.next];
    ring.next = (ring.next + 1) % kept;
    block = Buffer::allocate(size);
    return block;
}

void ReadSize::learn(std::size_t got) {
    if (got == size_) {
        size_ = std::min(size_ * 4, ReadBlocks::largest);
        too_small_in_a_row_ = 0;
    } else if (got >= size_ / 2) {
        too_small_in_a_row_ = 0;
    } else if (++too_small_in_a_row_ >= 8) {
        size_ = std::max(size_ / 2, ReadBlocks::smallest);
        too_small_in_a_row_ = 0;
    }
}

}  // namespace jetway::io
