// The Stamp: what every message of the terminal-to-video services says of itself, and the first 40
// bytes of its encoding. Included by the three message families: bytes.hpp, diff.hpp, picture.hpp.
//
//   0        1        2                 4                          8
//   +--------+--------+-----------------+--------------------------+
//   |version | kind   | flags           | epoch                    |
//   +--------+--------+-----------------+--------------------------+
//   | session                                                      |
//   | sequence                                                     |
//   | us                                                           |
//   | off                                                          |
//   +--------------------------------------------------------------+
//   40 bytes, little-endian, then the body
#pragma once

#include <cstdint>

#include "base/buffer.hpp"
#include "base/result.hpp"

namespace jetway::screen {

inline constexpr std::uint8_t message_version = 1;
inline constexpr std::size_t stamp_size = 40;

enum class MessageKind : std::uint8_t {
    pty_out = 1,
    pty_size = 2,
    pty_mark = 3,
    pty_exit = 4,
    snapshot = 16,
    diff = 17,
    picture = 32,
};

struct Stamp {
    /// Chosen by whoever runs the program (or by the recording), kept along the pipeline.
    std::uint64_t session = 0;
    /// Grows when the sender starts over.
    std::uint32_t epoch = 0;
    /// Of the sender's messages on this stream, from 0, without holes.
    std::uint64_t sequence = 0;
    /// Since the session's start: when the bytes were read, or the time of the picture.
    std::uint64_t us = 0;
    /// Bytes the program had written: before this PtyOut, or shown by this screen or picture.
    std::uint64_t off = 0;
    /// Time is virtual (a replay as fast as can be): nobody may skip or coalesce.
    bool offline = false;
    bool operator==(const Stamp&) const = default;
};

/// The kind of an encoded message; E-PROTOCOL when it is too short, E-VERSION when of another
/// version.
Result<MessageKind> message_kind(Bytes message);

}  // namespace jetway::screen
