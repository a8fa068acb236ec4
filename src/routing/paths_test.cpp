#include "routing/paths.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <rapidcheck/gtest.h>
#include <tuple>

namespace jetway::routing {
namespace {

struct Edge {
    NodeIndex from;
    NodeIndex to;
    std::uint32_t cost;
};

/// Node i is router ids[i], or 100 + i.
Graph graph_of(std::size_t nodes, const std::vector<Edge>& edges,
               std::vector<wire::RouterId> ids = {}, const std::vector<NodeIndex>& closed = {}) {
    Graph graph;
    for (std::size_t i = 0; i < nodes; ++i)
        graph.router.push_back(i < ids.size() ? ids[i] : 100 + i);
    graph.transit.assign(nodes, 1);
    for (const NodeIndex node : closed) graph.transit[node] = 0;
    graph.first.assign(1, 0);
    for (NodeIndex node = 0; node < nodes; ++node) {
        for (const Edge& edge : edges) {
            if (edge.from != node) continue;
            graph.target.push_back(edge.to);
            graph.cost.push_back(edge.cost);
        }
        graph.first.push_back(static_cast<std::uint32_t>(graph.target.size()));
    }
    return graph;
}

bool has_edge(const Graph& graph, NodeIndex from, NodeIndex to) {
    const auto begin = graph.target.begin() + graph.first[from];
    const auto end = graph.target.begin() + graph.first[from + 1];
    return std::find(begin, end, to) != end;
}

using Route = std::vector<NodeIndex>;

TEST(Paths, TheCheapestWins) {
    const Graph graph = graph_of(3, {{0, 2, 30}, {0, 1, 10}, {1, 2, 10}});
    const Paths paths(graph, 0);
    EXPECT_EQ(paths.route(2), (Route{0, 1, 2}));
    EXPECT_EQ(paths.cost(2), 20U);
    EXPECT_EQ(paths.hops(2), 2U);
}

TEST(Paths, OfEquallyCheapOnesTheShortestWins) {
    const Graph graph = graph_of(4, {{0, 1, 10}, {1, 3, 20}, {0, 2, 10}, {2, 1, 0}, {0, 3, 30}});
    EXPECT_EQ(Paths(graph, 0).route(3), (Route{0, 3}));
}

TEST(Paths, OfEquallyShortOnesTheSmallerRouterIdWins) {
    const std::vector<Edge> edges = {{0, 1, 10}, {0, 2, 10}, {1, 3, 10}, {2, 3, 10}};
    EXPECT_EQ(Paths(graph_of(4, edges, {1, 5, 9, 7}), 0).route(3), (Route{0, 1, 3}));
    EXPECT_EQ(Paths(graph_of(4, edges, {1, 9, 5, 7}), 0).route(3), (Route{0, 2, 3}));
}

TEST(Paths, MachinesThatTakeNoTransitAreEndsAndBeginnings) {
    const std::vector<Edge> edges = {{0, 1, 1}, {1, 2, 1}, {0, 3, 50}, {3, 2, 50}};
    EXPECT_EQ(Paths(graph_of(4, edges, {}, {1}), 0).route(2), (Route{0, 3, 2}));
    EXPECT_EQ(Paths(graph_of(4, edges, {}, {1}), 0).route(1), (Route{0, 1}));
    EXPECT_EQ(Paths(graph_of(4, edges, {}, {0}), 0).route(2), (Route{0, 1, 2}));
}

TEST(Paths, AvoidedEdgesAreNotUsedInTheirDirection) {
    const Graph graph = graph_of(3, {{0, 1, 1}, {1, 2, 1}, {0, 2, 9}, {2, 1, 1}});
    const Avoid avoid{{{1, 2}}, {}};
    EXPECT_EQ(Paths(graph, 0, avoid).route(2), (Route{0, 2}));
    EXPECT_EQ(Paths(graph, 2, avoid).route(1), (Route{2, 1}));
}

TEST(Paths, AvoidedMachinesAreNotReached) {
    const Graph graph = graph_of(4, {{0, 1, 1}, {1, 2, 1}, {0, 3, 9}, {3, 2, 9}, {3, 1, 1}});
    const Paths paths(graph, 0, {{}, {1}});
    EXPECT_EQ(paths.route(2), (Route{0, 3, 2}));
    EXPECT_FALSE(paths.reaches(1));
}

TEST(Paths, WhatIsNotReachedHasNoRoute) {
    const Paths paths(graph_of(3, {{0, 1, 1}, {2, 0, 1}}), 0);
    EXPECT_FALSE(paths.reaches(2));
    EXPECT_TRUE(paths.route(2).empty());
    EXPECT_FALSE(paths.reaches(77));
    EXPECT_TRUE(paths.reaches(0));
    EXPECT_EQ(paths.route(0), Route{0});
}

TEST(Paths, SumsDoNotOverflowIntoUnreachable) {
    const Paths paths(graph_of(3, {{0, 1, 0xFFFFFFF0}, {1, 2, 0xFFFFFFF0}}), 0);
    EXPECT_TRUE(paths.reaches(2));
    EXPECT_EQ(paths.hops(2), 2U);
}

/// Bellman and Ford, slow and plain: the least (cost, hops) of each node.
std::vector<std::pair<std::uint64_t, std::uint64_t>> oracle(const Graph& graph, NodeIndex root) {
    using Length = std::pair<std::uint64_t, std::uint64_t>;
    std::vector<Length> best(graph.size(), {~0ULL, ~0ULL});
    best[root] = {0, 0};
    for (std::size_t round = 0; round < graph.size(); ++round) {
        for (NodeIndex node = 0; node < graph.size(); ++node) {
            if (best[node].first == ~0ULL || (node != root && graph.transit[node] == 0)) continue;
            for (auto edge = graph.first[node]; edge < graph.first[node + 1]; ++edge) {
                const Length length{best[node].first + graph.cost[edge], best[node].second + 1};
                best[graph.target[edge]] = std::min(best[graph.target[edge]], length);
            }
        }
    }
    return best;
}

RC_GTEST_PROP(Paths, AreTheShortestAndRealOnAnyMap, ()) {
    const auto nodes = *rc::gen::inRange<NodeIndex>(1, 14);
    std::map<std::pair<NodeIndex, NodeIndex>, std::uint32_t> unique;
    const auto count = *rc::gen::inRange(0, 50);
    for (int i = 0; i < count; ++i) {
        const auto from = *rc::gen::inRange<NodeIndex>(0, nodes);
        const auto to = *rc::gen::inRange<NodeIndex>(0, nodes);
        if (from != to) unique[{from, to}] = *rc::gen::inRange<std::uint32_t>(1, 6);
    }
    std::vector<Edge> edges;
    edges.reserve(unique.size());
    for (const auto& [ends, cost] : unique) edges.push_back({ends.first, ends.second, cost});
    const auto closed =
        *rc::gen::container<std::vector<NodeIndex>>(rc::gen::inRange<NodeIndex>(0, nodes));
    const Graph graph = graph_of(nodes, edges, {}, closed);
    const Paths paths(graph, 0);
    const auto best = oracle(graph, 0);
    for (NodeIndex node = 0; node < nodes; ++node) {
        RC_ASSERT(paths.reaches(node) == (best[node].first != ~0ULL));
        if (!paths.reaches(node)) continue;
        RC_ASSERT(paths.cost(node) == best[node].first);
        RC_ASSERT(paths.hops(node) == best[node].second);
        const Route route = paths.route(node);
        RC_ASSERT(route.front() == 0U);
        RC_ASSERT(route.back() == node);
        RC_ASSERT(route.size() == paths.hops(node) + 1);
        for (std::size_t i = 0; i + 1 < route.size(); ++i) {
            RC_ASSERT(has_edge(graph, route[i], route[i + 1]));
            RC_ASSERT(i == 0 || graph.transit[route[i]] == 1);
        }
    }
}

RC_GTEST_PROP(Paths, DoNotDependOnTheOrderInWhichMachinesBecameKnown, ()) {
    const auto nodes = *rc::gen::inRange<NodeIndex>(2, 10);
    std::vector<wire::RouterId> ids;
    ids.reserve(nodes);
    for (NodeIndex node = 0; node < nodes; ++node) ids.push_back(10 + node);
    std::vector<NodeIndex> place(nodes);
    for (NodeIndex node = 0; node < nodes; ++node) place[node] = node;
    for (NodeIndex node = nodes - 1; node > 0; --node) {
        std::swap(place[node], place[*rc::gen::inRange<NodeIndex>(0, node + 1)]);
    }
    std::vector<wire::RouterId> moved_ids(nodes);
    for (NodeIndex node = 0; node < nodes; ++node) moved_ids[place[node]] = ids[node];
    std::vector<Edge> edges;
    std::vector<Edge> moved;
    for (NodeIndex from = 0; from < nodes; ++from) {
        for (NodeIndex to = 0; to < nodes; ++to) {
            if (from == to || !*rc::gen::arbitrary<bool>()) continue;
            const auto cost = *rc::gen::inRange<std::uint32_t>(1, 3);
            edges.push_back({from, to, cost});
            moved.push_back({place[from], place[to], cost});
        }
    }
    const Graph one = graph_of(nodes, edges, ids);
    const Graph two = graph_of(nodes, moved, moved_ids);
    for (NodeIndex node = 0; node < nodes; ++node) {
        std::vector<wire::RouterId> first;
        std::vector<wire::RouterId> second;
        for (const NodeIndex step : Paths(one, 0).route(node)) first.push_back(one.router[step]);
        for (const NodeIndex step : Paths(two, place[0]).route(place[node])) {
            second.push_back(two.router[step]);
        }
        RC_ASSERT(first == second);
    }
}

}  // namespace
}  // namespace jetway::routing
