#include "routing/router_index.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace jetway::routing {

std::size_t RouterIndex::home(RouterId router) const {
    // Fibonacci hashing: the high bits of a product are well mixed.
    const std::uint64_t mixed = router * 0x9e3779b97f4a7c15U;
    return mixed >> (64 - static_cast<unsigned>(std::countr_zero(slots_.size())));
}

NodeIndex RouterIndex::find(const Nodes& nodes, RouterId router) const {
    if (slots_.empty()) return no_node;
    std::size_t slot = home(router);
    while (slots_[slot] != no_node && nodes[slots_[slot]]->router != router) slot = after(slot);
    return slots_[slot];
}

void RouterIndex::insert(const Nodes& nodes, NodeIndex place) {
    reserve(nodes, size_ + 1);
    put(nodes, place);
    ++size_;
}

void RouterIndex::put(const Nodes& nodes, NodeIndex place) {
    std::size_t slot = home(nodes[place]->router);
    while (slots_[slot] != no_node) slot = after(slot);
    slots_[slot] = place;
}

void RouterIndex::erase(const Nodes& nodes, NodeIndex place) {
    std::size_t hole = home(nodes[place]->router);
    while (slots_[hole] != place) hole = after(hole);
    // Those behind it move up, but none before its home: or else it would not be found.
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t slot = after(hole); slots_[slot] != no_node; slot = after(slot)) {
        const std::size_t wanted = home(nodes[slots_[slot]]->router);
        if (((slot - wanted) & mask) < ((slot - hole) & mask)) continue;
        slots_[hole] = slots_[slot];
        hole = slot;
    }
    slots_[hole] = no_node;
    --size_;
}

void RouterIndex::reserve(const Nodes& nodes, std::size_t count) {
    if (4 * count <= 3 * slots_.size()) return;
    const std::size_t slots = std::bit_ceil(std::max<std::size_t>(count * 4 / 3 + 1, 8));
    const std::vector<NodeIndex> before =
        std::exchange(slots_, std::vector<NodeIndex>(slots, no_node));
    for (const NodeIndex place : before) {
        if (place != no_node) put(nodes, place);
    }
}

}  // namespace jetway::routing
