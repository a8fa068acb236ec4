#include "routing/frame_queue.hpp"

#include <cassert>
#include <utility>

namespace jetway::routing {
namespace {

/// More slots than this are given back when no frame waits.
constexpr std::size_t kept_slots = 4096;
/// What is read at once, at most: the most that one frame can keep alive.
constexpr std::size_t largest_block = 256UL * 1024;

bool wasteful(const Buffer& body) {
    return body.block_size() > 4 * (body.size() + frame_charge);
}

}  // namespace

/// With more frames waiting, one that keeps a much larger block alive is copied out of it.
FramePool::FramePool(std::size_t budget) : uncopied_(budget / largest_block) {}

std::uint32_t FramePool::take_slot() {
    if (free_ != none) {
        const std::uint32_t slot = free_;
        free_ = frames_[slot].next;
        return slot;
    }
    frames_.emplace_back();
    return static_cast<std::uint32_t>(frames_.size() - 1);
}

void FramePool::push(FrameQueue& queue, Buffer body, std::uint8_t flags) {
    if (live_ > uncopied_ && wasteful(body)) body = Buffer::copy_of(body.bytes());
    const std::size_t charge = body.size() + frame_charge;
    const std::uint32_t slot = take_slot();
    frames_[slot].body = std::move(body);
    frames_[slot].flags = flags;
    frames_[slot].next = none;
    if (queue.empty()) {
        queue.head = slot;
    } else {
        frames_[queue.tail].next = slot;
    }
    queue.tail = slot;
    ++queue.frames;
    queue.charge += charge;
    charge_ += charge;
    ++live_;
}

WaitingFrame FramePool::pop(FrameQueue& queue) {
    assert(!queue.empty());
    const std::uint32_t slot = queue.head;
    WaitingFrame frame = std::move(frames_[slot]);
    const std::size_t charge = frame.body.size() + frame_charge;
    queue.head = frame.next;
    --queue.frames;
    queue.charge -= charge;
    charge_ -= charge;
    frames_[slot].next = free_;
    free_ = slot;
    if (--live_ == 0 && frames_.size() > kept_slots) {
        frames_ = std::vector<WaitingFrame>();
        free_ = none;
    }
    return frame;
}

void FramePool::prepend(FrameQueue& queue, FrameQueue& first) {
    if (first.empty()) return;
    if (queue.empty()) {
        queue.tail = first.tail;
    } else {
        frames_[first.tail].next = queue.head;
    }
    queue.head = first.head;
    queue.frames += first.frames;
    queue.charge += first.charge;
    first = {};
}

Buffer FramePool::split_front(FrameQueue& queue, std::size_t length) {
    Buffer& body = front(queue).body;
    assert(length < body.size());
    Buffer first = body.slice(0, length);
    body = body.slice(length);
    queue.charge -= length;
    charge_ -= length;
    return first;
}

}  // namespace jetway::routing
