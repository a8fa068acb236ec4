// A MessageRing carries Messages from one thread to one other: bounded in messages and bytes, no
// lock, no memory. What is written can be read once it is published; what was read makes room once
// it is released: both are done for many at once, since that is what costs.
#pragma once

#include <atomic>
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "kernel/message.hpp"

namespace jetway::transport {

class MessageRing {
public:
    /// `capacity` messages, a power of two, of `capacity_bytes` of bodies; a single message may
    /// exceed that when there is nothing else.
    MessageRing(std::size_t capacity, std::size_t capacity_bytes)
        : slots_(capacity), capacity_bytes_(capacity_bytes) {
        assert(std::has_single_bit(capacity));
    }

    // ---- The writer's thread.

    /// Moves the message in; false, and the message is untouched, when it does not fit.
    bool write(Message& message) {
        const std::size_t size = message.body.size();
        if (!fits(size)) return false;
        slots_[written_ & (slots_.size() - 1)] = std::move(message);
        ++written_;
        written_bytes_ += size;
        return true;
    }
    /// From now on the reader can see what was written. False when there is nothing new.
    bool publish() {
        if (unpublished() == 0) return false;
        published_.store(written_, std::memory_order_release);
        shown_ = written_;
        shown_bytes_ = written_bytes_;
        return true;
    }
    std::size_t unpublished() const { return written_ - shown_; }
    std::size_t unpublished_bytes() const {
        return static_cast<std::size_t>(written_bytes_ - shown_bytes_);
    }
    /// Of what was written and not released.
    std::size_t bytes() const {
        static_cast<void>(released_.load());  // what was released by then counts
        return static_cast<std::size_t>(written_bytes_ -
                                        released_bytes_.load(std::memory_order_relaxed));
    }
    /// Everything that was written was released.
    bool is_empty() const { return written_ == released_.load(); }
    /// The reader's next release() will say that room is wanted. Look again afterwards: it may have
    /// made some just before.
    void want_room() { wanted_ = true; }

    // ---- The reader's thread.

    /// Looks what was published. Until the next time next() gives no more than that.
    void look() { seen_ = published_.load(std::memory_order_acquire); }
    /// The oldest message, to be moved from before pop(); nullptr when there is none.
    Message* next() { return read_ == seen_ ? nullptr : &slots_[read_ & (slots_.size() - 1)]; }
    /// `size`: of the body.
    void pop(std::size_t size) {
        ++read_;
        read_bytes_ += size;
    }
    /// Makes room of what was read. True when the writer wants to hear of it, once.
    bool release() {
        released_bytes_.store(read_bytes_, std::memory_order_relaxed);
        released_.store(read_);
        return wanted_.load() && wanted_.exchange(false);
    }

private:
    // Two cores that write to one line hand it to and fro.
    static constexpr std::size_t apart = 64;

    bool fits(std::size_t size) {
        if (written_ - known_released_ == slots_.size() || !has_bytes_for(size)) {
            known_released_ = released_.load(std::memory_order_acquire);
            known_released_bytes_ = released_bytes_.load(std::memory_order_relaxed);
        }
        return written_ - known_released_ < slots_.size() && has_bytes_for(size);
    }
    bool has_bytes_for(std::size_t size) const {
        const std::uint64_t waiting = written_bytes_ - known_released_bytes_;
        return waiting == 0 || waiting + size <= capacity_bytes_;
    }

    std::vector<Message> slots_;
    const std::size_t capacity_bytes_;
    std::atomic<bool> wanted_ = false;  // seldom written

    // Of the writer, who publishes.
    alignas(apart) std::size_t written_ = 0;
    std::size_t shown_ = 0;
    std::size_t known_released_ = 0;
    std::uint64_t written_bytes_ = 0;
    std::uint64_t shown_bytes_ = 0;
    std::uint64_t known_released_bytes_ = 0;
    std::atomic<std::size_t> published_ = 0;
    // Of the reader, who releases.
    alignas(apart) std::size_t read_ = 0;
    std::size_t seen_ = 0;
    std::uint64_t read_bytes_ = 0;
    std::atomic<std::size_t> released_ = 0;
    std::atomic<std::uint64_t> released_bytes_ = 0;
};

}  // namespace jetway::transport
