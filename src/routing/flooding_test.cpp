#include "routing/flooding.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <rapidcheck/gtest.h>
#include <set>

namespace jetway::routing {
namespace {

using namespace std::chrono_literals;
using wire::FrameType;

constexpr Time start{1'000s};

wire::NodeRecord record(RouterId router, std::uint64_t sequence) {
    wire::NodeRecord record;
    record.set_router(router);
    record.set_epoch(1);
    record.set_sequence(sequence);
    record.set_machine("m" + std::to_string(router));
    return record;
}

/// A router that knows machines 1 (itself), 2, 3, ... and one link of it.
struct Teller {
    Topology topology{1, "m1", start};
    Directory directory;
    Flooding flooding{start};
    std::uint64_t other_contents = 0;  // what the neighbour holds under one version with us

    explicit Teller(RouterId machines) {
        for (RouterId router = 1; router <= machines; ++router) hear(router, 1);
    }
    NodeIndex hear(RouterId router, std::uint64_t sequence) {
        const auto news = record(router, sequence);
        return topology.accept(start, make_node(news, wire::encode(news))).node;
    }
    void offer(std::uint64_t instance, std::string name = "echo") {
        wire::ServiceRecord service;
        service.set_instance(instance);
        service.set_service(std::move(name));
        directory.offer(0, 1, service);
    }
    /// The neighbour says that it knows these machines, in these versions, and nothing else.
    void compared(const std::vector<std::pair<RouterId, std::uint64_t>>& known,
                  std::uint64_t services = 0) {
        wire::Summary summary;
        summary.set_to(~std::uint64_t{0});
        auto by_place = known;
        std::ranges::sort(by_place, {}, [](const auto& of) { return wire::place(of.first); });
        for (const auto& [router, sequence] : by_place) {
            summary.add_routers(router);
            summary.add_epochs(1);
            summary.add_sequences(sequence);
            summary.add_services(services);
            summary.add_contents(contents_of(router));
        }
        flooding.compared(summary, topology, directory);
    }
    /// As here, so that only versions differ.
    std::uint64_t contents_of(RouterId router) const {
        const NodeIndex node = topology.find(router);
        return (node == no_node ? 0 : contents(topology, directory, node)) + other_contents;
    }
    std::optional<wire::Frame> pull_any(Time now = start) {
        wire::Frame frame;
        if (!flooding.pull(now, topology, directory, frame)) return std::nullopt;
        return frame;
    }
    /// The next one that is more than an answer to a comparison.
    std::optional<wire::Frame> pull(Time now = start) {
        auto frame = pull_any(now);
        while (frame && frame->header.is(FrameType::summary)) frame = pull_any(now);
        return frame;
    }
    /// "router.sequence" of the next record; "-" when there is none.
    std::string next_record() {
        const auto frame = pull();
        if (!frame || !frame->header.is(FrameType::node)) return "-";
        const auto told = *wire::decode<wire::NodeRecord>(frame->body.bytes());
        return std::to_string(told.router()) + "." + std::to_string(told.sequence());
    }
};

TEST(Flooding, WritesTheVersionOfNowHoweverOftenItChanged) {
    Teller teller(2);
    for (std::uint64_t sequence = 2; sequence < 50; ++sequence) {
        teller.flooding.tell_record(teller.hear(2, sequence), false);
    }
    EXPECT_EQ(teller.next_record(), "2.49");
    EXPECT_EQ(teller.next_record(), "-");
}

TEST(Flooding, BadNewsGoesFirst) {
    Teller teller(4);
    teller.flooding.tell_record(1, false);
    teller.flooding.tell_record(2, false);
    teller.flooding.tell_record(3, true);
    teller.flooding.tell_record(2, true);   // it got worse
    teller.flooding.tell_record(3, false);  // and this did not get better
    EXPECT_EQ(teller.next_record(), "3.1");
    EXPECT_EQ(teller.next_record(), "4.1");
    EXPECT_EQ(teller.next_record(), "2.1");
    EXPECT_EQ(teller.next_record(), "-");
}

TEST(Flooding, WhatTheNeighbourHasIsNotTold) {
    Teller teller(3);
    teller.flooding.tell_record(1, true);
    teller.flooding.tell_record(2, false);
    teller.flooding.has_record(1);
    EXPECT_EQ(teller.next_record(), "3.1");
    EXPECT_TRUE(teller.flooding.records_told());
    EXPECT_FALSE(teller.flooding.has_frames());
}

TEST(Flooding, AFreshLinkIsToldOnlyOfMachinesThatAreThere) {
    Teller teller(3);
    teller.compared({});
    EXPECT_EQ(teller.next_record(), "1.1");
    EXPECT_EQ(teller.next_record(), "-");
    teller.flooding.release(2);  // now it is there
    teller.flooding.release(2);
    EXPECT_EQ(teller.next_record(), "3.1");
    EXPECT_EQ(teller.next_record(), "-");
    teller.flooding.tell_record(1, false);  // a newer version is told in any case
    EXPECT_EQ(teller.next_record(), "2.1");
    teller.flooding.release(1);
    EXPECT_EQ(teller.next_record(), "-");
}

TEST(Flooding, TellsOnlyWhatTheNeighbourLacks) {
    Teller teller(4);
    teller.hear(3, 5);
    teller.flooding.tell_record(teller.topology.find(4), false);
    teller.compared({{1, 1}, {3, 4}, {4, 1}});
    EXPECT_EQ(teller.next_record(), "3.5");  // cannot be reached, but the neighbour is behind
    EXPECT_EQ(teller.next_record(), "-");
    teller.flooding.release(teller.topology.find(2));
    EXPECT_EQ(teller.next_record(), "2.1");
    EXPECT_EQ(teller.next_record(), "-");
}

TEST(Flooding, TellsTheChangesThatTheNeighboursCatalogueLacks) {
    Teller teller(1);
    teller.offer(1);
    teller.offer(2);
    teller.compared({{1, 1}}, 1);
    const auto frame = teller.pull();
    ASSERT_TRUE(frame && frame->header.is(FrameType::dir_delta));
    EXPECT_EQ(wire::decode<wire::DirectoryDelta>(frame->body.bytes())->from_sequence(), 2U);
    EXPECT_FALSE(teller.pull());
    teller.compared({{1, 1}}, 2);
    EXPECT_FALSE(teller.pull());
}

TEST(Flooding, TellsAllOfAMachineThatTheNeighbourKnowsOtherwiseUnderTheSameVersions) {
    Teller teller(2);
    teller.offer(1);
    teller.offer(2);
    teller.compared({{1, 1}, {2, 1}}, 2);
    EXPECT_FALSE(teller.pull());
    teller.other_contents = 1;
    teller.compared({{1, 1}}, 2);
    EXPECT_EQ(teller.next_record(), "1.1");
    const auto frame = teller.pull();
    ASSERT_TRUE(frame && frame->header.is(FrameType::dir_snapshot));
    EXPECT_EQ(wire::decode<wire::DirectorySnapshot>(frame->body.bytes())->records_size(), 2);
    EXPECT_FALSE(teller.pull());
}

TEST(Flooding, TellsACatalogueThatIsAheadOfARecordThatIsBehind) {
    Teller teller(1);
    teller.offer(1);
    teller.compared({{1, 2}}, 0);  // a newer record of the same life, and no services yet
    const auto frame = teller.pull();
    ASSERT_TRUE(frame);
    EXPECT_TRUE(frame->header.is(FrameType::dir_snapshot));
}

/// Two that compare: what each says to the other until both are silent.
struct Comparison {
    Teller& left;
    Teller& right;
    std::size_t digests = 0;   // in DIGESTS
    std::size_t machines = 0;  // in SUMMARYs
    std::size_t told = 0;      // records

    void run() {
        for (bool busy = true; busy;) {
            busy = turn(left, right);
            busy = turn(right, left) || busy;
        }
    }

private:
    bool turn(Teller& from, Teller& to) {
        const auto frame = from.pull_any();
        if (!frame) return false;
        const Bytes body = frame->body.bytes();
        if (frame->header.is(FrameType::digests)) {
            const auto said = *wire::decode<wire::Digests>(body);
            digests += static_cast<std::size_t>(said.digests_size());
            to.flooding.compared(said, to.topology, to.directory);
        } else if (frame->header.is(FrameType::summary)) {
            const auto said = *wire::decode<wire::Summary>(body);
            machines += static_cast<std::size_t>(said.routers_size());
            to.flooding.compared(said, to.topology, to.directory);
        } else if (frame->header.is(FrameType::node)) {
            ++told;
            const auto record = *wire::decode<wire::NodeRecord>(body);
            to.flooding.has_record(to.hear(record.router(), record.sequence()));
        }
        return true;
    }
};

TEST(Flooding, WhoKnowTheSameFindOutWithADigestForEachSixteenMachines) {
    Teller left(2'000);
    Teller right(2'000);
    left.flooding.compare();
    right.flooding.compare();
    Comparison comparison{left, right};
    comparison.run();
    EXPECT_EQ(comparison.digests, 2U * 128);
    EXPECT_EQ(comparison.machines, 0U);
    EXPECT_EQ(comparison.told, 0U);
    EXPECT_TRUE(left.flooding.all_compared());
    EXPECT_TRUE(right.flooding.all_compared());
}

TEST(Flooding, OfARangeThatDiffersEachSaysOnceWhatItKnowsOfEachMachine) {
    Teller left(2'000);
    Teller right(2'000);
    left.hear(700, 2);
    right.hear(1'400, 9);
    // On a fresh link, and again when only one of them finds that digests differ.
    for (const bool both : {true, false}) {
        left.flooding.compare();
        if (both) right.flooding.compare();
        Comparison comparison{left, right};
        comparison.run();
        EXPECT_GT(comparison.machines, 0U);
        EXPECT_LT(comparison.machines, 2U * 2 * 40);  // two ranges, said by each
        EXPECT_EQ(comparison.told, 2U);
        EXPECT_TRUE(left.flooding.all_compared());
        EXPECT_TRUE(right.flooding.all_compared());
        left.hear(3, both ? 5 : 6);
        right.hear(4, both ? 5 : 6);
    }
}

TEST(Flooding, WhoComesToTheMeshAnewIsToldAll) {
    Teller left(2'000);
    Teller right(1);
    left.flooding.compare();
    right.flooding.compare();
    Comparison comparison{left, right};
    comparison.run();
    EXPECT_EQ(comparison.machines, 2'001U);
    EXPECT_TRUE(left.flooding.all_compared());
    EXPECT_TRUE(right.flooding.all_compared());
}

TEST(Flooding, SaysOfEachMachineWhatItKnows) {
    Teller teller(3);
    teller.offer(1);
    teller.hear(2, 7);
    wire::Digests other;
    other.add_digests(1);
    teller.flooding.compared(other, teller.topology, teller.directory);
    EXPECT_FALSE(teller.flooding.all_compared());
    const auto frame = teller.pull_any();
    ASSERT_TRUE(frame && frame->header.is(FrameType::summary));
    const auto summary = *wire::decode<wire::Summary>(frame->body.bytes());
    EXPECT_EQ(summary.from(), 0U);
    EXPECT_EQ(summary.to(), ~std::uint64_t{0});
    std::map<RouterId, int> at;
    for (int i = 0; i < summary.routers_size(); ++i) at[summary.routers(i)] = i;
    ASSERT_EQ(at.size(), 3U);
    EXPECT_EQ(summary.sequences(at[2]), 7U);
    EXPECT_EQ(summary.services(at[1]), 1U);
    EXPECT_FALSE(teller.pull_any());
}

TEST(Flooding, ASummaryOfManyMachinesComesInPieces) {
    Teller teller(2 * wire::max_summary + 10);
    Teller other(1);
    wire::Digests different;
    different.add_digests(1);
    teller.flooding.compared(different, teller.topology, teller.directory);
    for (const std::size_t machines : {wire::max_summary, wire::max_summary, std::size_t{10}}) {
        EXPECT_FALSE(other.flooding.all_compared());
        const auto frame = teller.pull_any();
        ASSERT_TRUE(frame && frame->header.is(FrameType::summary));
        const auto summary = wire::decode<wire::Summary>(frame->body.bytes());
        ASSERT_TRUE(summary) << summary.error().line();
        EXPECT_EQ(static_cast<std::size_t>(summary->routers_size()), machines);
        EXPECT_TRUE(other.flooding.is_unsure(summary->routers(0)));
        other.flooding.compared(*summary, other.topology, other.directory);
        EXPECT_FALSE(other.flooding.is_unsure(summary->routers(0)));
    }
    EXPECT_FALSE(teller.pull_any());
    EXPECT_TRUE(other.flooding.all_compared());
}

TEST(Flooding, AWithheldMachineThatChangesIsToldWithItsCatalogue) {
    Teller teller(2);
    const NodeIndex other = teller.topology.find(2);
    wire::ServiceRecord service;
    service.set_instance(7);
    service.set_service("cat");
    teller.directory.offer(other, 1, service);
    teller.compared({});
    while (teller.pull()) {
    }
    teller.flooding.tell_record(teller.hear(2, 2), false);
    EXPECT_EQ(teller.next_record(), "2.2");
    const auto frame = teller.pull();
    ASSERT_TRUE(frame);
    EXPECT_TRUE(frame->header.is(FrameType::dir_snapshot));
}

TEST(Flooding, ACatalogueIsNotToldBeforeItsRecord) {
    Teller teller(2);
    const NodeIndex other = teller.topology.find(2);
    wire::ServiceRecord service;
    service.set_instance(7);
    service.set_service("cat");
    teller.directory.offer(other, 1, service);
    teller.compared({});
    while (teller.pull()) {
    }
    teller.flooding.tell_catalogue(other);  // it changed, and the record still waits
    EXPECT_FALSE(teller.pull());
    teller.flooding.release(other);
    EXPECT_EQ(teller.next_record(), "2.1");
    const auto frame = teller.pull();
    ASSERT_TRUE(frame);
    EXPECT_TRUE(frame->header.is(FrameType::dir_snapshot));
}

TEST(Flooding, ACatalogueIsToldAsAWholeOnceAndThenByChanges) {
    Teller teller(1);
    teller.offer(1);
    teller.flooding.tell_catalogue(0);
    EXPECT_TRUE(teller.pull()->header.is(FrameType::dir_snapshot));
    EXPECT_FALSE(teller.pull());
    teller.offer(2);
    teller.offer(3);
    teller.flooding.tell_catalogue(0);
    const auto frame = teller.pull();
    ASSERT_TRUE(frame->header.is(FrameType::dir_delta));
    const auto delta = *wire::decode<wire::DirectoryDelta>(frame->body.bytes());
    EXPECT_EQ(delta.from_sequence(), 2U);
    EXPECT_EQ(delta.to_sequence(), 3U);
    EXPECT_FALSE(teller.pull());
}

TEST(Flooding, ACatalogueThatChangesWhileItsChunksTravelIsCompletedByADelta) {
    Teller teller(1);
    for (std::uint64_t i = 1; i <= 1'000; ++i) teller.offer(i, std::string(100, 'x'));
    teller.flooding.tell_catalogue(0);
    Directory copy;
    SnapshotAssembly assembly;
    bool changed = false;
    while (const auto frame = teller.pull()) {
        if (frame->header.is(FrameType::dir_snapshot)) {
            auto whole = assembly.add(*wire::decode<wire::DirectorySnapshot>(frame->body.bytes()));
            ASSERT_TRUE(whole);
            if (*whole) ASSERT_EQ(*copy.replace(0, **whole), Directory::News::newer);
        } else {
            const auto delta = *wire::decode<wire::DirectoryDelta>(frame->body.bytes());
            ASSERT_EQ(*copy.apply(0, delta), Directory::News::newer);
        }
        if (!std::exchange(changed, true)) {
            teller.offer(5'000);
            teller.flooding.tell_catalogue(0);
        }
    }
    EXPECT_EQ(copy[0].sequence(), 1'001U);
    EXPECT_EQ(copy[0].digest(), teller.directory[0].digest());
}

TEST(Flooding, ANeighbourThatSaysHowFarItIsGetsWhatItLacks) {
    Teller teller(1);
    for (std::uint64_t i = 1; i <= 10; ++i) teller.offer(i);
    teller.flooding.has_catalogue(0, 7);
    teller.flooding.tell_catalogue(0);
    const auto frame = teller.pull();
    ASSERT_TRUE(frame->header.is(FrameType::dir_delta));
    EXPECT_EQ(wire::decode<wire::DirectoryDelta>(frame->body.bytes())->from_sequence(), 8U);
    teller.flooding.has_catalogue(0, 10);
    teller.flooding.tell_catalogue(0);
    EXPECT_FALSE(teller.pull());
}

TEST(Flooding, AQuestionNamesHowFarWeAreOrAsksForEverything) {
    Teller teller(2);
    teller.offer(1);
    const auto asked = [&](NodeIndex node, bool everything) {
        teller.flooding.pull_catalogue(node, everything);
        const auto frame = teller.pull();
        EXPECT_TRUE(frame->header.is(FrameType::dir_pull));
        return *wire::decode<wire::DirectoryPull>(frame->body.bytes());
    };
    EXPECT_EQ(asked(0, false).have_sequence(), 1U);
    EXPECT_EQ(asked(0, true).have_sequence(), 0U);
    EXPECT_EQ(asked(0, false).have_sequence(), 1U);
    EXPECT_EQ(asked(1, false).origin(), 2U);
    EXPECT_FALSE(teller.flooding.has_frames());
}

TEST(Flooding, StaysBelowWhatANeighbourAllows) {
    Teller teller(2);
    std::uint64_t sent = 0;
    for (Time now = start; now < start + 2s; now += 1ms) {
        for (;;) {
            teller.flooding.tell_record(1, false);
            if (!teller.pull(now)) break;
            ++sent;
        }
        EXPECT_GT(teller.flooding.next_deadline(now), now);
    }
    EXPECT_GT(sent, told_frames_a_second * 2);  // burst and two seconds
    EXPECT_LE(sent, told_frames_a_second * 9 / 10 * 3 + 1);
}

TEST(Flooding, ARecycledPlaceOwesNothing) {
    Teller teller(2);
    teller.flooding.tell_record(1, true);
    teller.flooding.tell_catalogue(1);
    teller.flooding.pull_catalogue(1, true);
    teller.flooding.drop(1);
    EXPECT_FALSE(teller.flooding.has_frames());
}

RC_GTEST_PROP(NodeSet, IsASetThatGivesEveryoneATurn, ()) {
    NodeSet set;
    std::set<NodeIndex> model;
    const auto steps = *rc::gen::inRange(1, 200);
    for (int i = 0; i < steps; ++i) {
        const auto node = *rc::gen::inRange<NodeIndex>(0, 300);
        if (*rc::gen::arbitrary<bool>()) {
            set.insert(node);
            model.insert(node);
        } else {
            set.erase(node);
            model.erase(node);
        }
        RC_ASSERT(set.size() == model.size());
        RC_ASSERT(set.contains(node) == model.contains(node));
    }
    std::set<NodeIndex> turns;
    for (std::size_t i = 0; i < model.size(); ++i) turns.insert(set.next());
    RC_ASSERT(turns == model);
    RC_ASSERT((set.next() == no_node) == model.empty());
}

}  // namespace
}  // namespace jetway::routing
