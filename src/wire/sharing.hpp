// Frames by which the two ends of a Unix socket pass payloads through shared memory instead of the
// socket: docs/protocol.md, "Shared memory". Payloads of fixed size, little-endian. An arena is
// memory that one side has and the other may read.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/buffer.hpp"
#include "base/result.hpp"

namespace jetway::wire {

/// Payloads of one side that the other has not returned yet.
inline constexpr std::size_t max_shared = 128;
/// Arenas of one side that the other maps.
inline constexpr std::size_t max_arenas = 64;
inline constexpr std::size_t max_arena = 16UL * 1024 * 1024;

/// SHARED_DATA's payload: where the stream bytes lie.
//
//    0               1               2               3
//   +---------------+---------------+-------------------------------+
//   |   reference   |     arena     |            length             |
//   +---------------+---------------+-------------------------------+
//   |                            offset                             |
//   +---------------------------------------------------------------+
struct SharedData {
    std::uint8_t reference = 0;  // names the loan until it is returned; below max_shared
    std::uint8_t arena = 0;      // below max_arenas
    std::uint16_t length = 0;    // not 0
    std::uint32_t offset = 0;    // in the arena
    bool operator==(const SharedData&) const = default;
};
using SharedDataBytes = std::array<std::uint8_t, 8>;
SharedDataBytes encode(const SharedData& shared);
Result<SharedData> decode_shared_data(Bytes payload);

/// RETURNED's payload: one bit for each reference, 0 the lowest of the first word.
using References = std::array<std::uint64_t, max_shared / 64>;
using ReferencesBytes = std::array<std::uint8_t, max_shared / 8>;
ReferencesBytes encode(const References& references);
Result<References> decode_references(Bytes payload);

/// The payload of ARENA, ARENA_GONE and, with `taken`, of ARENA_ANSWER: the arena's number, and 1
/// for taken.
using ArenaBytes = std::array<std::uint8_t, 2>;
struct Arena {
    std::uint8_t number = 0;  // below max_arenas
    bool taken = false;
    bool operator==(const Arena&) const = default;
};
ArenaBytes encode(const Arena& arena);
Result<Arena> decode_arena(Bytes payload);

}  // namespace jetway::wire
