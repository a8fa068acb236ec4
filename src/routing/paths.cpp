#include "routing/paths.hpp"

#include <algorithm>
#include <queue>

namespace jetway::routing {

namespace {

/// A node in the queue, by its cost: a number, so that comparing is one instruction.
std::uint64_t queued(std::uint32_t cost, NodeIndex node) {
    return std::uint64_t{cost} << 32U | node;
}

/// Sums stay below "unreachable".
std::uint32_t add(std::uint32_t a, std::uint32_t b) {
    const std::uint64_t sum = std::uint64_t{a} + b;
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(sum, Paths::unreachable - 1));
}

}  // namespace

bool Avoid::forbids(NodeEdge edge) const {
    return std::ranges::find(edges, edge) != edges.end() ||
           std::ranges::find(nodes, edge.to) != nodes.end();
}

Paths::Paths(const Graph& graph, NodeIndex root, const Avoid& avoid)
    : cost_(graph.size(), unreachable), hops_(graph.size(), 0), before_(graph.size(), no_node) {
    // Every edge costs something, so whatever a node's cost, hops and predecessor follow from has
    // been taken out before the node itself is. It is queued again only when it gets cheaper.
    std::priority_queue<std::uint64_t, std::vector<std::uint64_t>, std::greater<>> open;
    cost_[root] = 0;
    open.push(queued(0, root));
    while (!open.empty()) {
        const auto node = static_cast<NodeIndex>(open.top());
        const auto reached = static_cast<std::uint32_t>(open.top() >> 32U);
        open.pop();
        if (reached != cost_[node]) continue;
        if (node != root && graph.transit[node] == 0) continue;
        for (std::uint32_t edge = graph.first[node]; edge < graph.first[node + 1]; ++edge) {
            const NodeIndex target = graph.target[edge];
            const std::uint32_t cost = add(reached, graph.cost[edge]);
            if (!better(graph, node, target, cost)) continue;
            if (!avoid.empty() && avoid.forbids({node, target})) continue;
            if (cost < cost_[target]) open.push(queued(cost, target));
            cost_[target] = cost;
            hops_[target] = static_cast<std::uint16_t>(hops_[node] + 1);
            before_[target] = node;
        }
    }
}

bool Paths::better(const Graph& graph, NodeIndex before, NodeIndex node, std::uint32_t cost) const {
    if (cost != cost_[node]) return cost < cost_[node];
    if (before_[node] == no_node) return false;
    const std::uint32_t hops = hops_[before] + 1;
    if (hops != hops_[node]) return hops < hops_[node];
    return graph.router[before] < graph.router[before_[node]];
}

std::vector<NodeIndex> Paths::route(NodeIndex node) const {
    std::vector<NodeIndex> route;
    if (!reaches(node)) return route;
    for (NodeIndex at = node; at != no_node; at = before_[at]) route.push_back(at);
    std::ranges::reverse(route);
    return route;
}

}  // namespace jetway::routing
