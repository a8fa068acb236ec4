#include "base/buffer.hpp"

#include <array>
#include <cstring>
#include <limits>
#include <new>

namespace jetway {
namespace {

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define JETWAY_FRESH_BLOCKS  // else it could not tell who uses one that is free
#endif
#endif

/// Free blocks of one size, for this thread to use again: the system's allocator gives the memory
/// of a burst back, and it takes a page fault each 4 KiB to get it again.
class SpareBlocks {
public:
    static constexpr std::size_t size = 16UL * 1024;  // of frames of small messages

    ~SpareBlocks() {
        while (void* const memory = take()) ::operator delete(memory);
        closed_ = true;
    }
    void* take() { return count_ == 0 ? nullptr : blocks_.at(--count_); }
    bool keep(void* memory) {
#ifdef JETWAY_FRESH_BLOCKS
        return false;
#endif
        if (closed_ || count_ == blocks_.size()) return false;
        blocks_.at(count_++) = memory;
        return true;
    }

private:
    std::array<void*, 32> blocks_{};
    std::size_t count_ = 0;
    // Buffers with a longer life than the thread's end find it so.
    static thread_local bool closed_;
};

thread_local bool SpareBlocks::closed_ = false;
thread_local SpareBlocks spare_blocks;

}  // namespace

Buffer Buffer::allocate(std::size_t size) {
    assert(size <= std::numeric_limits<std::uint32_t>::max());
    Buffer buffer;
    if (size == 0) return buffer;
    void* memory = size == SpareBlocks::size ? spare_blocks.take() : nullptr;
    if (memory == nullptr) memory = ::operator new(sizeof(Block) + size);
    buffer.block_ = new (memory) Block{{1}, static_cast<std::uint32_t>(size), nullptr};
    buffer.data_ = static_cast<const std::uint8_t*>(memory) + sizeof(Block);
    buffer.size_ = size;
    return buffer;
}

Buffer Buffer::copy_of(Bytes bytes) {
    Buffer buffer = allocate(bytes.size());
    if (!bytes.empty()) std::memcpy(buffer.mutable_data(), bytes.data(), bytes.size());
    return buffer;
}

Buffer Buffer::copy_of(std::string_view text) {
    return copy_of(Bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

Buffer Buffer::on(Block& block, const std::uint8_t* bytes) {
    assert(block.unused != nullptr && block.references == 0);
    block.references.store(1, std::memory_order_relaxed);
    Buffer buffer;
    buffer.block_ = &block;
    buffer.data_ = bytes;
    buffer.size_ = block.size;
    return buffer;
}

void Buffer::free_block(Block* block) {
    if (block->unused != nullptr) return block->unused(*block);
    const bool common = block->size == SpareBlocks::size;
    block->~Block();
    if (!common || !spare_blocks.keep(block)) ::operator delete(block);
}

}  // namespace jetway
