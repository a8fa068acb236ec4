#include "wire/frame.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace jetway::wire {
namespace {

std::uint64_t read_u64(const std::uint8_t* bytes) {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < 8; ++i) value |= std::uint64_t{bytes[i]} << (8 * i);
    return value;
}

void write_u64(std::uint8_t* bytes, std::uint64_t value) {
    for (unsigned i = 0; i < 8; ++i) bytes[i] = static_cast<std::uint8_t>(value >> (8 * i));
}

constexpr std::size_t window_size = 16;

}  // namespace

FrameHeader FrameHeader::read(const std::uint8_t* bytes) {
    return unpack(read_u64(bytes));
}

void FrameHeader::write(std::uint8_t* bytes) const {
    write_u64(bytes, pack());
}

Frame::Frame(FrameType type, std::uint32_t label, Buffer payload, std::uint8_t flags)
    : header{static_cast<std::uint16_t>(payload.size()), static_cast<std::uint8_t>(type), flags,
             label},
      body(std::move(payload)) {
    assert(body.size() <= max_payload);
}

Buffer encode(const Window& window) {
    Buffer result = Buffer::allocate(window_size);
    write_u64(result.mutable_data(), window.up_to);
    write_u64(result.mutable_data() + 8, window.consumed);
    return result;
}

Result<Window> decode_window(Bytes payload) {
    if (payload.size() != window_size) {
        return Error(Code::protocol,
                     "WINDOW of " + std::to_string(payload.size()) + " bytes instead of 16");
    }
    return Window{read_u64(payload.data()), read_u64(payload.data() + 8)};
}

void FrameSplitter::push(Buffer bytes) {
    if (bytes.empty()) return;
    if (input_.empty() && later_head_ == later_.size()) {
        input_ = std::move(bytes);
    } else {
        later_.push_back(std::move(bytes));
    }
}

std::optional<Frame> FrameSplitter::next() {
    if (!refill()) return std::nullopt;
    if (head_size_ != 0 || input_.size() < header_size) return next_straddling();
    Frame frame;
    frame.header = FrameHeader::read(input_.data());
    const std::size_t length = frame.header.length;
    if (input_.size() - header_size < length) return next_straddling();
    if (length != 0) frame.body = input_.slice(header_size, length);
    input_.remove_prefix(header_size + length);
    return frame;
}

std::size_t FrameSplitter::pending() const {
    std::size_t total = head_size_ + body_size_ + input_.size();
    for (std::size_t i = later_head_; i < later_.size(); ++i) total += later_[i].size();
    return total;
}

/// Makes input_ not empty; false when there is nothing left.
bool FrameSplitter::refill() {
    if (!input_.empty()) return true;
    if (later_head_ == later_.size()) {
        input_ = {};
        return false;
    }
    input_ = std::move(later_[later_head_++]);
    if (later_head_ == later_.size()) {
        later_.clear();
        later_head_ = 0;
    }
    return true;
}

/// The frame whose header or body does not lie within input_.
std::optional<Frame> FrameSplitter::next_straddling() {
    do {
        if (head_size_ < header_size) {
            head_size_ += move_to(head_.data() + head_size_, header_size - head_size_);
            if (head_size_ < header_size) continue;
            body_ = Buffer::allocate(FrameHeader::read(head_.data()).length);
        }
        if (!body_.empty()) {
            body_size_ += move_to(body_.mutable_data() + body_size_, body_.size() - body_size_);
        }
        if (body_size_ < body_.size()) continue;
        Frame frame;
        frame.header = FrameHeader::read(head_.data());
        frame.body = std::move(body_);
        head_size_ = 0;
        body_size_ = 0;
        return frame;
    } while (refill());
    return std::nullopt;
}

std::size_t FrameSplitter::move_to(std::uint8_t* target, std::size_t wanted) {
    const std::size_t size = std::min(wanted, input_.size());
    if (size != 0) std::memcpy(target, input_.data(), size);
    input_.remove_prefix(size);
    return size;
}

}  // namespace jetway::wire
