// Frames: what a link carries. Each is an 8-byte header and a payload of at most 65,535 bytes.
//
//    0               1               2               3
//    0 1 2 3 4 5 6 7 0 1 2 3 4 5 6 7 0 1 2 3 4 5 6 7 0 1 2 3 4 5 6 7
//   +-------------------------------+---------------+---------------+
//   |         length (LE)           |     type      |     flags     |
//   +-------------------------------+---------------+---------------+
//   |                          label (LE)                           |
//   +---------------------------------------------------------------+
//   |                     payload, `length` bytes                   |
//
// Label 0 is the link's own (control); any other is a stream's label on this link, picked by the
// sender of OPEN: odd by the side that dialled, even by the side that accepted. docs/protocol.md is
// the specification for strangers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/buffer.hpp"
#include "base/result.hpp"

namespace jetway::wire {

inline constexpr std::size_t header_size = 8;
inline constexpr std::size_t max_payload = 65'535;
inline constexpr std::uint32_t protocol_version = 1;
/// A side reuses its labels and so has at most 65,535 streams open on a link; a larger label closes
/// the link.
inline constexpr std::uint32_t max_label = (1U << 17U) - 1;

/// The top bit of a type marks it as ignorable: a receiver that does not know the type skips the
/// frame. Any other unknown type closes the link.
inline constexpr std::uint8_t ignorable = 0x80;

enum class FrameType : std::uint8_t {
    // on a stream's label
    open = 1,       // wire::Open
    opened = 2,     // wire::Opened
    nack = 3,       // wire::Nack
    data = 4,       // stream bytes, or with flag `outcome` a wire::Outcome
    window = 5,     // Window, 16 bytes
    stop = 6,       // wire::Reset: "I will not read more"
    reset = 7,      // wire::Reset: both directions end at once
    reset_ack = 8,  // empty
    fin_ack = 9,    // empty; network links only
    // on label 0 of a network link
    hello = 16,
    heartbeat = 17,
    node = 18,
    sync_done = 19,
    dir_delta = 20,
    dir_pull = 21,
    dir_snapshot = 22,
    verdict = 23,  // keep or drop one of two links between a pair
    goaway = 24,
    summary = 25,
    digests = 26,
    // on label 0 of a local link
    attach = 32,
    attached = 33,
    offer = 34,
    offered = 35,
    withdraw = 36,
    account = ignorable | 37,
    // between the two ends of a Unix socket (wire/sharing.hpp), on label 0 but for shared_data
    share = ignorable | 40,
    arena = 41,
    arena_answer = 42,
    arena_gone = 43,
    shared_data = 44,  // DATA whose bytes lie in an arena
    returned = 45,
};

/// Flags of DATA. Others must be 0.
namespace flag {
inline constexpr std::uint8_t fin = 0x01;  // no more from this side
// Only with fin: the payload is a wire::Outcome, not stream bytes.
inline constexpr std::uint8_t outcome = 0x04;
}  // namespace flag

struct FrameHeader {
    std::uint16_t length = 0;
    std::uint8_t type = 0;
    std::uint8_t flags = 0;
    std::uint32_t label = 0;

    /// The header as one number, little-endian in memory: the opaque header of a Message on a
    /// terminal's pipes.
    constexpr std::uint64_t pack() const {
        return std::uint64_t{length} | std::uint64_t{type} << 16U | std::uint64_t{flags} << 24U |
               std::uint64_t{label} << 32U;
    }
    static constexpr FrameHeader unpack(std::uint64_t packed) {
        return {static_cast<std::uint16_t>(packed), static_cast<std::uint8_t>(packed >> 16U),
                static_cast<std::uint8_t>(packed >> 24U),
                static_cast<std::uint32_t>(packed >> 32U)};
    }
    /// The same from and to the 8 bytes on the wire.
    static FrameHeader read(const std::uint8_t* bytes);
    void write(std::uint8_t* bytes) const;
    bool is(FrameType frame_type) const { return type == static_cast<std::uint8_t>(frame_type); }
    bool operator==(const FrameHeader&) const = default;
};

struct Frame {
    FrameHeader header;
    Buffer body;  // header.length bytes

    Frame() = default;
    /// The length is the body's. The body must fit (asserted): callers bound what they encode.
    Frame(FrameType type, std::uint32_t label, Buffer payload = {}, std::uint8_t flags = 0);
};

/// WINDOW's payload: absolute offsets of stream bytes, so repeating or reordering it is harmless.
struct Window {
    std::uint64_t up_to = 0;     // the sender of data may send bytes below this offset
    std::uint64_t consumed = 0;  // everything below this offset was taken by the application
    bool operator==(const Window&) const = default;
};
Buffer encode(const Window& window);
Result<Window> decode_window(Bytes payload);

/// Cuts a byte stream into frames. Bodies are slices of the buffers handed in; only a body that
/// straddles two is copied, into a buffer of its own size. Total: any bytes are frames; what they
/// mean is for the receiver. A slice keeps the whole buffer that was handed in alive: who holds
/// bodies for long bounds Buffer::block_size().
class FrameSplitter {
public:
    /// Appends bytes as they arrived. Take all frames with next() before the next push: then no
    /// more than one unfinished frame is held.
    void push(Buffer bytes);
    /// The next whole frame, or nothing until more bytes come.
    std::optional<Frame> next();
    /// Bytes that no frame was made of yet. After next() gave nothing: those of an unfinished
    /// frame, not 0 when a peer died in the middle of one.
    std::size_t pending() const;

private:
    bool refill();
    std::optional<Frame> next_straddling();
    std::size_t move_to(std::uint8_t* target, std::size_t wanted);

    Buffer input_;
    std::vector<Buffer> later_;  // pushed while input_ was not used up
    std::size_t later_head_ = 0;
    std::array<std::uint8_t, header_size> head_{};  // the beginning of a straddling frame
    std::size_t head_size_ = 0;
    Buffer body_;
    std::size_t body_size_ = 0;
};

}  // namespace jetway::wire
