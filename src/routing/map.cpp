#include "routing/map.hpp"

#include <algorithm>

namespace jetway::routing {

namespace {

constexpr NodeIndex self = 0;

bool crosses(const std::vector<NodeIndex>& route, const std::vector<NodeEdge>& avoid) {
    for (std::size_t i = 0; i + 1 < route.size(); ++i) {
        if (std::ranges::find(avoid, NodeEdge{route[i], route[i + 1]}) != avoid.end()) return true;
    }
    return false;
}

}  // namespace

void Map::find_paths() {
    graph_ = topology_.graph();
    paths_ = Paths(graph_, self, dead_links());
    detour_.reset();
}

std::vector<NodeEdge> Map::dead_links() const {
    std::vector<NodeEdge> dead;
    for (std::uint32_t edge = graph_.first[self]; edge < graph_.first[self + 1]; ++edge) {
        const NodeIndex peer = graph_.target[edge];
        if (links_.to(topology_[peer].router) == no_link) dead.push_back({self, peer});
    }
    return dead;
}

void Map::failed(Time now, RouterId from, RouterId to) {
    const NodeEdge edge{topology_.find(from), topology_.find(to)};
    if (edge.from == no_node || edge.to == no_node) return;
    if (graph_.has_edge(edge.from, edge.to)) failed_.add(now, edge);
}

std::vector<NodeEdge> Map::avoided(Time now) const {
    std::vector<NodeEdge> avoid = failed_.active(now);
    for (const RouterId peer : links_.suspects()) {
        const NodeIndex node = topology_.find(peer);
        if (node != no_node) avoid.push_back({self, node});
    }
    return avoid;
}

std::vector<NodeIndex> Map::route(Time now, NodeIndex node) const {
    std::vector<NodeIndex> route = paths_.route(node);
    std::vector<NodeEdge> avoid = avoided(now);
    if (!crosses(route, avoid)) return route;
    const std::vector<NodeEdge> dead = dead_links();
    avoid.insert(avoid.end(), dead.begin(), dead.end());
    if (!detour_ || detour_avoids_ != avoid) {
        detour_ = Paths(graph_, self, avoid);
        detour_avoids_ = std::move(avoid);
    }
    // Doubt is better than nothing: what was reported dead may be the only way.
    return detour_->reaches(node) ? detour_->route(node) : route;
}

std::vector<NodeIndex> Map::route_by(NodeIndex first, NodeIndex node) const {
    if (first >= graph_.size()) return {};
    std::vector<NodeEdge> back;
    for (NodeIndex from = 0; from < graph_.size(); ++from) {
        if (graph_.has_edge(from, self)) back.push_back({from, self});
    }
    std::vector<NodeIndex> route = Paths(graph_, first, back).route(node);
    if (!route.empty()) route.insert(route.begin(), self);
    return route;
}

}  // namespace jetway::routing
