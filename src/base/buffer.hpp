// Bytes that are shared, never copied: a Buffer is a view into a reference-counted block. Slices
// share the block. The bytes are immutable once a second Buffer refers to them. Counting is atomic:
// a slice may end its life on another thread than the one that made it.
//
// A block is the heap's, or its bytes lie elsewhere and whoever has them derives from Block.
#pragma once

#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace jetway {

using Bytes = std::span<const std::uint8_t>;

class Buffer {
public:
    struct Block {
        std::atomic<std::uint32_t> references{0};
        std::uint32_t size = 0;
        /// Called when the last Buffer is gone, by the thread that it went on; the block may be
        /// destroyed or used again from then on. nullptr: the block is the heap's.
        void (*unused)(Block&) = nullptr;
    };

    Buffer() = default;
    /// `size` bytes, not initialised, writable through mutable_data() while this is the only Buffer
    /// on them.
    static Buffer allocate(std::size_t size);
    static Buffer copy_of(Bytes bytes);
    static Buffer copy_of(std::string_view text);
    /// The first Buffer on a block that is not the heap's: `block.size` bytes from `bytes` on,
    /// which stay until it is unused.
    static Buffer on(Block& block, const std::uint8_t* bytes);

    Buffer(const Buffer& other) noexcept
        : block_(other.block_), data_(other.data_), size_(other.size_) {
        retain();
    }
    Buffer(Buffer&& other) noexcept
        : block_(std::exchange(other.block_, nullptr)),
          data_(std::exchange(other.data_, nullptr)),
          size_(std::exchange(other.size_, 0)) {}
    Buffer& operator=(const Buffer& other) noexcept { return *this = Buffer(other); }
    Buffer& operator=(Buffer&& other) noexcept {
        if (this != &other) {
            release();
            block_ = std::exchange(other.block_, nullptr);
            data_ = std::exchange(other.data_, nullptr);
            size_ = std::exchange(other.size_, 0);
        }
        return *this;
    }
    ~Buffer() { release(); }

    const std::uint8_t* data() const { return data_; }
    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    Bytes bytes() const { return {data_, size_}; }
    std::string_view text() const { return {reinterpret_cast<const char*>(data_), size_}; }

    /// `length` bytes from `offset`, sharing the block; both must lie inside.
    Buffer slice(std::size_t offset, std::size_t length) const {
        assert(offset <= size_ && length <= size_ - offset);
        Buffer result(*this);
        result.data_ += offset;
        result.size_ = length;
        return result;
    }
    Buffer slice(std::size_t offset) const { return slice(offset, size_ - offset); }

    /// Forgets the first `length` bytes, which must be there. The block stays as it is.
    void remove_prefix(std::size_t length) {
        assert(length <= size_);
        data_ += length;
        size_ -= length;
    }

    bool unique() const {
        return block_ == nullptr || block_->references.load(std::memory_order_acquire) == 1;
    }
    /// For whoever fills a fresh Buffer. Nobody else may hold the bytes.
    std::uint8_t* mutable_data() {
        assert(unique());
        return const_cast<std::uint8_t*>(data_);
    }
    /// Memory the block holds alive, which may be more than size().
    std::size_t block_size() const { return block_ == nullptr ? 0 : block_->size; }
    /// The block when it is not the heap's, else nullptr. Another process may write to its bytes at
    /// any time: who looks at them for what they mean copies them first.
    const Block* foreign() const {
        return block_ != nullptr && block_->unused != nullptr ? block_ : nullptr;
    }

private:
    void retain() const {
        if (block_ != nullptr) block_->references.fetch_add(1, std::memory_order_relaxed);
    }
    void release() {
        if (block_ != nullptr && block_->references.fetch_sub(1, std::memory_order_acq_rel) == 1)
            free_block(block_);
    }
    static void free_block(Block* block);

    Block* block_ = nullptr;
    const std::uint8_t* data_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace jetway
