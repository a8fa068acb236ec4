// A mesh under care: machines that leave in order, copies of machines, partitions as long as memory
// goes, and hours in which nothing happens.
#include <deque>
#include <gtest/gtest.h>
#include <iostream>
#include <map>

#include "routing/catalogue.hpp"
#include "routing/link.hpp"
#include "simulate/mesh.hpp"
#include "simulate/oracle.hpp"
#include "simulate/shapes.hpp"

namespace jetway::simulate {
namespace {

using namespace std::chrono_literals;
using Kind = routing::Event::Kind;
using Lines = std::vector<std::string>;

void expect_settled(Mesh& mesh, Duration limit = 60s) {
    EXPECT_TRUE(mesh.run_until_quiet(limit));
    EXPECT_EQ(violations(mesh), Lines{});
}

// ---- leaving

TEST(Upkeep, AMachineThatIsDrainedAndStoppedFailsNoRequest) {
    Mesh mesh;
    make_ring(mesh, 6);
    mesh.at("m1").offer("shared");  // the nearest, and on the way to the next
    mesh.at("m2").offer("shared");
    expect_settled(mesh);
    std::vector<std::shared_ptr<const Call>> calls;
    const auto requests_for = [&](Duration duration) {
        for (const Time end = mesh.now() + duration; mesh.now() < end; mesh.run_for(5ms)) {
            calls.push_back(mesh.at("m0").call("shared", std::string(20'000, 'x')));
            calls.push_back(mesh.at("m0").call("service-m2", "past m1"));
        }
    };
    requests_for(500ms);
    mesh.at("m1").drain();
    requests_for(1s);
    const auto idle = [&] { return mesh.at("m1").core().streams().empty(); };
    ASSERT_TRUE(mesh.run_until(idle, 1s));
    mesh.at("m1").say_goodbye();
    requests_for(100ms);
    mesh.kill("m1");
    requests_for(500ms);
    mesh.run_for(1s);
    for (const auto& call : calls) {
        EXPECT_TRUE(call->finished)
            << call->destination << ": " << (call->error ? call->error->line() : "open");
    }
    EXPECT_GT(calls.size(), 500U);
}

// ---- copies

TEST(Upkeep, ACopyOfAMachineStaysAwayAndTheOthersNoticeNothing) {
    Mesh mesh;
    make_ring(mesh, 6);
    expect_settled(mesh);
    const routing::RouterId id = mesh.at("m3").router();
    mesh.add("copy", [id](routing::Options& options) { options.router = id; });
    mesh.connect("copy", "m0");
    mesh.connect("copy", "m5");
    mesh.run_for(20s);
    std::size_t broken = 0;
    for (int i = 0; i < 80; ++i) {  // for as long as the copy stays away at first
        mesh.run_for(500ms);
        if (!mesh.at("m1").reaches("service-m3") || !mesh.at("m1").reaches("service-m4")) ++broken;
    }
    EXPECT_EQ(broken, 0U);
    EXPECT_EQ(mesh.at("copy").links_up(), 0U);
    EXPECT_EQ(mesh.at("m3").links_up(), 2U);
    EXPECT_GE(mesh.at("copy").count(Kind::equivocation), 1U);
    EXPECT_EQ(mesh.at("m3").count(Kind::equivocation), 0U);
    mesh.kill("copy");
    mesh.run_for(30s);
    expect_settled(mesh);
}

// ---- bad neighbours

/// m0 is one, and lies to m1, its only neighbour; m2 is behind it.
struct Liar {
    Liar() {
        make_line(mesh, 3);
        expect_settled(mesh);
    }
    wire::NodeRecord record() {
        return *wire::decode<wire::NodeRecord>(mesh.at("m2").core().record()->body.bytes());
    }
    template <typename Message>
    void say(wire::FrameType type, const Message& message) {
        mesh.forge("m0", "m1", {{type, 0, wire::encode(message)}});
        mesh.run_for(50ms);
    }

    Mesh mesh;
};

TEST(Upkeep, ServicesThatAMachineIsSaidToHaveAreGoneWhenItHearsOfThem) {
    Liar liar;
    wire::ServiceRecord service;
    service.set_instance(1);
    service.set_service("bait");
    wire::DirectorySnapshot snapshot;
    snapshot.set_origin(liar.record().router());
    snapshot.set_epoch(liar.record().epoch());
    snapshot.set_sequence(1000);
    snapshot.set_chunks(1);
    *snapshot.add_records() = service;
    snapshot.set_digest(routing::digest_of(service));
    liar.say(wire::FrameType::dir_snapshot, snapshot);
    liar.mesh.run_for(5s);
    EXPECT_GE(liar.mesh.at("m2").count(Kind::epoch_taken), 1U);
    expect_settled(liar.mesh);
    EXPECT_FALSE(liar.mesh.at("m1").reaches("bait"));
    EXPECT_TRUE(liar.mesh.at("m1").reaches("service-m2"));
}

TEST(Upkeep, AnotherRecordOfTheSameVersionIsFoundAlsoWhenNobodyTellsItsMachine) {
    // What would tell the machine is lost on the way, and the version is that of its record of now:
    // only the contents differ.
    Liar liar;
    wire::NodeRecord record;
    const std::uint64_t real = liar.mesh.at("m2").core().record()->digest;
    for (std::uint32_t load = 1; record.load() == 0; ++load) {  // the one that wins
        wire::NodeRecord other = liar.record();
        other.set_load(load);
        if (wire::digest(wire::encode(other).bytes()) > real) record = other;
    }
    liar.mesh.lose("m1", "m2", 1);
    liar.say(wire::FrameType::node, record);
    EXPECT_EQ(liar.mesh.at("m2").count(Kind::epoch_taken), 0U);
    liar.mesh.run_for(20s);
    EXPECT_EQ(liar.mesh.at("m2").count(Kind::epoch_taken), 1U);
    liar.mesh.heal_all();
    expect_settled(liar.mesh);
}

TEST(Upkeep, AnEpochThatLeavesNoLaterOneIsNotBelieved) {
    Liar liar;
    wire::NodeRecord record = liar.record();
    record.set_epoch(routing::max_epoch);
    record.clear_adjacencies();
    liar.say(wire::FrameType::node, record);
    EXPECT_TRUE(liar.mesh.at("m1").reaches("service-m2"));
    EXPECT_EQ(liar.mesh.at("m2").count(Kind::epoch_taken), 0U);
}

TEST(Upkeep, WhoIsTenYearsAheadIsNoNeighbour) {
    Mesh mesh;
    mesh.add("a").offer("service-a");
    mesh.add("b", [](routing::Options& options) { options.epoch = 3'000'000'000'000; });
    mesh.connect("a", "b");
    mesh.run_for(5s);
    EXPECT_EQ(mesh.at("a").links_up() + mesh.at("b").links_up(), 0U);
    EXPECT_TRUE(mesh.at("a").reaches("service-a"));
}

// ---- the limits of memory

/// Heals at, before and after the moment at which the others forget m3, with a neighbour that has
/// never heard of it, and with m3 in the same life or in a new one.
class Forgetting : public testing::TestWithParam<std::tuple<Duration, bool>> {};

TEST_P(Forgetting, APartitionThatHealsThenIsWhole) {
    const auto& [offset, restarted] = GetParam();
    Mesh mesh;
    make_line(mesh, 4);
    expect_settled(mesh);
    mesh.part({"m3"});
    mesh.run_for(14min);
    mesh.add("late").offer("service-late");
    mesh.connect("late", "m2");
    mesh.run_for(1min + offset);
    if (restarted) mesh.restart("m3");
    mesh.rejoin({"m3"});
    mesh.run_for(30s);
    expect_settled(mesh);
    EXPECT_TRUE(mesh.at("late").reaches("service-m3"));
    EXPECT_TRUE(mesh.at("m3").reaches("service-late"));
}

INSTANTIATE_TEST_SUITE_P(AroundAQuarterOfAnHour, Forgetting,
                         testing::Combine(testing::Values(-10s, -100ms, 0ms, 30s, 61s),
                                          testing::Bool()));

// ---- load

/// What each server has said of its load, with the times.
struct Said {
    std::uint32_t load = 0;
    std::vector<std::pair<Time, std::uint32_t>> changes;
};

TEST(Upkeep, LoadThatComesOfWhatIsGivenToAServerDoesNotSwing) {
    constexpr std::size_t servers = 4;
    constexpr std::size_t clients = 4;
    constexpr double streams_a_core = 14;  // 5 to 6 of 8 steps when all have the same to do
    Mesh mesh;
    make_star(mesh, 1 + servers + clients);
    for (std::size_t i = 1; i <= servers; ++i) mesh.at(member(i)).offer("shared");
    expect_settled(mesh);
    std::map<std::string, Said> said;
    std::deque<std::pair<std::string, std::shared_ptr<const Call>>> open;
    const Time start = mesh.now();
    // Each client begins 5 streams a second, and each takes 3 s.
    for (std::size_t tick = 0; mesh.now() - start < 5min; ++tick) {
        const std::string client = member(1 + servers + tick % clients);
        open.emplace_back(client, mesh.at(client).call("shared", "work", true));
        if (open.size() > 60) {
            mesh.at(open.front().first).cancel(*open.front().second);
            open.pop_front();
        }
        mesh.run_for(50ms);
        if (tick % 20 != 0) continue;
        for (std::size_t i = 1; i <= servers; ++i) {
            Machine& server = mesh.at(member(i));
            server.set_load(static_cast<double>(server.process().open_streams()) / streams_a_core);
            Said& row = said[server.name()];
            if (const std::uint32_t load = server.core().record()->load; load != row.load)
                row.changes.emplace_back(mesh.now(), row.load = load);
        }
    }
    for (const auto& [server, row] : said) {
        EXPECT_GE(row.load, 96U) << server;
        // And stays there, once all know of each other.
        const auto late = std::ranges::count_if(
            row.changes, [&](const auto& change) { return change.first - start > 2min; });
        EXPECT_LE(late, 1) << server;
    }
}

// ---- peace

TEST(Upkeep, AnIdleMeshSaysNothingForAnHour) {
    Mesh mesh;
    make_ring(mesh, 4);
    expect_settled(mesh);
    mesh.run_for(30s);
    const std::uint64_t told = mesh.control_frames();
    mesh.run_for(1h);
    EXPECT_EQ(mesh.control_frames(), told);
    for (const auto& name : mesh.names()) EXPECT_EQ(mesh.at(name).count(Kind::link_down), 0U);
}

TEST(Upkeep, AnIdleLinkCarriesHeartbeatsOnly) {
    Mesh mesh;
    mesh.add("a").offer("service-a");
    mesh.add("b").offer("service-b");
    mesh.connect("a", "b");
    expect_settled(mesh);
    std::uint64_t bytes = 0;
    mesh.set_witness([&bytes](const Machine& /*from*/, const wire::Frame& frame) {
        EXPECT_TRUE(frame.header.is(wire::FrameType::heartbeat));
        bytes += wire::header_size + frame.body.size();
    });
    mesh.run_for(1min);
    std::cout << "an idle link carries " << bytes / 2 << " bytes a minute each way\n";
    EXPECT_LT(bytes / 2, 40'000U);  // 10 a second of 60 bytes
}

TEST(Upkeep, ARoundTripThatWobblesSaysNothing) {
    Mesh mesh;
    mesh.add("a").offer("service-a");
    mesh.add("b").offer("service-b");
    // 2 ms there and back, up to 1 ms more each way.
    mesh.connect("a", "b", {.latency = 1ms, .jitter = 500us, .bytes_per_second = 0});
    expect_settled(mesh);
    mesh.run_for(30s);
    const std::uint64_t told = mesh.control_frames();
    mesh.run_for(10min);
    EXPECT_EQ(mesh.control_frames(), told);
}

TEST(Upkeep, AMachineThatWasPausedForTwoSecondsTakesNoOtherLinkDown) {
    Mesh mesh;
    make_ring(mesh, 6);
    expect_settled(mesh);
    const auto downs = [&](const std::string& name) {
        return mesh.at(name).count(Kind::link_down);
    };
    mesh.pause("m0");
    mesh.run_for(2s);
    mesh.unpause("m0");
    mesh.run_for(10s);
    for (const std::string name : {"m2", "m3", "m4"}) EXPECT_EQ(downs(name), 0U) << name;
    EXPECT_EQ(downs("m1"), 1U);
    EXPECT_EQ(downs("m5"), 1U);
    expect_settled(mesh);
}

}  // namespace
}  // namespace jetway::simulate
