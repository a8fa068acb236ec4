// How a mesh keeps itself in order: machines that leave or are copies, links that flap, neighbours
// that never stop talking, ways that are equally good.
#include <gtest/gtest.h>
#include <set>

#include "routing/exchange.hpp"

namespace jetway::routing {
namespace {

using namespace std::chrono_literals;
using wire::FrameType;

using Names = std::vector<std::string>;

/// a to d by b and by c, both as good as the other.
struct Square : Exchange {
    LinkId server = no_link;
    std::size_t a_b = 0;

    Square() {
        for (const char* name : {"a", "b", "c", "d"}) add(name);
        a_b = connect("a", "b");
        connect("a", "c");
        connect("b", "d");
        connect("c", "d");
        server = attach("d", "server");
        offer("d", "echo", server);
        run_for(1s);
    }
    wire::Open open(LinkId caller, std::uint32_t label) {
        wire::Open open;
        open.set_destination("echo");
        open.set_first_window(wire::first_window);
        say("a", caller, {FrameType::open, label, wire::encode(open)});
        run_for(10ms);
        for (const wire::Frame& frame : heard("d", server)) {
            if (frame.header.is(FrameType::open))
                return *wire::decode<wire::Open>(frame.body.bytes());
        }
        ADD_FAILURE() << "the stream did not arrive";
        return {};
    }
    std::set<RouterId> firsts(int streams) {
        const LinkId caller = attach("a", "caller");
        std::set<RouterId> firsts;
        for (int i = 0; i < streams; ++i) {
            const wire::Open opened = open(caller, static_cast<std::uint32_t>(2 * i + 1));
            if (opened.route_size() == 3) firsts.insert(opened.route(1));
        }
        return firsts;
    }
    std::uint32_t cost_to(const std::string& machine) {
        for (const LinkRow& row : at("a").links()) {
            if (row.machine == machine) return row.cost;
        }
        return 0;
    }
};

TEST(Upkeep, StreamsShareWaysThatAreEquallyGood) {
    Square mesh;
    EXPECT_EQ(mesh.firsts(20), (std::set<RouterId>{2, 3}));
}

// ---- leaving

TEST(Upkeep, NobodyOpensAStreamThroughAMachineThatDrains) {
    Square mesh;
    mesh.at("b").drain(mesh.now());
    mesh.run_for(300ms);
    EXPECT_EQ(mesh.firsts(20), std::set<RouterId>{3});
}

TEST(Upkeep, WhatIsOpenGoesOnThroughAMachineThatDrains) {
    Square mesh;
    const LinkId caller = mesh.attach("a", "caller");
    std::uint32_t label = 1;
    while (mesh.open(caller, label).route(1) != 2) label += 2;
    mesh.at("b").drain(mesh.now());
    mesh.run_for(1s);
    mesh.say("a", caller, {FrameType::data, label, Buffer::copy_of("still here")});
    mesh.run_for(10ms);
    const auto heard = mesh.heard("d", mesh.server);
    ASSERT_EQ(heard.size(), 1U);
    EXPECT_EQ(heard.front().body.text(), "still here");
}

TEST(Upkeep, OfTwoInstancesTheOneThatDrainsIsNotTaken) {
    Square mesh;
    mesh.offer("b", "echo", mesh.attach("b", "server"));
    mesh.run_for(10ms);
    EXPECT_EQ(mesh.at("a").resolve(mesh.now(), "echo")->machines, (Names{"a", "b"}));
    mesh.at("b").drain(mesh.now());
    mesh.run_for(300ms);
    EXPECT_EQ(mesh.at("a").resolve(mesh.now(), "echo")->machines, (Names{"a", "c", "d"}));
    EXPECT_EQ(mesh.at("a").resolve(mesh.now(), "echo@b").error().code, Code::no_instance);
}

// ---- links that flap

TEST(Upkeep, ALinkThatFlapsIsALastResortUntilItIsQuiet) {
    Square mesh;
    for (int i = 0; i < 4; ++i) {
        mesh.cut(mesh.a_b);
        mesh.a_b = mesh.connect("a", "b");
        mesh.run_for(500ms);
    }
    EXPECT_EQ(mesh.cost_to("b"), wire::max_cost);
    mesh.run_for(5s);  // a machine that keeps changing is heard more rarely
    EXPECT_EQ(mesh.firsts(10), std::set<RouterId>{3});
    mesh.run_for(60s);
    EXPECT_LT(mesh.cost_to("b"), 20U);
    EXPECT_EQ(mesh.at("a").digest(), mesh.at("d").digest());
}

TEST(Upkeep, AnOnlyLinkIsUsedHoweverOftenItFlaps) {
    Exchange mesh;
    mesh.add("a");
    mesh.add("b");
    mesh.offer("b", "echo", mesh.attach("b", "server"));
    for (int i = 0; i < 6; ++i) {
        const std::size_t cable = mesh.connect("a", "b");
        mesh.run_for(1s);
        if (i < 5) mesh.cut(cable);
    }
    mesh.run_for(10s);
    EXPECT_EQ(mesh.at("a").links().front().cost, wire::max_cost);
    EXPECT_TRUE(mesh.reaches("a", "echo"));
}

// ---- copies

/// Cables that were closed are plugged in again every second, as dialling machines do.
void live(Exchange& mesh, std::vector<std::pair<std::string, std::string>> pairs, int seconds) {
    std::vector<std::size_t> cables;
    cables.reserve(pairs.size());
    for (const auto& [a, b] : pairs) cables.push_back(mesh.connect(a, b));
    for (int i = 0; i < seconds; ++i) {
        mesh.run_for(1s);
        for (std::size_t k = 0; k < cables.size(); ++k) {
            if (!mesh.is_open(cables[k])) cables[k] = mesh.connect(pairs[k].first, pairs[k].second);
        }
    }
}

TEST(Upkeep, OfACloneAndItsOriginalTheOneThatBootedFirstStays) {
    Exchange mesh;
    for (const char* name : {"a", "b", "original"}) mesh.add(name);
    mesh.add("clone", [](Options& options) { options.router = 3; });
    live(mesh, {{"a", "b"}, {"b", "original"}, {"a", "clone"}}, 20);
    mesh.run_for(1s);
    Names known;
    for (const MachineRow& row : mesh.at("a").machines(mesh.now())) {
        if (row.reachable) known.push_back(row.machine);
    }
    EXPECT_EQ(known, (Names{"a", "b", "original"}));
    EXPECT_EQ(mesh.closed("clone").back().code, Code::ambiguous);
    EXPECT_GE(mesh.count("clone", Event::Kind::equivocation), 1U);
    EXPECT_EQ(mesh.at("a").digest(), mesh.at("original").digest());
    const std::uint64_t told = mesh.told();
    mesh.run_for(10s);
    EXPECT_EQ(mesh.told(), told);  // the others have their peace
}

// ---- neighbours that talk all the time

TEST(Upkeep, AMachineThatNeverStopsTalkingIsHandedOnTenTimesASecond) {
    Exchange mesh;
    for (const char* name : {"a", "b", "c"}) mesh.add(name);
    mesh.connect("a", "b");
    mesh.connect("b", "c");
    mesh.run_for(1s);
    wire::NodeRecord record;
    record.set_router(77);
    record.set_epoch(1);
    record.set_machine("chatterbox");
    const std::uint64_t before = mesh.told();
    for (std::uint64_t sequence = 1; sequence <= 1'000; ++sequence) {
        record.set_sequence(sequence);
        mesh.at("b").receive(mesh.now(), 0, {FrameType::node, 0, wire::encode(record)});
        mesh.run_for(1ms);
    }
    EXPECT_LE(mesh.told() - before, 35U);
    mesh.run_for(1s);
    for (const Holding& holding : mesh.at("c").holdings()) {
        if (holding.origin == 77) EXPECT_EQ(holding.record.sequence, 1'000U);  // the newest
    }
}

}  // namespace
}  // namespace jetway::routing
