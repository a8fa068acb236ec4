// Sets of small numbers as bits. Private to src/transport.
#pragma once

#include <bit>
#include <optional>

#include "wire/sharing.hpp"

namespace jetway::transport {

inline void insert(wire::References& set, std::size_t number) {
    set.at(number / 64) |= std::uint64_t{1} << number % 64;
}
inline void erase(wire::References& set, std::size_t number) {
    set.at(number / 64) &= ~(std::uint64_t{1} << number % 64);
}
inline bool contains(const wire::References& set, std::size_t number) {
    return (set.at(number / 64) >> number % 64 & 1U) != 0;
}
inline std::optional<std::size_t> lowest(const wire::References& set) {
    for (std::size_t i = 0; i < set.size(); ++i) {
        if (set.at(i) != 0) return i * 64 + static_cast<std::size_t>(std::countr_zero(set.at(i)));
    }
    return std::nullopt;
}
/// The lowest that is not in the set.
inline std::optional<std::size_t> lowest_missing(wire::References set) {
    for (auto& word : set) word = ~word;
    return lowest(set);
}
inline void merge(wire::References& set, const wire::References& more) {
    for (std::size_t i = 0; i < set.size(); ++i) set.at(i) |= more.at(i);
}
inline bool includes(const wire::References& set, const wire::References& part) {
    for (std::size_t i = 0; i < set.size(); ++i) {
        if ((part.at(i) & ~set.at(i)) != 0) return false;
    }
    return true;
}

}  // namespace jetway::transport
