// SharedBlocks: Buffers on shared memory, each with a number. When the last Buffer of a number is
// gone, by whatever thread, its bit is set; the owner takes the bits when it comes by. No lock, no
// allocation; the memory lives on while a Buffer is on it, also when the owner is gone.
#pragma once

#include <array>
#include <atomic>
#include <memory>

#include "base/buffer.hpp"
#include "transport/shared_memory.hpp"
#include "wire/sharing.hpp"

namespace jetway::transport {

class SharedBlocks : public std::enable_shared_from_this<SharedBlocks> {
public:
    using Set = wire::References;

    SharedBlocks();
    SharedBlocks(const SharedBlocks&) = delete;
    SharedBlocks& operator=(const SharedBlocks&) = delete;

    /// A Buffer on `size` bytes of the memory, which must lie within it. The number is free: never
    /// put, or taken back by take_unused() since.
    Buffer put(std::size_t number, SharedMemoryPtr memory, std::size_t offset, std::size_t size);
    /// Numbers whose Buffers are gone, since the last call.
    Set take_unused();
    bool any_unused() const;

    /// Where a Buffer's bytes lie, nullptr when that is no shared memory.
    static const SharedMemoryPtr* memory_of(const Buffer& buffer);

private:
    struct Block : Buffer::Block {
        std::size_t number = 0;
        SharedMemoryPtr memory;
        std::shared_ptr<SharedBlocks> home;  // while in use
    };
    static void on_unused(Buffer::Block& block);

    std::array<Block, wire::max_shared> blocks_;
    std::array<std::atomic<std::uint64_t>, Set{}.size()> unused_{};
};

}  // namespace jetway::transport
