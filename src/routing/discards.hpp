// What a router did not pass on, in stream bytes by reason. In transit, copies in = copies out +
// queued + these.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string_view>

namespace jetway::routing {

enum class Discard : std::uint8_t {
    unwanted,  // their receiver had stopped reading
    repeated,  // said once more on another way, and had come already
    stale,     // came on a label whose stream had ended, or gone on by another way
    refused,   // waited for a stream that was refused
    reset,     // waited for a stream that an end reset, or that lost one
    way_lost,  // waited for a link that died, there or farther on
    pressure,  // waited where there was no memory for them, here or farther on
};
inline constexpr std::array<std::string_view, 7> discard_names{
    "unwanted", "repeated", "stale", "refused", "reset", "way_lost", "pressure"};

struct Discards {
    std::array<std::uint64_t, discard_names.size()> bytes{};

    std::uint64_t& operator[](Discard why) { return bytes[static_cast<std::size_t>(why)]; }
    std::uint64_t operator[](Discard why) const { return bytes[static_cast<std::size_t>(why)]; }
    std::uint64_t sum() const {
        return std::accumulate(bytes.begin(), bytes.end(), std::uint64_t{0});
    }
};

}  // namespace jetway::routing
