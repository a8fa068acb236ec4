// XXH64: https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md
#include <array>
#include <bit>
#include <cstring>

#include "screen/picture.hpp"

namespace jetway::screen {
namespace {

constexpr std::uint64_t prime1 = 0x9e3779b185ebca87U;
constexpr std::uint64_t prime2 = 0xc2b2ae3d27d4eb4fU;
constexpr std::uint64_t prime3 = 0x165667b19e3779f9U;
constexpr std::uint64_t prime4 = 0x85ebca77c2b2ae63U;
constexpr std::uint64_t prime5 = 0x27d4eb2f165667c5U;

template <typename T>
std::uint64_t read(const std::uint8_t* at) {
    static_assert(std::endian::native == std::endian::little);
    T value;
    std::memcpy(&value, at, sizeof value);
    return value;
}

std::uint64_t round(std::uint64_t lane, std::uint64_t input) {
    return std::rotl(lane + input * prime2, 31) * prime1;
}

std::uint64_t stripes(const std::uint8_t*& at, const std::uint8_t* end, std::uint64_t seed) {
    std::array<std::uint64_t, 4> lanes{seed + prime1 + prime2, seed + prime2, seed, seed - prime1};
    for (; end - at >= 32; at += 32) {
        for (std::size_t i = 0; i < 4; ++i)
            lanes[i] = round(lanes[i], read<std::uint64_t>(at + 8 * i));
    }
    std::uint64_t hash = std::rotl(lanes[0], 1) + std::rotl(lanes[1], 7) + std::rotl(lanes[2], 12) +
                         std::rotl(lanes[3], 18);
    for (const std::uint64_t lane : lanes) hash = (hash ^ round(0, lane)) * prime1 + prime4;
    return hash;
}

}  // namespace

std::uint64_t xxh64(Bytes bytes, std::uint64_t seed) {
    const std::uint8_t* at = bytes.data();
    const std::uint8_t* const end = at + bytes.size();
    std::uint64_t hash = bytes.size() >= 32 ? stripes(at, end, seed) : seed + prime5;
    hash += bytes.size();
    for (; end - at >= 8; at += 8)
        hash = std::rotl(hash ^ round(0, read<std::uint64_t>(at)), 27) * prime1 + prime4;
    for (; end - at >= 4; at += 4)
        hash = std::rotl(hash ^ read<std::uint32_t>(at) * prime1, 23) * prime2 + prime3;
    for (; end - at >= 1; at += 1) hash = std::rotl(hash ^ *at * prime5, 11) * prime1;
    hash = (hash ^ hash >> 33U) * prime2;
    hash = (hash ^ hash >> 29U) * prime3;
    return hash ^ hash >> 32U;
}

}  // namespace jetway::screen
