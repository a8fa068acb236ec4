#include "base/buffer.hpp"

#include <cstring>
#include <limits>
#include <new>

namespace jetway {

Buffer Buffer::allocate(std::size_t size) {
    assert(size <= std::numeric_limits<std::uint32_t>::max());
    Buffer buffer;
    if (size == 0) return buffer;
    void* memory = ::operator new(sizeof(Block) + size);
    buffer.block_ = new (memory) Block{{1}, static_cast<std::uint32_t>(size)};
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

void Buffer::free_block(Block* block) {
    block->~Block();
    ::operator delete(block);
}

}  // namespace jetway
