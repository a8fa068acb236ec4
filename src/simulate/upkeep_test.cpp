// A mesh under care: machines that leave in order, copies of machines, partitions as long as memory
// goes, and hours in which nothing happens.
#include <gtest/gtest.h>
#include <iostream>

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
