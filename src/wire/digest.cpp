#include "wire/control.hpp"

namespace jetway::wire {

namespace {

/// The finaliser of splitmix64: one to one.
std::uint64_t mixed(std::uint64_t value) {
    value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9U;
    value = (value ^ (value >> 27U)) * 0x94d049bb133111ebU;
    return value ^ (value >> 31U);
}

}  // namespace

std::uint64_t digest(Bytes bytes) {
    // FNV-1a (Fowler, Noll, Vo), then mixed, because FNV's high bits mix badly on short input.
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const std::uint8_t byte : bytes) hash = (hash ^ byte) * 0x100000001b3U;
    return mixed(hash);
}

std::uint64_t digest(std::string_view text) {
    return digest(Bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

std::uint64_t place(RouterId router) {
    return mixed(router);
}

}  // namespace jetway::wire
