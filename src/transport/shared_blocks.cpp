#include "transport/shared_blocks.hpp"

#include <cassert>

namespace jetway::transport {

SharedBlocks::SharedBlocks() {
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
        blocks_.at(i).unused = on_unused;
        blocks_.at(i).number = i;
    }
}

Buffer SharedBlocks::put(std::size_t number, SharedMemoryPtr memory, std::size_t offset,
                         std::size_t size) {
    assert(offset <= memory->size() && size <= memory->size() - offset);
    Block& block = blocks_.at(number);
    assert(block.home == nullptr);
    const std::uint8_t* const bytes = memory->bytes() + offset;
    block.size = static_cast<std::uint32_t>(size);
    block.memory = std::move(memory);
    block.home = shared_from_this();
    return Buffer::on(block, bytes);
}

// The bit is the last thing: from then on the owner may put the number again.
void SharedBlocks::on_unused(Buffer::Block& block) {
    auto& ours = static_cast<Block&>(block);
    const std::shared_ptr<SharedBlocks> home = std::move(ours.home);
    ours.memory.reset();
    home->unused_.at(ours.number / 64)
        .fetch_or(std::uint64_t{1} << ours.number % 64, std::memory_order_release);
}

SharedBlocks::Set SharedBlocks::take_unused() {
    Set set{};
    for (std::size_t i = 0; i < set.size(); ++i) {
        if (unused_.at(i).load(std::memory_order_relaxed) == 0) continue;
        set.at(i) = unused_.at(i).exchange(0, std::memory_order_acquire);
    }
    return set;
}

bool SharedBlocks::any_unused() const {
    for (const auto& word : unused_) {
        if (word.load(std::memory_order_relaxed) != 0) return true;
    }
    return false;
}

const SharedMemoryPtr* SharedBlocks::memory_of(const Buffer& buffer) {
    const Buffer::Block* const block = buffer.foreign();
    if (block == nullptr || block->unused != on_unused) return nullptr;
    return &static_cast<const Block*>(block)->memory;
}

}  // namespace jetway::transport
