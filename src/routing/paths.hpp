// Shortest paths from one machine over a map in compact arrays. Deterministic: cost, then hops,
// then the smaller RouterId of the machine before; so every router that has the same map finds the
// same paths.
#pragma once

#include <cstdint>
#include <vector>

#include "wire/control.hpp"

namespace jetway::routing {

/// A machine's place in the tables of this router. Dense; kept for as long as the machine is
/// remembered.
using NodeIndex = std::uint32_t;
inline constexpr NodeIndex no_node = ~NodeIndex{0};

/// The usable edges: the ones out of node i are target[first[i]] to target[first[i + 1] - 1].
struct Graph {
    std::vector<wire::RouterId> router;   // of each node
    std::vector<std::uint8_t> transit;    // may streams of others cross it?
    std::vector<std::uint32_t> first{0};  // one more than nodes
    std::vector<NodeIndex> target;
    std::vector<std::uint32_t> cost;

    std::size_t size() const { return router.size(); }
};

/// An edge that must not be used, in the direction given.
struct NodeEdge {
    NodeIndex from = no_node;
    NodeIndex to = no_node;
    bool operator==(const NodeEdge&) const = default;
};

/// What paths must not use.
struct Avoid {
    std::vector<NodeEdge> edges;
    std::vector<NodeIndex> nodes;

    bool empty() const { return edges.empty() && nodes.empty(); }
    bool forbids(NodeEdge edge) const;
    bool operator==(const Avoid&) const = default;
};

class Paths {
public:
    static constexpr std::uint32_t unreachable = ~std::uint32_t{0};

    Paths() = default;
    /// Dijkstra from `root`, which is expanded even when it takes no transit.
    Paths(const Graph& graph, NodeIndex root, const Avoid& avoid = {});

    bool reaches(NodeIndex node) const { return cost(node) != unreachable; }
    std::uint32_t cost(NodeIndex node) const {
        return node < cost_.size() ? cost_[node] : unreachable;
    }
    std::uint32_t hops(NodeIndex node) const { return node < hops_.size() ? hops_[node] : 0; }
    /// The one before `node` on its path; no_node for the root and for what is not reached.
    NodeIndex previous(NodeIndex node) const {
        return node < before_.size() ? before_[node] : no_node;
    }
    /// The root first, `node` last; empty when it is not reached.
    std::vector<NodeIndex> route(NodeIndex node) const;

private:
    bool better(const Graph& graph, NodeIndex before, NodeIndex node, std::uint32_t cost) const;

    std::vector<std::uint32_t> cost_;
    std::vector<std::uint16_t> hops_;  // fewer than max_origins
    std::vector<NodeIndex> before_;
};

}  // namespace jetway::routing
