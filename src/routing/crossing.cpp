#include "routing/crossing.hpp"

#include <cassert>

namespace jetway::routing {

std::uint32_t Crossings::add() {
    std::uint32_t index = bound_;
    if (!free_.empty()) {
        index = free_.back();
        free_.pop_back();
    } else if (bound_++ % block_size == 0) {
        blocks_.push_back(std::make_unique<Crossing[]>(block_size));
    }
    (*this)[index].live = true;
    ++live_;
    return index;
}

void Crossings::remove(std::uint32_t index) {
    Crossing& crossing = (*this)[index];
    assert(crossing.flows[0].queue.empty() && crossing.flows[1].queue.empty());
    crossing = Crossing();
    free_.push_back(index);
    --live_;
}

}  // namespace jetway::routing
