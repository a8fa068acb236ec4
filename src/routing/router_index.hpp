// From router ids to places in the table of nodes, in four bytes a slot: the ids themselves are in
// the nodes. Open addressing, linear probing (Knuth, volume 3, 6.4, algorithms L and R).
#pragma once

#include <cstdint>
#include <vector>

#include "routing/node.hpp"
#include "routing/paths.hpp"

namespace jetway::routing {

using Nodes = std::vector<NodePtr>;  // by NodeIndex

class RouterIndex {
public:
    /// no_node when it is not there. `nodes` is the same table in every call.
    NodeIndex find(const Nodes& nodes, RouterId router) const;
    /// nodes[place] has come; its router is not in the index.
    void insert(const Nodes& nodes, NodeIndex place);
    /// nodes[place], which is in the index, is about to go.
    void erase(const Nodes& nodes, NodeIndex place);
    /// Makes room for so many in all.
    void reserve(const Nodes& nodes, std::size_t count);

private:
    std::size_t home(RouterId router) const;
    std::size_t after(std::size_t slot) const { return (slot + 1) & (slots_.size() - 1); }
    void put(const Nodes& nodes, NodeIndex place);

    std::vector<NodeIndex> slots_;  // a power of two, at most three quarters of them taken
    std::size_t size_ = 0;
};

}  // namespace jetway::routing
