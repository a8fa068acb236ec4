// What the control core costs as a mesh grows: shortest paths beside the textbook's Dijkstra over
// the same map, and resolving a name among many.
#include <benchmark/benchmark.h>
#include <queue>
#include <set>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "routing/paths.hpp"

namespace jetway::routing {
namespace {

/// `nodes` machines with about eight links each, at costs as real links have.
Graph map_of(std::size_t nodes) {
    SeededRandom random(nodes);
    std::vector<std::set<NodeIndex>> peers(nodes);
    const auto join = [&](std::size_t a, std::size_t b) {
        if (a == b) return;
        peers[a].insert(static_cast<NodeIndex>(b));
        peers[b].insert(static_cast<NodeIndex>(a));
    };
    for (std::size_t i = 1; i < nodes; ++i) join(i, random.below(i));
    for (std::size_t i = 0; i < 3 * nodes; ++i) join(random.below(nodes), random.below(nodes));
    Graph graph;
    for (std::size_t i = 0; i < nodes; ++i) {
        graph.router.push_back(random.next());
        graph.transit.push_back(1);
        for (const NodeIndex peer : peers[i]) {
            graph.target.push_back(peer);
            graph.cost.push_back(
                10 + static_cast<std::uint32_t>((i * 31 + std::size_t{peer} * 31) % 97));
        }
        graph.first.push_back(static_cast<std::uint32_t>(graph.target.size()));
    }
    return graph;
}

void shortest_paths(benchmark::State& state) {
    const Graph graph = map_of(static_cast<std::size_t>(state.range(0)));
    while (state.KeepRunning()) benchmark::DoNotOptimize(Paths(graph, 0));
    state.counters["edges"] = static_cast<double>(graph.target.size());
}
BENCHMARK(shortest_paths)->RangeMultiplier(10)->Range(10, 10'000)->Unit(benchmark::kMillisecond);

/// The floor: costs and predecessors alone, without hops, ties, transit or a choice of edges.
void textbook(benchmark::State& state) {
    const Graph graph = map_of(static_cast<std::size_t>(state.range(0)));
    while (state.KeepRunning()) {
        std::vector<std::uint32_t> cost(graph.size(), ~0U);
        std::vector<NodeIndex> before(graph.size(), no_node);
        using Entry = std::pair<std::uint32_t, NodeIndex>;
        std::priority_queue<Entry, std::vector<Entry>, std::greater<>> open;
        cost[0] = 0;
        open.emplace(0, 0);
        while (!open.empty()) {
            const auto [reached, node] = open.top();
            open.pop();
            if (reached != cost[node]) continue;
            for (std::uint32_t edge = graph.first[node]; edge < graph.first[node + 1]; ++edge) {
                const std::uint32_t next = reached + graph.cost[edge];
                if (next >= cost[graph.target[edge]]) continue;
                cost[graph.target[edge]] = next;
                before[graph.target[edge]] = node;
                open.emplace(next, graph.target[edge]);
            }
        }
        benchmark::DoNotOptimize(before);
    }
}
BENCHMARK(textbook)->RangeMultiplier(10)->Range(10, 10'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace jetway::routing

BENCHMARK_MAIN();
