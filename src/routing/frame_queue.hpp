// Frames that wait for their turn on a link, and the memory they take. All queues of a forwarder
// share one FramePool, so a queue neither allocates in steady state nor owns more than its frames.
#pragma once

#include <cstdint>
#include <vector>

#include "base/buffer.hpp"

namespace jetway::routing {

/// What a waiting frame is charged beyond its bytes: a flood of tiny frames must not look cheap.
inline constexpr std::size_t frame_charge = 64;

struct WaitingFrame {
    Buffer body;
    std::uint8_t flags = 0;
    std::uint32_t next = 0;
};

/// The head and tail of a list in a FramePool.
struct FrameQueue {
    std::uint32_t head = 0;
    std::uint32_t tail = 0;
    std::uint32_t frames = 0;
    std::size_t charge = 0;  // bytes of all bodies, plus frame_charge for each frame
    bool empty() const { return frames == 0; }
};

class FramePool {
public:
    /// Whose frames take `budget` bytes at most, as charge() has it. Together they keep no more
    /// than four times their charge alive, and the budget once more, whatever blocks they came in.
    explicit FramePool(std::size_t budget);
    void push(FrameQueue& queue, Buffer body, std::uint8_t flags);
    WaitingFrame& front(const FrameQueue& queue) { return frames_[queue.head]; }
    WaitingFrame pop(FrameQueue& queue);
    /// `first` comes before what is in `queue`, and is empty afterwards.
    void prepend(FrameQueue& queue, FrameQueue& first);
    /// Cuts `length` bytes off the front frame's body, which must be longer.
    Buffer split_front(FrameQueue& queue, std::size_t length);

    std::size_t frames() const { return live_; }
    std::size_t charge() const { return charge_; }

private:
    static constexpr std::uint32_t none = ~std::uint32_t{0};

    std::uint32_t take_slot();

    std::size_t uncopied_;
    std::vector<WaitingFrame> frames_;
    std::uint32_t free_ = none;
    std::size_t live_ = 0;
    std::size_t charge_ = 0;
};

}  // namespace jetway::routing
