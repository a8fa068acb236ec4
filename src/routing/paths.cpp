#include "routing/paths.hpp"

#include <algorithm>
#include <queue>
#include <tuple>

namespace jetway::routing {

namespace {

struct Reached {
    std::uint32_t cost;
    std::uint32_t hops;
    wire::RouterId router;
    NodeIndex node;

    bool operator>(const Reached& other) const {
        return std::tie(cost, hops, router) > std::tie(other.cost, other.hops, other.router);
    }
};

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

bool Graph::has_edge(NodeIndex from, NodeIndex to) const {
    if (from >= size()) return false;
    const auto begin = target.begin() + first[from];
    const auto end = target.begin() + first[from + 1];
    return std::find(begin, end, to) != end;
}

Paths::Paths(const Graph& graph, NodeIndex root, const Avoid& avoid)
    : cost_(graph.size(), unreachable), hops_(graph.size(), 0), before_(graph.size(), no_node) {
    std::priority_queue<Reached, std::vector<Reached>, std::greater<>> open;
    cost_[root] = 0;
    open.push({0, 0, graph.router[root], root});
    while (!open.empty()) {
        const Reached next = open.top();
        open.pop();
        const NodeIndex node = next.node;
        if (next.cost != cost_[node] || next.hops != hops_[node]) continue;
        if (node != root && graph.transit[node] == 0) continue;
        for (std::uint32_t edge = graph.first[node]; edge < graph.first[node + 1]; ++edge) {
            const NodeIndex target = graph.target[edge];
            const std::uint32_t cost = add(next.cost, graph.cost[edge]);
            if (!better(graph, node, target, cost)) continue;
            if (!avoid.empty() && avoid.forbids({node, target})) continue;
            cost_[target] = cost;
            hops_[target] = next.hops + 1;
            before_[target] = node;
            open.push({cost, next.hops + 1, graph.router[target], target});
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
