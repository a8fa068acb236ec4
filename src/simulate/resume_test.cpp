// Streams outlive the machines and links in the middle: whole, in order, once.
#include <cstdlib>
#include <gtest/gtest.h>
#include <iostream>

#include "base/random.hpp"
#include "simulate/mesh.hpp"
#include "simulate/oracle.hpp"
#include "simulate/shapes.hpp"

namespace jetway::simulate {
namespace {

using namespace std::chrono_literals;
using Lines = std::vector<std::string>;
using CallPtr = std::shared_ptr<const Call>;

/// No part of it looks like another.
std::string pattern(std::uint64_t seed, std::size_t bytes) {
    SeededRandom random(seed);
    std::string text(bytes, '\0');
    for (char& byte : text) byte = static_cast<char>(random.next());
    return text;
}

std::string error_of(const Call& call) {
    return call.error ? call.error->line() : std::string(call.finished ? "finished" : "open");
}

/// Of an echo: what came back is what was sent, from the beginning, and all of it if it says so.
void expect_true(const Call& call) {
    EXPECT_LE(call.received.size(), call.payload.size());
    EXPECT_TRUE(call.payload.starts_with(call.received)) << "gap, repeat or another order";
    if (call.finished) EXPECT_EQ(call.received.size(), call.payload.size());
}

std::uint64_t resumed(const Mesh& mesh) {
    std::uint64_t count = 0;
    for (const auto& name : mesh.names()) {
        if (mesh.at(name).running()) count += mesh.at(name).core().counts().streams_resumed;
    }
    return count;
}

void expect_no_streams(Mesh& mesh) {
    mesh.run_for(1s);
    for (const auto& name : mesh.names()) {
        if (!mesh.at(name).running()) continue;
        EXPECT_TRUE(mesh.at(name).core().streams().empty()) << name;
        EXPECT_EQ(mesh.at(name).core().counts().bytes_queued, 0U) << name;
    }
}

void expect_nothing_left(Mesh& mesh) {
    expect_no_streams(mesh);
    EXPECT_EQ(violations(mesh), Lines{});
}

TEST(Resume, AStreamGoesOnByTheOtherWayWhenTheRouterInTheMiddleDies) {
    Mesh mesh;
    make_ring(mesh, 4);
    ASSERT_TRUE(mesh.run_until_quiet());
    const auto call = mesh.at("m0").call("service-m2", pattern(1, 3'000'000));
    std::string dead = "m1";
    int deaths = 0;
    while (!call->over() && deaths < 400) {
        mesh.kill(dead);
        ++deaths;
        mesh.run_for(5ms);
        mesh.restart(dead);
        ASSERT_TRUE(mesh.run_until(
            [&] { return call->over() || mesh.at("m0").reaches("service-" + dead); }, 20s));
        dead = dead == "m1" ? "m3" : "m1";
    }
    EXPECT_EQ(error_of(*call), "finished");
    EXPECT_GT(deaths, 2);
    EXPECT_GT(resumed(mesh), 2U);
    expect_true(*call);
    EXPECT_EQ(mesh.at("m2").process().streams_served(), 1U);
    expect_nothing_left(mesh);
}

TEST(Resume, AStreamSurvivesASilentDeath) {
    Mesh mesh;
    make_ring(mesh, 4);
    ASSERT_TRUE(mesh.run_until_quiet());
    const auto call = mesh.at("m0").call("service-m2", pattern(2, 3'000'000));
    mesh.run_for(1ms);
    mesh.crash("m1");
    ASSERT_TRUE(mesh.run_until([&] { return call->over(); }, 5s));
    EXPECT_EQ(error_of(*call), "finished");
    expect_true(*call);
    expect_nothing_left(mesh);
}

TEST(Resume, AStreamWaitsForAWay) {
    Mesh mesh;
    make_line(mesh, 3);
    ASSERT_TRUE(mesh.run_until_quiet());
    const auto call = mesh.at("m0").call("service-m2", pattern(3, 1'000'000));
    mesh.run_for(2ms);
    mesh.cut("m1", "m2");
    mesh.run_for(20s);
    EXPECT_FALSE(call->over());
    mesh.heal("m1", "m2");
    ASSERT_TRUE(mesh.run_until([&] { return call->over(); }, 15s));
    EXPECT_EQ(error_of(*call), "finished");
    expect_true(*call);
    expect_nothing_left(mesh);
}

TEST(Resume, WithoutAWayForTooLongBothEndsHearOfIt) {
    Mesh mesh;
    make_line(mesh, 3);
    ASSERT_TRUE(mesh.run_until_quiet());
    const auto call = mesh.at("m0").call("service-m2", pattern(4, 1'000'000), true);
    mesh.run_for(2ms);
    mesh.cut("m1", "m2");
    mesh.run_for(29s);
    EXPECT_FALSE(call->over());
    mesh.run_for(2s);
    ASSERT_TRUE(call->over());
    EXPECT_EQ(call->error->code, Code::no_route);
    EXPECT_NE(call->error->detail.find("are confirmed"), std::string::npos) << call->error->detail;
    mesh.run_for(5s);
    EXPECT_EQ(mesh.at("m2").process().open_streams(), 0U);
    expect_nothing_left(mesh);
}

TEST(Resume, ARestartedEgressIsSaidToBe) {
    Mesh mesh;
    make_line(mesh, 3);
    ASSERT_TRUE(mesh.run_until_quiet());
    const auto call = mesh.at("m0").call("service-m2", pattern(5, 1'000'000), true);
    mesh.run_for(2ms);
    mesh.restart("m2");
    ASSERT_TRUE(mesh.run_until([&] { return call->over(); }, 10s));
    EXPECT_EQ(call->error->code, Code::peer_restarted);
    expect_true(*call);
    expect_nothing_left(mesh);
}

TEST(Resume, WhenTheIngressDiesTheEgressGivesUp) {
    Mesh mesh;
    make_line(mesh, 3);
    ASSERT_TRUE(mesh.run_until_quiet());
    (void)mesh.at("m0").call("service-m2", pattern(6, 100'000), true);
    mesh.run_for(20ms);
    mesh.kill("m0");
    mesh.run_for(36s);
    EXPECT_EQ(mesh.at("m2").process().open_streams(), 0U);
    expect_nothing_left(mesh);
}

/// Streams of all sizes while links and machines in the middle come and go; ends stay.
std::uint64_t storm(std::uint64_t seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    SeededRandom random(seed);
    Mesh mesh(seed);
    std::size_t machines = 5 + random.below(6);
    CableOptions slow;  // so that streams are under way when something happens
    slow.bytes_per_second = 1'000'000 + random.below(4'000'000);
    if (random.below(2) == 0) {
        const std::size_t width = 2 + random.below(2);
        make_grid(mesh, width, 3, slow);
        machines = width * 3;
    } else {
        make_regular(mesh, machines, 3, slow);
    }
    EXPECT_TRUE(mesh.run_until_quiet());
    const auto name = [](std::uint64_t number) { return "m" + std::to_string(number); };
    const auto cables = mesh.cables();
    std::vector<CallPtr> calls;
    for (int step = 0; step < 60; ++step) {
        const auto& [a, b] = cables[random.below(cables.size())];
        const std::string middle = name(2 + random.below(machines - 2));
        switch (random.below(12)) {
            case 0:
                mesh.cut(a, b);
                break;
            case 1:
                mesh.black_hole(a, b);
                break;
            case 2:
                mesh.black_hole_one_way(a, b);
                break;
            case 3:
            case 4:
                mesh.heal(a, b);
                break;
            case 5:
                mesh.kill(middle);
                break;
            case 6:
            case 7:
                mesh.restart(middle);
                break;
            case 8:
                mesh.pause(middle);
                break;
            case 9:
                mesh.unpause(middle);
                break;
            default: {
                const bool back = random.below(2) == 0;
                const std::size_t size = random.below(random.below(2) == 0 ? 800'000 : 3'000);
                calls.push_back(
                    mesh.at(name(back))
                        .call("service-" + name(!back), pattern(seed + calls.size(), size)));
            }
        }
        mesh.run_for(std::chrono::microseconds(1 + random.below(100'000)));
    }
    mesh.heal_all();
    for (std::uint64_t i = 2; i < machines; ++i) {
        mesh.unpause(name(i));
        mesh.restart(name(i));
    }
    mesh.run_for(40s);
    for (const CallPtr& call : calls) {
        SCOPED_TRACE(call->destination + ", " + std::to_string(call->payload.size()) + " bytes");
        EXPECT_TRUE(call->over());
        // What was opened was carried to its end: nothing lasted as long as streams wait.
        EXPECT_FALSE(call->opened && !call->finished) << error_of(*call);
        expect_true(*call);
    }
    EXPECT_EQ(mesh.duplicates(), 0U);
    expect_no_streams(mesh);  // links that flapped may be a last resort for a while yet
    return resumed(mesh);
}

TEST(Resume, WhateverHappensInTheMiddleEveryStreamIsWholeOrSaysThatItIsNot) {
    // A number of other seeds may be asked for.
    const char* many = std::getenv("JETWAY_STREAM_STORMS");
    const std::uint64_t storms = many == nullptr ? 50 : std::stoull(many);
    std::uint64_t resumes = 0;
    for (std::uint64_t seed = 1; seed <= storms && !testing::Test::HasFailure(); ++seed)
        resumes += storm(seed);
    EXPECT_GT(resumes, storms / 5);
    std::cout << storms << " storms, " << resumes << " attempts to go on were answered\n";
}

}  // namespace
}  // namespace jetway::simulate
