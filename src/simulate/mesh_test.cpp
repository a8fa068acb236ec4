// What a mesh that nothing happens to must do, in every shape.
#include "simulate/mesh.hpp"

#include <gtest/gtest.h>

#include "simulate/oracle.hpp"
#include "simulate/shapes.hpp"

namespace jetway::simulate {
namespace {

using namespace std::chrono_literals;
using Lines = std::vector<std::string>;

/// Everybody knows everybody's service, nothing is wrong, and nothing more is said.
void expect_settled(Mesh& mesh) {
    ASSERT_TRUE(mesh.run_until_quiet());
    EXPECT_EQ(violations(mesh), Lines{});
    const auto said = mesh.control_frames();
    mesh.run_for(60s);
    EXPECT_EQ(mesh.control_frames(), said) << "a quiet mesh says nothing but heartbeats";
}

TEST(Mesh, TwoMachinesMeet) {
    Mesh mesh;
    mesh.add("a");
    mesh.add("b").offer("gpu-server");
    mesh.connect("a", "b");
    mesh.run_for(500ms);
    EXPECT_TRUE(mesh.at("a").reaches("gpu-server"));
    EXPECT_EQ(mesh.at("a").path("gpu-server"), "a > b");
}

TEST(Mesh, ALineOfADozenLearnsEveryService) {
    Mesh mesh;
    make_line(mesh, 12);
    expect_settled(mesh);
    EXPECT_EQ(mesh.at("m0").path("service-m4"), "m0 > m1 > m2 > m3 > m4");
}

TEST(Mesh, ARingOfADozenLearnsEveryService) {
    Mesh mesh;
    make_ring(mesh, 12);
    expect_settled(mesh);
    EXPECT_EQ(mesh.at("m0").path("service-m10"), "m0 > m11 > m10");
}

TEST(Mesh, AStarOfADozenLearnsEveryService) {
    Mesh mesh;
    make_star(mesh, 12);
    expect_settled(mesh);
    EXPECT_EQ(mesh.at("m3").path("service-m9"), "m3 > m0 > m9");
}

TEST(Mesh, AGridOfADozenLearnsEveryService) {
    Mesh mesh;
    make_grid(mesh, 4, 3);
    expect_settled(mesh);
    EXPECT_EQ(mesh.at("m0").resolve("service-m11")->machines.size(), 6U);
}

TEST(Mesh, RandomMeshesFindTheCheapestWays) {
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
        SCOPED_TRACE(seed);
        Mesh mesh(seed);
        make_random(mesh, 12, 8);
        expect_settled(mesh);
    }
}

TEST(Mesh, TheSameSeedIsTheSameRunAndAnotherSeedAnother) {
    const auto run = [](std::uint64_t seed) {
        Mesh mesh(seed);
        make_ring(mesh, 6);
        mesh.run_for(1s);
        mesh.at("m0").call("service-m3", std::string(50'000, 'x'));
        mesh.cut("m1", "m2");
        mesh.run_for(1s);
        return mesh.trace();
    };
    EXPECT_EQ(run(7), run(7));
    EXPECT_NE(run(7), run(8));
}

TEST(Mesh, TheNearestInstanceWins) {
    Mesh mesh;
    make_line(mesh, 8);
    mesh.at("m1").offer("gpu-server");
    mesh.at("m6").offer("gpu-server");
    ASSERT_TRUE(mesh.run_until_quiet());
    EXPECT_EQ(mesh.at("m0").nearest("gpu-server"), "m1");
    EXPECT_EQ(mesh.at("m5").nearest("gpu-server"), "m6");
    EXPECT_EQ(mesh.at("m6").nearest("gpu-server"), "m6");
    EXPECT_EQ(mesh.at("m0").nearest("gpu-server@m6"), "m6");
}

TEST(Mesh, ASlowCableIsAvoided) {
    Mesh mesh;
    for (const char* name : {"a", "b", "c"}) mesh.add(name);
    mesh.at("c").offer("gpu-server");
    mesh.connect("a", "c", {.latency = 50ms, .jitter = {}, .bytes_per_second = 0});
    mesh.connect("a", "b");
    mesh.connect("b", "c");
    ASSERT_TRUE(mesh.run_until_quiet());
    EXPECT_EQ(mesh.at("a").path("gpu-server"), "a > b > c");
}

TEST(Mesh, BothSidesDialAndOneLinkSurvives) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        SCOPED_TRACE(seed);
        Mesh mesh(seed);
        mesh.add("a");
        mesh.add("b").offer("gpu-server");
        mesh.connect_both("a", "b", {.latency = 1ms, .jitter = 3ms, .bytes_per_second = 0});
        mesh.run_for(2s);
        EXPECT_EQ(mesh.at("a").links_up("b"), 1U);
        EXPECT_EQ(mesh.at("b").links_up("a"), 1U);
        EXPECT_TRUE(mesh.at("a").reaches("gpu-server"));
        mesh.run_for(20s);
        EXPECT_EQ(mesh.at("a").links().size(), 2U)
            << "the network link and the process: no further attempts";
    }
}

TEST(Mesh, AWithdrawnServiceIsForgottenEverywhere) {
    Mesh mesh;
    make_ring(mesh, 6);
    ASSERT_TRUE(mesh.run_until_quiet());
    mesh.at("m3").withdraw("service-m3");
    mesh.run_for(100ms);
    for (const auto& name : mesh.names()) EXPECT_FALSE(mesh.at(name).reaches("service-m3")) << name;
    expect_settled(mesh);
}

// ---- streams

TEST(MeshStreams, AnEchoOverFiveHopsArrivesIntact) {
    Mesh mesh;
    make_line(mesh, 6);
    ASSERT_TRUE(mesh.run_until_quiet());
    std::string payload(200'000, 0);
    for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<char>(i * 31 >> 3U);
    const auto call = mesh.at("m0").call("service-m5", payload);
    ASSERT_TRUE(mesh.run_until([&] { return call->over(); }));
    EXPECT_TRUE(call->finished);
    EXPECT_EQ(call->machine, "m5");
    EXPECT_EQ(call->route, (Lines{"m0", "m1", "m2", "m3", "m4", "m5"}));
    EXPECT_TRUE(call->received == payload);
    mesh.run_for(100ms);
    EXPECT_EQ(violations(mesh), Lines{});
    for (const auto& name : mesh.names()) {
        EXPECT_TRUE(mesh.at(name).core().streams().empty()) << name;
        EXPECT_EQ(mesh.at(name).core().counts().bytes_queued, 0U) << name;
    }
}

TEST(MeshStreams, ManyAtOnceOverSlowAndShakyCablesArriveIntact) {
    Mesh mesh(3);
    for (const char* name : {"a", "b", "c"}) mesh.add(name).offer("echo-" + std::string(name));
    const CableOptions shaky{.latency = 5ms, .jitter = 2ms, .bytes_per_second = 4'000'000};
    mesh.connect("a", "b", shaky);
    mesh.connect("b", "c", shaky);
    ASSERT_TRUE(mesh.run_until_quiet());
    std::vector<std::shared_ptr<const Call>> calls;
    calls.reserve(40);
    for (int i = 0; i < 40; ++i) {
        calls.push_back(mesh.at(i % 2 == 0 ? "a" : "b")
                            .call("echo-c", std::string(30'000, static_cast<char>('a' + i % 26))));
    }
    ASSERT_TRUE(mesh.run_until(
        [&] { return std::ranges::all_of(calls, [](const auto& call) { return call->over(); }); }));
    for (const auto& call : calls) {
        EXPECT_TRUE(call->finished) << (call->error ? call->error->line() : "");
        EXPECT_TRUE(call->received == call->payload);
    }
    EXPECT_EQ(mesh.at("a").links_up("b"), 1U) << "heartbeats pass before data";
    EXPECT_EQ(violations(mesh), Lines{});
}

TEST(MeshStreams, AStalledReaderStopsItsOwnSenderAndNobodyElse) {
    Mesh mesh;
    make_line(mesh, 4);
    mesh.at("m3").offer("stalled", Behaviour::stall);
    ASSERT_TRUE(mesh.run_until_quiet());
    const auto stalled = mesh.at("m0").call("stalled", std::string(1'000'000, 'x'));
    mesh.run_for(1s);
    const auto lively = mesh.at("m0").call("service-m3", std::string(100'000, 'y'));
    ASSERT_TRUE(mesh.run_until([&] { return lively->over(); }));
    EXPECT_TRUE(lively->finished);
    EXPECT_FALSE(stalled->over());
    EXPECT_EQ(stalled->sent, 64U * 1024U) << "what the reader granted";
}

TEST(MeshStreams, NobodyOffersIt) {
    Mesh mesh;
    make_line(mesh, 3);
    ASSERT_TRUE(mesh.run_until_quiet());
    const auto call = mesh.at("m0").call("service-m9", "x");
    ASSERT_TRUE(mesh.run_until([&] { return call->over(); }, 1s));
    EXPECT_EQ(call->error->code, Code::no_service);
}

TEST(MeshStreams, ARefusalComesBackFromTheFarEnd) {
    Mesh mesh;
    make_line(mesh, 4);
    mesh.at("m3").offer("grump", Behaviour::refuse);
    ASSERT_TRUE(mesh.run_until_quiet());
    const auto call = mesh.at("m0").call("grump", "hello");
    ASSERT_TRUE(mesh.run_until([&] { return call->over(); }, 1s));
    EXPECT_EQ(call->error->code, Code::denied);
    EXPECT_EQ(violations(mesh), Lines{});
}

TEST(MeshStreams, ACancelledCallLeavesNothingBehind) {
    Mesh mesh;
    make_line(mesh, 4);
    ASSERT_TRUE(mesh.run_until_quiet());
    const auto call = mesh.at("m0").call("service-m3", std::string(300'000, 'x'), true);
    mesh.run_for(3ms);
    mesh.at("m0").cancel(*call);
    mesh.run_for(100ms);
    for (const auto& name : mesh.names())
        EXPECT_TRUE(mesh.at(name).core().streams().empty()) << name;
    EXPECT_EQ(mesh.at("m3").process().open_streams(), 0U);
    EXPECT_EQ(violations(mesh), Lines{});
}

}  // namespace
}  // namespace jetway::simulate
