#include "wire/control.hpp"

namespace jetway::wire {

std::uint64_t digest(Bytes bytes) {
    // FNV-1a (Fowler, Noll, Vo), then the finaliser of splitmix64, because FNV's high bits mix
    // badly on short input.
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const std::uint8_t byte : bytes) hash = (hash ^ byte) * 0x100000001b3U;
    hash = (hash ^ (hash >> 30U)) * 0xbf58476d1ce4e5b9U;
    hash = (hash ^ (hash >> 27U)) * 0x94d049bb133111ebU;
    return hash ^ (hash >> 31U);
}

std::uint64_t digest(std::string_view text) {
    return digest(Bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

}  // namespace jetway::wire
