#include "routing/topology.hpp"

#include <gtest/gtest.h>

namespace jetway::routing {
namespace {

using namespace std::chrono_literals;

constexpr Time start{1'000s};

struct Peer {
    RouterId router;
    std::uint64_t epoch = 1;
    std::uint32_t cost = 10;
};

/// "m2" is router 2, and so on.
wire::NodeRecord record(RouterId router, std::uint64_t sequence, const std::vector<Peer>& peers,
                        std::uint64_t epoch = 1, std::uint32_t flags = 0) {
    wire::NodeRecord record;
    record.set_router(router);
    record.set_epoch(epoch);
    record.set_sequence(sequence);
    record.set_machine("m" + std::to_string(router));
    record.set_flags(flags);
    for (const Peer& peer : peers) {
        wire::Adjacency* adjacency = record.add_adjacencies();
        adjacency->set_peer(peer.router);
        adjacency->set_peer_epoch(peer.epoch);
        adjacency->set_cost(peer.cost);
    }
    return record;
}

/// Router 1 looks at the mesh.
struct View {
    Topology topology{1, "m1", start};

    Topology::Accepted hear(const wire::NodeRecord& record, Time now = start) {
        return topology.accept(now, make_node(record, wire::encode(record)));
    }
    Topology::Changes look(Time now = start) {
        return topology.reach(now, Paths(topology.graph(), 0));
    }
    bool reaches(RouterId router) { return topology.reachable(topology.find(router)); }
};

TEST(Topology, ALinkIsUsableOnlyWhenBothEndsListIt) {
    View view;
    view.hear(record(1, 1, {{2}}));
    view.hear(record(2, 1, {}));
    EXPECT_TRUE(view.topology.graph().target.empty());
    view.hear(record(2, 2, {{1}}));
    EXPECT_EQ(view.topology.graph().target.size(), 2U);
    view.look();
    EXPECT_TRUE(view.reaches(2));
}

TEST(Topology, ALinkToAnEarlierLifeIsNotUsable) {
    View view;
    view.hear(record(1, 1, {{2, 1}}));
    view.hear(record(2, 1, {{1}}));
    view.look();
    ASSERT_TRUE(view.reaches(2));
    const auto restarted = view.hear(record(2, 1, {{1}}, 5));
    EXPECT_TRUE(restarted.restarted);
    EXPECT_TRUE(restarted.bad);
    view.look();
    EXPECT_FALSE(view.reaches(2));
    view.hear(record(1, 2, {{2, 5}}));
    view.look();
    EXPECT_TRUE(view.reaches(2));
}

TEST(Topology, OnlyNewerRecordsAreTaken) {
    View view;
    EXPECT_TRUE(view.hear(record(2, 5, {})).taken);
    EXPECT_EQ(view.hear(record(2, 5, {})).news, Topology::News::same);
    EXPECT_EQ(view.hear(record(2, 4, {{1}})).news, Topology::News::older);
    EXPECT_EQ(view.hear(record(2, 6, {})).news, Topology::News::newer);
    EXPECT_EQ(view.hear(record(2, 1, {}, 2)).news, Topology::News::newer);
    EXPECT_EQ(view.hear(record(2, 99, {}, 1)).news, Topology::News::older);
    EXPECT_EQ(view.topology[1].version, (Version{2, 1}));
}

TEST(Topology, OfTwoContentsOfOneVersionAllTakeTheSame) {
    const auto one = record(2, 5, {{1}});
    const auto two = record(2, 5, {{3}});
    View forth;
    forth.hear(one);
    EXPECT_EQ(forth.hear(two).news, Topology::News::conflict);
    View back;
    back.hear(two);
    EXPECT_EQ(back.hear(one).news, Topology::News::conflict);
    EXPECT_EQ(forth.topology[1].digest, back.topology[1].digest);
}

TEST(Topology, BadNewsIsWhatTakesSomethingAway) {
    View view;
    view.hear(record(2, 1, {{1}}));
    const auto more = view.hear(record(2, 2, {{1}, {3}}));
    EXPECT_FALSE(more.bad);
    EXPECT_TRUE(more.moved);
    const auto dearer = view.hear(record(2, 3, {{1, 1, 99}, {3}}));
    EXPECT_FALSE(dearer.bad);
    EXPECT_TRUE(dearer.moved);
    const auto same_links = view.hear(record(2, 4, {{1, 1, 99}, {3}}));
    EXPECT_FALSE(same_links.moved);
    const auto less = view.hear(record(2, 5, {{3}}));
    EXPECT_TRUE(less.bad);
    EXPECT_EQ(view.topology.last_broken(0), "link m2>m1");
    EXPECT_TRUE(view.hear(record(2, 6, {{3}}, 1, wire::draining)).bad);
}

TEST(Topology, ReportsWhoCameAndWhoWent) {
    View view;
    view.hear(record(1, 1, {{2}}));
    view.hear(record(2, 1, {{1}, {3}}));
    view.hear(record(3, 1, {{2}}));
    EXPECT_EQ(view.look().reached, (std::vector<NodeIndex>{1, 2}));
    view.hear(record(2, 2, {{1}}));
    const auto changes = view.look(start + 10s);
    EXPECT_EQ(changes.lost, std::vector<NodeIndex>{2});
    EXPECT_EQ(view.topology.since(2), start + 10s);
    view.hear(record(2, 3, {{1}, {3}}));
    const auto back = view.look(start + 5min);
    EXPECT_EQ(back.reached, std::vector<NodeIndex>{2});
    EXPECT_EQ(back.long_lost, std::vector<NodeIndex>{2});
}

TEST(Topology, ForgetsAfterAQuarterOfAnHourButBelievesNothingOlder) {
    View view;
    view.hear(record(2, 5, {}));
    EXPECT_TRUE(view.topology.forget(start + 14min).empty());
    EXPECT_EQ(view.topology.forget(start + 15min), std::vector<NodeIndex>{1});
    EXPECT_TRUE(view.topology.forget(start + 16min).empty());
    EXPECT_TRUE(view.topology.named("m2").empty());
    EXPECT_EQ(view.hear(record(2, 4, {{1}})).news, Topology::News::older);
}

TEST(Topology, MachinesThatDrainTakeNoTransit) {
    View view;
    view.hear(record(1, 1, {{2}}));
    view.hear(record(2, 1, {{1}, {3}}, 1, wire::draining));
    view.hear(record(3, 1, {{2}}));
    view.look();
    EXPECT_TRUE(view.reaches(2));
    EXPECT_FALSE(view.reaches(3));
}

TEST(Topology, WhenItIsFullTheLongestLostMakesRoomAndNoOneElse) {
    View view;
    view.hear(record(1, 1, {{2}}));
    view.hear(record(2, 1, {{1}}));
    view.look();
    for (RouterId router = 3; view.topology.size() < max_origins; ++router) {
        view.hear(record(router, 1, {}), start + std::chrono::seconds(router));
    }
    const auto accepted = view.hear(record(1'000'000, 1, {}), start + 24h);
    EXPECT_TRUE(accepted.recycled);
    EXPECT_EQ(view.topology.find(3), no_node);
    EXPECT_EQ(view.topology.find(1'000'000), accepted.node);
    EXPECT_NE(view.topology.find(2), no_node);
    EXPECT_EQ(view.topology.size(), max_origins);
}

TEST(Topology, ARecordDoesNotKeepAWholeSocketBufferAlive) {
    View view;
    const auto small = wire::encode(record(2, 1, {}));
    Buffer read = Buffer::allocate(64UL * 1024);
    std::copy_n(small.data(), small.size(), read.mutable_data());
    view.topology.accept(start, make_node(record(2, 1, {}), read.slice(0, small.size())));
    EXPECT_LE(view.topology[1].body.block_size(), 2 * small.size() + 64);
}

}  // namespace
}  // namespace jetway::routing
