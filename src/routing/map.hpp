// The map as this machine sees it: the graph of usable links, the shortest paths from here, the
// ways over each neighbour, and ways around what is dead or doubtful just now.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "routing/doubts.hpp"
#include "routing/links.hpp"
#include "routing/quota.hpp"
#include "routing/topology.hpp"

namespace jetway::routing {

using Route = std::vector<NodeIndex>;

/// Paths for new streams: around failed edges, suspect links and suspect machines to whatever can
/// be reached so, by them to the rest. Doubt is better than nothing. Of one moment: not kept across
/// events.
class Ways {
public:
    Ways(const Paths& all, const Paths& careful) : all_(all), careful_(careful) {}

    bool are_certain() const { return &all_ == &careful_; }
    bool is_doubtful(NodeIndex node) const { return !careful_.reaches(node); }
    const Paths& to(NodeIndex node) const { return is_doubtful(node) ? all_ : careful_; }
    /// This machine first; empty when there is no way.
    Route route(NodeIndex node) const { return to(node).route(node); }
    std::uint32_t cost(NodeIndex node) const { return to(node).cost(node); }
    std::uint32_t hops(NodeIndex node) const { return to(node).hops(node); }

private:
    const Paths& all_;
    const Paths& careful_;
};

class Map {
public:
    /// Both outlive the map.
    Map(const Topology& topology, const Links& links, Time now)
        : topology_(topology),
          links_(links),
          searches_(searches_a_second, searches_a_second, now) {}

    /// Finds all paths anew; gives those of before. Own links that are dead are not used even while
    /// our record still lists them.
    Paths find_paths();
    const Paths& paths() const { return paths_; }

    /// An edge that a NACK called dead. Edges that are not on the map are not believed.
    void failed(Time now, RouterId from, RouterId to);
    /// Our last link to the machine went: it may be dead, and whoever has not noticed yet would
    /// send into the void. Doubted for two seconds, or until it says something new.
    void suspect(Time now, NodeIndex node) {
        if (node != no_node) doubts_.add(now, node);
    }
    void trust(NodeIndex node) { doubts_.trust(node); }
    void drop(NodeIndex node) { doubts_.drop(node); }

    /// The paths for new streams.
    Ways ways(Time now) const;

    /// The way to `node` for a stream that found `failed` dead on its way over `walked`. Best is
    /// one that keeps off the machines behind those links and does not turn back; then one that may
    /// turn back; then one that avoids the links alone. Empty when there is none, or when too many
    /// have been asked for within a second.
    Route around(Time now, NodeIndex node, const std::vector<NodeEdge>& failed,
                 const Route& walked);

    /// A way that begins with another neighbour, and never comes back here whatever others believe.
    struct Alternate {
        Route route;  // this machine first
        std::uint32_t cost = 0;
        bool protects_node = false;  // keeps off the first machine of the best way
    };
    /// Over each neighbour but the first of the best way, the cheapest first. Neighbours that alone
    /// cost more than `most_cost` are not looked at.
    std::vector<Alternate> alternates(NodeIndex node,
                                      std::uint64_t most_cost = Paths::unreachable) const;
    /// Those that are as good as the best way: within a twentieth of its cost (or 1), three at
    /// most. Unequal ones are safe too, as a stream carries its route.
    std::vector<Route> equals(NodeIndex node) const;
    /// The way from neighbour `first` to `node` that does not come back here, this machine first.
    Route route_by(NodeIndex first, NodeIndex node) const;

private:
    static constexpr std::uint64_t searches_a_second = 50;
    static constexpr std::size_t most_detours = 8;
    static constexpr std::size_t most_trees = 8;
    static constexpr std::size_t most_equals = 3;

    Avoid dead() const;
    Avoid doubted(Time now) const;
    const Paths* find_detour(const Avoid& avoid) const;
    const Paths& detour(const Avoid& avoid) const;
    const Paths* search(Time now, const Avoid& avoid);
    const Paths& tree_of(NodeIndex neighbour) const;
    const Graph& graph() const;

    const Topology& topology_;
    const Links& links_;
    Paths paths_;
    Doubts doubts_;
    Quota searches_;  // of around(): what a neighbour can make us work

    // Made when first asked for, kept until paths are found anew.
    struct Detour {
        Avoid avoid;
        Paths paths;
    };
    mutable std::optional<Graph> graph_;
    mutable std::vector<Detour> detours_;
    mutable std::map<NodeIndex, Paths> trees_;  // from each neighbour, without this machine
};

}  // namespace jetway::routing
