#include "routing/map.hpp"

#include <algorithm>
#include <utility>

namespace jetway::routing {

namespace {

constexpr NodeIndex self = 0;

/// A link that is dead one way is dead.
void add_both_ways(Avoid& avoid, NodeEdge edge) {
    for (const NodeEdge way : {edge, NodeEdge{edge.to, edge.from}}) {
        if (std::ranges::find(avoid.edges, way) == avoid.edges.end()) avoid.edges.push_back(way);
    }
}

}  // namespace

Paths Map::find_paths() {
    graph_.reset();
    detours_.clear();
    trees_.clear();
    return std::exchange(paths_, Paths(topology_.graph(), self, dead()));
}

/// Larger than all that a router keeps of the map; few ask for more than the paths.
const Graph& Map::graph() const {
    if (!graph_) graph_ = topology_.graph();
    return *graph_;
}

Avoid Map::dead() const {
    Avoid avoid;
    for (const Adjacent& adjacency : topology_[self].adjacents) {
        const NodeIndex peer = topology_.find(adjacency.peer);
        if (peer != no_node && links_.to(adjacency.peer) == no_link)
            add_both_ways(avoid, {self, peer});
    }
    return avoid;
}

Avoid Map::doubted(Time now) const {
    Avoid active = doubts_.active(now);
    Avoid avoid{{}, std::move(active.nodes)};
    for (const NodeEdge& edge : active.edges) add_both_ways(avoid, edge);
    for (const RouterId peer : links_.suspects()) {
        const NodeIndex node = topology_.find(peer);
        if (node != no_node) add_both_ways(avoid, {self, node});
    }
    return avoid;
}

void Map::failed(Time now, RouterId from, RouterId to) {
    const NodeEdge edge{topology_.find(from), topology_.find(to)};
    if (edge.from == no_node || edge.to == no_node) return;
    if (topology_.joined(edge.from, edge.to)) doubts_.add(now, edge);
}

const Paths* Map::find_detour(const Avoid& avoid) const {
    const auto found = std::ranges::find(detours_, avoid, &Detour::avoid);
    return found == detours_.end() ? nullptr : &found->paths;
}

const Paths& Map::detour(const Avoid& avoid) const {
    if (const Paths* found = find_detour(avoid)) return *found;
    if (detours_.size() == most_detours) detours_.erase(detours_.begin());
    return detours_.emplace_back(avoid, Paths(graph(), self, avoid)).paths;
}

Ways Map::ways(Time now) const {
    Avoid avoid = doubted(now);
    if (avoid.empty()) return {paths_, paths_};
    for (const NodeEdge& edge : dead().edges) add_both_ways(avoid, edge);
    return {paths_, detour(avoid)};
}

const Paths* Map::search(Time now, const Avoid& avoid) {
    if (const Paths* found = find_detour(avoid)) return found;
    return searches_.take(now, 1) ? &detour(avoid) : nullptr;
}

Route Map::around(Time now, NodeIndex node, const std::vector<NodeEdge>& failed,
                  const Route& walked) {
    Avoid links = dead();
    for (const NodeEdge& edge : failed) add_both_ways(links, edge);
    Avoid machines = links;
    const Avoid doubts = doubted(now);
    for (const NodeEdge& edge : doubts.edges) add_both_ways(machines, edge);
    machines.nodes = doubts.nodes;
    for (const NodeEdge& edge : failed) {
        if (edge.to != node && edge.to != self) machines.nodes.push_back(edge.to);
    }
    std::erase(machines.nodes, node);
    Avoid turning = machines;
    turning.nodes.insert(turning.nodes.end(), walked.begin(), walked.end());
    std::erase(turning.nodes, node);
    for (const Avoid* avoid : {&turning, &machines, &links}) {
        const Paths* paths = search(now, *avoid);
        if (paths == nullptr) return {};
        if (paths->reaches(node)) return paths->route(node);
    }
    return {};
}

const Paths& Map::tree_of(NodeIndex neighbour) const {
    const auto known = trees_.find(neighbour);
    if (known != trees_.end()) return known->second;
    return trees_.emplace(neighbour, Paths(graph(), neighbour, {{}, {self}})).first->second;
}

std::vector<Map::Alternate> Map::alternates(NodeIndex node, std::uint64_t most_cost) const {
    std::vector<Alternate> result;
    const Route best = paths_.route(node);
    if (best.size() < 2) return result;
    struct First {
        std::uint32_t cost;
        NodeIndex neighbour;
        auto operator<=>(const First&) const = default;
    };
    std::vector<First> firsts;
    const Avoid avoid = dead();
    for (std::uint32_t edge = graph().first[self]; edge < graph().first[self + 1]; ++edge) {
        const NodeIndex neighbour = graph().target[edge];
        if (neighbour == best[1] || avoid.forbids({self, neighbour})) continue;
        if (graph().cost[edge] > most_cost) continue;
        firsts.push_back({graph().cost[edge], neighbour});
    }
    std::ranges::sort(firsts);
    if (firsts.size() > most_trees) firsts.resize(most_trees);
    for (const First& first : firsts) {
        if (first.neighbour != node && graph().transit[first.neighbour] == 0) continue;
        Route route = route_by(first.neighbour, node);
        if (route.empty()) continue;
        const bool apart = best[1] == node || std::ranges::find(route, best[1]) == route.end();
        result.push_back(
            {std::move(route), first.cost + tree_of(first.neighbour).cost(node), apart});
    }
    std::ranges::stable_sort(result, {}, &Alternate::cost);
    return result;
}

std::vector<Route> Map::equals(NodeIndex node) const {
    const std::uint64_t best = paths_.cost(node);
    const std::uint64_t enough = best + std::max<std::uint64_t>(best / 20, 1);
    std::vector<Route> result;
    for (Alternate& alternate : alternates(node, enough)) {
        if (alternate.cost > enough || result.size() == most_equals) break;
        result.push_back(std::move(alternate.route));
    }
    return result;
}

Route Map::route_by(NodeIndex first, NodeIndex node) const {
    if (first >= graph().size() || node == self) return {};
    Route route = tree_of(first).route(node);
    if (!route.empty()) route.insert(route.begin(), self);
    return route;
}

}  // namespace jetway::routing
