// The map as this machine sees it: the graph of usable links, the shortest paths from here, and a
// way around what is better avoided just now.
#pragma once

#include <optional>
#include <vector>

#include "routing/failed_edges.hpp"
#include "routing/links.hpp"
#include "routing/topology.hpp"

namespace jetway::routing {

class Map {
public:
    /// Both outlive the map.
    Map(const Topology& topology, const Links& links) : topology_(topology), links_(links) {}

    /// Finds all paths anew. Own links that are dead are not used even while our record still lists
    /// them.
    void find_paths();
    const Paths& paths() const { return paths_; }

    /// An edge that a NACK called dead. Edges that are not on the map are not believed.
    void failed(Time now, RouterId from, RouterId to);
    void drop(NodeIndex node) { failed_.drop(node); }

    /// The way to `node`, this machine first; around failed edges and suspect links when there is
    /// another way.
    std::vector<NodeIndex> route(Time now, NodeIndex node) const;
    /// The way from neighbour `first` to `node` that does not come back here, this machine first.
    std::vector<NodeIndex> route_by(NodeIndex first, NodeIndex node) const;

private:
    std::vector<NodeEdge> dead_links() const;
    std::vector<NodeEdge> avoided(Time now) const;

    const Topology& topology_;
    const Links& links_;
    Graph graph_;
    Paths paths_;
    FailedEdges failed_;
    // The last way around, and what it avoids: many streams ask for the same one.
    mutable std::vector<NodeEdge> detour_avoids_;
    mutable std::optional<Paths> detour_;
};

}  // namespace jetway::routing
