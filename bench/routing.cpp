// What the routing core costs as a mesh grows: shortest paths beside the textbook's Dijkstra over
// the same map; finding a name and carrying a frame in a router that knows many machines and names;
// and the memory that a million services take.
#include <algorithm>
#include <benchmark/benchmark.h>
#include <cstdio>
#include <cstdlib>
#include <malloc.h>
#include <map>
#include <memory>
#include <queue>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "routing/core.hpp"
#include "routing/directory.hpp"
#include "routing/link.hpp"
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
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
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
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(textbook)->RangeMultiplier(10)->Range(10, 10'000)->Unit(benchmark::kMillisecond);

// ---- a router that knows much

constexpr std::uint64_t epoch = 100;
using Records = std::vector<wire::ServiceRecord>;

wire::ServiceRecord service(std::uint64_t instance, std::string name) {
    wire::ServiceRecord record;
    record.set_instance(instance);
    record.set_service(std::move(name));
    record.set_weight(1);
    return record;
}

/// 23 letters.
std::string name_of(std::size_t number) {
    const std::string digits = std::to_string(number);
    return "warehouse.stock-" + std::string(digits.size() < 7 ? 7 - digits.size() : 0, '0') +
           digits;
}

std::uint64_t digest_of_all(const Records& records) {
    std::uint64_t digest = 0;
    for (const wire::ServiceRecord& record : records) digest += digest_of(record);
    return digest;
}

/// One router, `here`, between two neighbours; behind the one in the east are all others, eight
/// behind each. The neighbours are frames that this class writes.
class World {
public:
    /// `names` of them, spread over the others; `of_one` instances of one more, "popular".
    World(std::size_t routers, std::size_t names, std::size_t of_one) : names_(names) {
        join(west, west_router, false);
        join(east, east_router, true);
        tell_record(west_router, {here_router});
        pass(std::chrono::seconds(1));
        for (RouterId router = east_router; router < here_router + routers; ++router)
            tell_router(router, here_router + routers);
        const std::size_t others = routers - 2;
        std::size_t number = 0;
        for (std::size_t i = 0; i < others; ++i) {
            Records records;
            while (number < names * (i + 1) / others) {
                records.push_back(service(records.size() + 1, name_of(number++)));
            }
            const std::size_t popular = of_one * (i + 1) / others - of_one * i / others;
            for (std::size_t j = 0; j < popular; ++j)
                records.push_back(service(records.size() + 1, "popular"));
            tell_catalogue(east_router + i, records);
        }
        pass(std::chrono::seconds(1));
        open_stream();
    }

    void resolve(const std::string& name) const {
        const auto choice = core_.resolve(now_, name);
        if (!choice) fail(choice.error().line());
        benchmark::DoNotOptimize(choice->egress);
    }
    /// With a suggestion, if there is a name like it.
    void miss() const {
        if (core_.resolve(now_, "warehouse.stick-0000007").has_value()) fail("a name too many");
    }
    std::string any_name() { return name_of(random_.below(names_)); }

    /// One frame of the open stream arrives and leaves.
    void carry() {
        core_.receive(now_, west, {wire::FrameType::data, label, body_});
        if (!core_.pull(now_, east, frame_)) fail("a frame did not leave");
        benchmark::DoNotOptimize(frame_.body.data());
        sent_ += body_.size();
        if (granted_ - sent_ < window / 2) grant();
    }

private:
    static constexpr LinkId west = 0;
    static constexpr LinkId east = 1;
    static constexpr RouterId here_router = 1;
    static constexpr RouterId west_router = 2;
    static constexpr RouterId east_router = 3;
    static constexpr std::uint32_t label = 1;
    static constexpr std::uint64_t window = 4UL * 1024 * 1024;

    [[noreturn]] static void fail(const std::string& why) {
        std::fprintf(stderr, "bench_routing: %s\n", why.c_str());
        std::exit(1);
    }
    static Options machine(RouterId router) {
        Options options;
        options.machine = "machine-" + std::to_string(router);
        options.router = router;
        options.epoch = epoch;
        options.heartbeat = std::chrono::hours(1);
        return options;
    }
    void say(LinkId link, wire::Frame frame) {
        core_.receive(now_, link, std::move(frame));
        Actions actions;
        core_.take(actions);
        if (!actions.close.empty()) fail(actions.close[0].reason.line());
        drain();
    }
    void pass(Duration time) {
        now_ += time;
        core_.tick(now_);
        drain();
    }
    /// What leaves goes nowhere.
    void drain() {
        for (const LinkId link : {west, east}) {
            while (core_.pull(now_, link, frame_)) {
                if (!frame_.header.is(wire::FrameType::nack)) continue;
                fail(wire::to_error(*wire::decode<wire::Nack>(frame_.body.bytes())).line());
            }
        }
    }
    /// No faster than a neighbour may.
    void tell(wire::FrameType type, Buffer body) {
        say(west, {type, 0, std::move(body)});
        if (++told_ % 50 == 0) pass(std::chrono::milliseconds(100));
    }
    void join(LinkId link, RouterId peer, bool dialled) {
        LinkOptions options;
        options.dialled = dialled;
        options.terminal = dialled ? "east" : "west";
        core_.add_link(now_, link, options);
        say(link, {wire::FrameType::hello, 0, wire::encode(hello_of(machine(peer), {}))});
        wire::Summary nothing;  // is what it knows
        nothing.set_to(~RouterId{0});
        say(link, {wire::FrameType::summary, 0, wire::encode(nothing)});
        say(link, {wire::FrameType::sync_done, 0});
    }
    void tell_router(RouterId router, RouterId end) {
        std::vector<RouterId> peers;
        if (router == east_router) peers.push_back(here_router);
        if (router != east_router) peers.push_back(east_router + (router - east_router - 1) / 8);
        for (RouterId i = 1; i <= 8; ++i) {
            const RouterId child = east_router + (router - east_router) * 8 + i;
            if (child < end) peers.push_back(child);
        }
        tell_record(router, peers);
    }
    void tell_record(RouterId router, const std::vector<RouterId>& peers) {
        wire::NodeRecord record;
        record.set_router(router);
        record.set_epoch(epoch);
        record.set_sequence(1);
        record.set_machine("machine-" + std::to_string(router));
        for (const RouterId peer : peers) {
            wire::Adjacency* adjacency = record.add_adjacencies();
            adjacency->set_peer(peer);
            adjacency->set_peer_epoch(epoch);
            adjacency->set_cost(10);
        }
        tell(wire::FrameType::node, wire::encode(record));
    }
    void tell_catalogue(RouterId router, const Records& records) {
        if (records.empty()) return;
        Names names;
        Catalogue catalogue(names, 0);
        if (!catalogue.replace(epoch, 1, digest_of_all(records), records)) fail("too many names");
        const auto snapshot = catalogue.snapshot(router);
        for (const Buffer& chunk : snapshot->chunks) tell(wire::FrameType::dir_snapshot, chunk);
    }
    void open_stream() {
        wire::Open open;
        open.mutable_id()->set_router(west_router);
        open.mutable_id()->set_epoch(epoch);
        open.mutable_id()->set_counter(1);
        open.set_source("caller@machine-2");
        open.set_destination("sink@machine-3");
        open.set_egress(east_router);
        open.set_egress_epoch(epoch);
        open.set_instance(1);
        for (const RouterId router : {west_router, here_router, east_router})
            open.add_route(router);
        open.set_position(1);
        open.set_hop_limit(wire::hop_limit);
        say(west, {wire::FrameType::open, label, wire::encode(open)});
        say(east, {wire::FrameType::opened, label, wire::encode(wire::Opened())});
        grant();
    }
    void grant() {
        granted_ = sent_ + window;
        say(east, {wire::FrameType::window, label, wire::encode(wire::Window{granted_, sent_})});
    }

    SeededRandom random_{1};
    Time now_{std::chrono::seconds(1'000)};
    Core core_{machine(here_router), random_, now_};
    std::size_t names_;
    std::uint64_t told_ = 0;
    wire::Frame frame_;
    Buffer body_ = Buffer::allocate(1'000);
    std::uint64_t sent_ = 0;
    std::uint64_t granted_ = 0;
};

/// Made once: a large one takes seconds.
World& world(std::size_t routers, std::size_t names, std::size_t of_one) {
    static std::map<std::vector<std::size_t>, std::unique_ptr<World>> worlds;
    auto& known = worlds[{routers, names, of_one}];
    if (!known) known = std::make_unique<World>(routers, names, of_one);
    return *known;
}

World& world(const benchmark::State& state) {
    return world(static_cast<std::size_t>(state.range(0)), static_cast<std::size_t>(state.range(1)),
                 0);
}

/// By routers known, then by names known.
void sizes(benchmark::internal::Benchmark* benchmark) {
    for (const int routers : {10, 100, 1'000, 10'000}) benchmark->Args({routers, 10'000});
    for (const int names : {1'000, 100'000, 1'000'000}) benchmark->Args({1'000, names});
}

/// A name out of many, to the route that an OPEN carries.
void resolve(benchmark::State& state) {
    World& here = world(state);
    std::vector<std::string> wanted(1'024);
    for (std::string& name : wanted) name = here.any_name();
    std::size_t next = 0;
    while (state.KeepRunning()) here.resolve(wanted[next++ % wanted.size()]);
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(resolve)->Apply(sizes);

/// The same with "@machine".
void resolve_at(benchmark::State& state) {
    World& here = world(state);
    const std::string name = name_of(0) + "@machine-3";
    while (state.KeepRunning()) here.resolve(name);
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(resolve_at)->Apply(sizes);

/// A name that nobody offers, to the error with what was probably meant.
void miss(benchmark::State& state) {
    World& here = world(state);
    while (state.KeepRunning()) here.miss();
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(miss)->ArgsProduct({{1'000}, {1'000, 10'000, 100'000, 1'000'000}});

/// One name: instances of it, and the machines that offer it.
void resolve_popular(benchmark::State& state) {
    const auto machines = static_cast<std::size_t>(state.range(1));
    World& here = world(machines + 2, 0, static_cast<std::size_t>(state.range(0)));
    while (state.KeepRunning()) here.resolve("popular");
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(resolve_popular)->ArgsProduct({{1'000, 10'000, 100'000, 1'000'000}, {100}});
BENCHMARK(resolve_popular)->ArgsProduct({{100'000}, {10, 1'000, 10'000}});

/// A frame of 1,000 bytes through the whole core, from link to link.
void carry(benchmark::State& state) {
    World& here = world(state);
    while (state.KeepRunning()) here.carry();
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(carry)->Apply(sizes);

// ---- memory

/// Taken from malloc, with what malloc needs itself.
std::size_t allocated() {
    const struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

/// `instances` over `machines`, each of one of `names` names; learned as a whole catalogue a
/// machine, or as single changes in frames of 200.
void learn(Directory& directory, std::size_t instances, std::size_t machines, std::size_t names,
           bool as_changes) {
    std::size_t number = 0;
    for (NodeIndex node = 0; node < machines; ++node) {
        Records records;
        while (number < instances * (node + 1) / machines) {
            records.push_back(service(records.size() + 1, name_of(number++ % names)));
        }
        if (!as_changes) {
            SnapshotAssembly::Whole whole{1, epoch, 1, digest_of_all(records), std::move(records)};
            directory.replace(node, whole).value();
            continue;
        }
        std::uint64_t digest = 0;
        for (std::size_t i = 0; i < records.size();) {
            wire::DirectoryDelta delta;
            delta.set_epoch(epoch);
            delta.set_from_sequence(i + 1);
            for (; i < records.size() && delta.ops_size() < 200; ++i) {
                digest += digest_of(records[i]);
                *delta.add_ops()->mutable_record() = std::move(records[i]);
            }
            delta.set_to_sequence(i);
            delta.set_digest_after(digest);
            directory.apply(node, delta).value();
        }
        directory.take_changes();
    }
    directory.take_changes();
}

/// What a directory takes, in all and for one of its instances.
void measure_memory(benchmark::State& state, std::size_t names, bool as_changes) {
    const auto instances = static_cast<std::size_t>(state.range(0));
    const std::size_t machines = std::clamp<std::size_t>(instances / 1'000, 100, 1'000);
    while (state.KeepRunning()) {
        malloc_trim(0);
        const std::size_t before = allocated();
        Directory directory;
        learn(directory, instances, machines, names, as_changes);
        const auto taken = static_cast<double>(allocated() - before);
        state.counters["bytes"] = taken;
        state.counters["each"] = taken / static_cast<double>(instances);
        if (directory.instances() != instances) state.SkipWithError("not all were taken");
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) *
                            static_cast<std::int64_t>(instances));
}
void memory_each_its_name(benchmark::State& state) {
    measure_memory(state, ~std::size_t{0}, false);
}
void memory_each_its_name_by_changes(benchmark::State& state) {
    measure_memory(state, ~std::size_t{0}, true);
}
void memory_of_1000_names(benchmark::State& state) {
    measure_memory(state, 1'000, false);
}
constexpr std::int64_t million = 1'000'000;
BENCHMARK(memory_each_its_name)->RangeMultiplier(10)->Range(1'000, million)->Iterations(1);
BENCHMARK(memory_each_its_name_by_changes)
    ->RangeMultiplier(10)
    ->Range(1'000, million)
    ->Iterations(1);
BENCHMARK(memory_of_1000_names)->RangeMultiplier(10)->Range(1'000, million)->Iterations(1);

/// A machine takes 10,000 instances of one name away that 100 others offer as well, one by one, the
/// first first.
void withdraw(benchmark::State& state) {
    Directory directory;
    learn(directory, 1'010'000, 101, 1, false);
    std::uint64_t instance = 0;
    while (state.KeepRunning()) directory.withdraw(0, epoch, ++instance);
    if (directory.instances() != 1'000'000) state.SkipWithError("not all were taken away");
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(withdraw)->Iterations(10'000);

}  // namespace
}  // namespace jetway::routing

BENCHMARK_MAIN();
