// What a mesh must do when things break. Every test is an outage somebody will have.
#include <gtest/gtest.h>

#include "simulate/mesh.hpp"
#include "simulate/oracle.hpp"
#include "simulate/shapes.hpp"

namespace jetway::simulate {
namespace {

using namespace std::chrono_literals;
using Kind = routing::Event::Kind;
using Lines = std::vector<std::string>;

/// How long until it holds; the limit when it does not.
Duration time_until(Mesh& mesh, const std::function<bool()>& holds, Duration limit = 30s) {
    const Time start = mesh.now();
    mesh.run_until(holds, limit);
    return mesh.now() - start;
}

void expect_settled(Mesh& mesh, Duration limit = 60s) {
    EXPECT_TRUE(mesh.run_until_quiet(limit));
    EXPECT_EQ(violations(mesh), Lines{});
}

std::string error_of(const std::shared_ptr<const Call>& call) {
    return call->error ? call->error->line() : std::string(call->finished ? "finished" : "open");
}

TEST(Outage, ACutCableIsHealedAroundAtOnce) {
    Mesh mesh;
    make_ring(mesh, 12);
    expect_settled(mesh);
    ASSERT_EQ(mesh.at("m0").path("service-m2"), "m0 > m1 > m2");
    mesh.cut("m1", "m2");
    const auto healed =
        time_until(mesh, [&] { return mesh.at("m1").path("service-m2").starts_with("m1 > m0"); });
    EXPECT_LE(healed, 1ms) << "the machine at the cut does not wait for anybody";
    mesh.run_for(50ms);
    EXPECT_EQ(mesh.at("m0").resolve("service-m2")->machines.size(), 11U);
    expect_settled(mesh);
}

TEST(Outage, ACallRightAfterACutGetsThroughOrLearnsWhy) {
    Mesh mesh;
    make_ring(mesh, 8);
    expect_settled(mesh);
    mesh.cut("m3", "m4");
    const auto early = mesh.at("m0").call("service-m4", "before the news");
    ASSERT_TRUE(mesh.run_until([&] { return early->over(); }, 1s));
    const auto again = mesh.at("m0").call("service-m4", "after it");
    ASSERT_TRUE(mesh.run_until([&] { return again->over(); }, 1s));
    EXPECT_EQ(error_of(again), "finished") << "the first one said: " << error_of(early);
}

TEST(Outage, ServicesOfAKilledMachineAreNoRouteWithinAMoment) {
    Mesh mesh;
    make_grid(mesh, 4, 3);
    expect_settled(mesh);
    mesh.kill("m5");
    const auto known = time_until(mesh, [&] {
        return std::ranges::none_of(
            mesh.names(), [&](const auto& name) { return mesh.at(name).reaches("service-m5"); });
    });
    EXPECT_LE(known, 100ms) << "closed sockets are noticed at once";
    const auto call = mesh.at("m0").call("service-m5", "x");
    ASSERT_TRUE(mesh.run_until([&] { return call->over(); }, 1s));
    EXPECT_EQ(call->error->code, Code::no_route);
    EXPECT_NE(call->error->detail.find("m5"), std::string::npos) << call->error->detail;
    expect_settled(mesh);
}

TEST(Outage, ServicesOfACrashedHostAreNoRouteWithinDetectionTime) {
    Mesh mesh;
    make_grid(mesh, 4, 3);
    expect_settled(mesh);
    mesh.crash("m5");
    const auto known = time_until(mesh, [&] {
        return std::ranges::none_of(
            mesh.names(), [&](const auto& name) { return mesh.at(name).reaches("service-m5"); });
    });
    EXPECT_GE(known, 200ms);
    EXPECT_LE(known, 550ms);
    const auto call = mesh.at("m0").call("service-m5", "x");
    ASSERT_TRUE(mesh.run_until([&] { return call->over(); }, 1s));
    EXPECT_EQ(call->error->code, Code::no_route);
    expect_settled(mesh);
}

TEST(Outage, ASilentBlackHoleIsDetectedIn400Ms) {
    Mesh mesh;
    make_ring(mesh, 6);
    expect_settled(mesh);
    const auto call = mesh.at("m1").call("service-m2", "over the hole", true);
    mesh.run_for(100ms);
    mesh.black_hole("m1", "m2");
    const auto noticed = time_until(mesh, [&] {
        return mesh.at("m1").links_up("m2") == 0 && mesh.at("m2").links_up("m1") == 0;
    });
    EXPECT_GE(noticed, 150ms);
    EXPECT_LE(noticed, 500ms);
    mesh.run_for(1s);
    EXPECT_EQ(error_of(call), "open") << "it goes on the other way round";
    expect_settled(mesh);
    EXPECT_EQ(mesh.at("m1").resolve("service-m2")->machines.size(), 6U);
}

TEST(Outage, AShortSilenceIsForgivenAndLosesNothing) {
    Mesh mesh;
    make_line(mesh, 3);
    expect_settled(mesh);
    const auto call = mesh.at("m0").call("service-m2", std::string(300'000, 'z'));
    mesh.run_for(2ms);
    mesh.black_hole("m0", "m1");
    mesh.run_for(250ms);
    mesh.heal("m0", "m1");
    ASSERT_TRUE(mesh.run_until([&] { return call->over(); }, 2s));
    EXPECT_EQ(error_of(call), "finished");
    EXPECT_TRUE(call->received == call->payload);
    EXPECT_EQ(mesh.at("m0").count(Kind::link_down), 0U);
    expect_settled(mesh);
}

TEST(Outage, ARestartedMachineIsBackInANewEpochWithItsServices) {
    Mesh mesh;
    make_ring(mesh, 6);
    expect_settled(mesh);
    const auto epoch = mesh.at("m3").core().options().epoch;
    const auto call = mesh.at("m0").call("service-m3", "x", true);
    mesh.run_for(100ms);
    mesh.restart("m3");
    const auto back = time_until(mesh, [&] {
        return mesh.at("m0").reaches("service-m3") &&
               mesh.at("m0").resolve("service-m3")->egress_epoch > epoch;
    });
    EXPECT_LE(back, 1s);
    ASSERT_TRUE(mesh.run_until([&] { return call->over(); }, 2s)) << "its end is gone";
    EXPECT_EQ(call->error->code, Code::peer_restarted) << error_of(call);
    const auto again = mesh.at("m0").call("service-m3", "hello again");
    ASSERT_TRUE(mesh.run_until([&] { return again->over(); }, 1s));
    EXPECT_EQ(error_of(again), "finished");
    expect_settled(mesh);
}

TEST(Outage, ACrashedHostThatBootsBeforeAnybodyNoticedReplacesItsLinks) {
    Mesh mesh;
    make_ring(mesh, 6);
    expect_settled(mesh);
    mesh.crash("m3");
    mesh.run_for(50ms);
    mesh.restart("m3");
    mesh.run_for(2s);
    expect_settled(mesh);
    const auto call = mesh.at("m0").call("service-m3", "hello");
    ASSERT_TRUE(mesh.run_until([&] { return call->over(); }, 1s));
    EXPECT_EQ(error_of(call), "finished");
}

TEST(Outage, APartedMeshWorksOnBothSidesAndHeals) {
    Mesh mesh;
    make_grid(mesh, 4, 3);
    expect_settled(mesh);
    const Lines left = {"m0", "m1", "m4", "m5", "m8", "m9"};
    mesh.part(left);
    mesh.run_for(1s);
    EXPECT_TRUE(mesh.at("m0").reaches("service-m9"));
    EXPECT_FALSE(mesh.at("m0").reaches("service-m11"));
    EXPECT_TRUE(mesh.at("m2").reaches("service-m11"));
    EXPECT_FALSE(mesh.at("m2").reaches("service-m0"));
    expect_settled(mesh);
    mesh.at("m9").offer("new-while-parted");
    mesh.at("m11").withdraw("service-m11");
    mesh.run_for(30s);
    mesh.rejoin(left);
    EXPECT_LE(time_until(mesh, [&] { return mesh.at("m3").reaches("new-while-parted"); }), 11s)
        << "dialling backs off to 10 s";
    mesh.run_for(11s);
    EXPECT_FALSE(mesh.at("m0").reaches("service-m11"));
    expect_settled(mesh);
}

TEST(Outage, ALongPartitionWithARestartOnOneSideHeals) {
    Mesh mesh;
    make_ring(mesh, 8);
    expect_settled(mesh);
    const Lines half = {"m0", "m1", "m2", "m3"};
    mesh.part(half);
    mesh.run_for(20min);
    mesh.restart("m2");
    mesh.run_for(1min);
    mesh.at("m6").offer("late-service");
    mesh.rejoin(half);
    mesh.run_for(15s);
    EXPECT_TRUE(mesh.at("m2").reaches("late-service"));
    EXPECT_TRUE(mesh.at("m5").reaches("service-m2"));
    expect_settled(mesh);
}

TEST(Outage, ANeighbourThatJoinedMeanwhileLearnsOfThoseWhoComeBack) {
    Mesh mesh;
    make_line(mesh, 4);
    expect_settled(mesh);
    mesh.part({"m3"});
    mesh.run_for(16min);
    mesh.add("late").offer("late-service");
    mesh.connect("late", "m0");
    mesh.run_for(1s);
    EXPECT_FALSE(mesh.at("late").reaches("service-m3"));
    mesh.rejoin({"m3"});
    mesh.run_for(15s);
    EXPECT_TRUE(mesh.at("late").reaches("service-m3"));
    EXPECT_TRUE(mesh.at("m3").reaches("late-service"));
    expect_settled(mesh);
}

TEST(Outage, TheHubOfAStarDiesAndComesBack) {
    Mesh mesh;
    make_star(mesh, 12);
    expect_settled(mesh);
    mesh.crash("m0");
    mesh.run_for(1s);
    EXPECT_EQ(mesh.at("m3").path("service-m9").substr(0, 10), "E-NO-ROUTE");
    mesh.restart("m0");
    mesh.run_for(12s);
    EXPECT_EQ(mesh.at("m3").path("service-m9"), "m3 > m0 > m9");
    expect_settled(mesh);
}

TEST(Outage, TheNearestInstanceDiesAndTheNextOneTakesOver) {
    Mesh mesh;
    make_line(mesh, 8);
    mesh.at("m1").offer("gpu-server");
    mesh.at("m6").offer("gpu-server");
    expect_settled(mesh);
    ASSERT_EQ(mesh.at("m0").nearest("gpu-server"), "m1");
    mesh.at("m1").withdraw("gpu-server");
    mesh.run_for(100ms);
    EXPECT_EQ(mesh.at("m0").nearest("gpu-server"), "m6");
    expect_settled(mesh);
}

TEST(Outage, EverybodyRestartsAtOnce) {
    Mesh mesh;
    make_grid(mesh, 4, 3);
    expect_settled(mesh);
    for (const auto& name : mesh.names()) mesh.kill(name);
    for (const auto& name : mesh.names()) mesh.restart(name);
    mesh.run_for(2s);
    expect_settled(mesh);
}

TEST(Outage, AFlappingCableIsHeardOfLessAndLessAndTheOthersGoOn) {
    Mesh mesh;
    make_ring(mesh, 8);
    expect_settled(mesh);
    for (int i = 0; i < 40; ++i) {
        mesh.cut("m2", "m3");
        mesh.run_for(100ms);
        mesh.heal("m2", "m3");
        mesh.run_for(150ms);
        ASSERT_TRUE(mesh.at("m5").reaches("service-m7"));
        ASSERT_TRUE(mesh.at("m5").reaches("service-m1")) << "the other way round";
    }
    mesh.run_for(20s);
    expect_settled(mesh);
}

TEST(Outage, BothSidesDialThroughCutsAndEndWithOneLink) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        SCOPED_TRACE(seed);
        Mesh mesh(seed);
        mesh.add("a").offer("service-a");
        mesh.add("b").offer("service-b");
        mesh.connect_both("a", "b", {.latency = 2ms, .jitter = 2ms, .bytes_per_second = 0});
        for (int i = 0; i < 10; ++i) {
            mesh.run_for(Duration(1ms) * mesh.random().below(700));
            mesh.cut("a", "b");
            mesh.run_for(Duration(1ms) * mesh.random().below(300));
            mesh.heal("a", "b");
        }
        mesh.run_for(12s);
        EXPECT_EQ(mesh.at("a").links_up(), 1U);
        EXPECT_EQ(mesh.at("b").links_up(), 1U);
        expect_settled(mesh);
    }
}

/// Anything may happen to anything, for a while; then everything is healed and must be as if
/// nothing had been.
class Storm {
public:
    explicit Storm(std::uint64_t seed) : mesh_(seed), random_(mesh_.random()) {
        make_random(mesh_, size, 6);
        for (int i = 0; i < 4; ++i) {
            const std::string a = somebody();
            const std::string b = somebody();
            if (a == b || mesh_.is_connected(a, b)) continue;
            mesh_.connect_both(a, b,
                               {.latency = 1ms, .jitter = 2ms, .bytes_per_second = 2'000'000});
        }
        mesh_.run_for(1s);
    }

    void rage() {
        for (int i = 0; i < 60; ++i) {
            strike(somebody(), somebody());
            mesh_.run_for(Duration(1ms) * random_.below(400));
        }
    }
    void calm_down() {
        mesh_.heal_all();
        for (const auto& name : mesh_.names()) {
            if (!mesh_.at(name).running()) mesh_.restart(name);
        }
        mesh_.run_for(15s);
        EXPECT_TRUE(mesh_.run_until_quiet(60s));
        mesh_.run_for(11s);  // a changed cost waits for up to 10 s before it is told
        EXPECT_TRUE(mesh_.run_until_quiet(60s));
    }
    void expect_whole() {
        EXPECT_EQ(violations(mesh_), Lines{});
        for (const auto& name : mesh_.names()) {
            EXPECT_EQ(mesh_.at(name).core().counts().bytes_queued, 0U) << name;
            EXPECT_TRUE(mesh_.at(name).core().streams().empty()) << name;
            EXPECT_EQ(mesh_.at(name).process().open_streams(), 0U) << name;
        }
        for (const auto& call : calls_) {
            EXPECT_TRUE(call->over()) << call->destination;
            if (call->finished) EXPECT_TRUE(call->received == call->payload) << call->destination;
        }
    }

private:
    static constexpr std::size_t size = 10;

    std::string somebody() { return member(random_.below(size)); }
    void strike(const std::string& a, const std::string& b) {
        const bool cable = mesh_.is_connected(a, b);
        switch (random_.below(12)) {
            case 0:
                return mesh_.kill(a);
            case 1:
                return mesh_.crash(a);
            case 2:
            case 3:
                return mesh_.restart(a);
            case 4:
                return cable ? mesh_.cut(a, b) : void();
            case 5:
                return cable ? mesh_.black_hole(a, b) : void();
            case 6:
                return cable ? mesh_.heal(a, b) : void();
            case 7:
                return mesh_.at(a).offer("shared");
            case 8:
                return mesh_.at(a).withdraw("shared");
            default:
                call(a, random_.below(2) == 0 ? "shared" : "service-" + b);
        }
    }
    void call(const std::string& from, const std::string& service) {
        if (!mesh_.at(from).running()) return;
        calls_.push_back(mesh_.at(from).call(service, std::string(random_.below(300'000), 's')));
    }

    Mesh mesh_;
    Random& random_;
    std::vector<std::shared_ptr<const Call>> calls_;
};

TEST(Outage, AfterAnyStormTheMeshIsWholeAgain) {
    for (std::uint64_t seed = 1; seed <= 15 && !testing::Test::HasFailure(); ++seed) {
        SCOPED_TRACE(seed);
        Storm storm(seed);
        storm.rage();
        storm.calm_down();
        storm.expect_whole();
    }
}

}  // namespace
}  // namespace jetway::simulate
