// A mesh larger than most: it must come up, notice a loss, and take no more time than the way the
// news has to go.
#include <chrono>
#include <gtest/gtest.h>
#include <iostream>

#include "simulate/mesh.hpp"
#include "simulate/oracle.hpp"
#include "simulate/shapes.hpp"

namespace jetway::simulate {
namespace {

using namespace std::chrono_literals;
using Lines = std::vector<std::string>;

constexpr std::size_t size = 120;

/// Times of the virtual and of this world, for whoever reads the log.
class Stopwatch {
public:
    explicit Stopwatch(const Mesh& mesh)
        : mesh_(mesh), virtual_(mesh.now()), real_(std::chrono::steady_clock::now()) {}
    void report(const std::string& what) const {
        const auto ms = [](auto duration) {
            return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
        };
        std::cout << what << ": " << ms(mesh_.now() - virtual_) << " ms of virtual time, "
                  << ms(std::chrono::steady_clock::now() - real_) << " ms of ours, "
                  << mesh_.control_frames() << " routing frames so far\n";
    }

private:
    const Mesh& mesh_;
    Time virtual_;
    std::chrono::steady_clock::time_point real_;
};

/// How many machines reach the service.
std::size_t reached_by(const Mesh& mesh, const std::string& service) {
    return static_cast<std::size_t>(std::ranges::count_if(
        mesh.names(), [&](const auto& name) { return mesh.at(name).reaches(service); }));
}

TEST(World, Of120RoutersConvergesAndHeals) {
    Mesh mesh(42);
    const Stopwatch start(mesh);
    make_random(mesh, size, size);
    // The last to be told is whoever is farthest from whoever came up last.
    const auto everybody_knows = [&] {
        for (std::size_t i = 0; i < size; i += 17) {
            if (reached_by(mesh, service_of(i)) < size) return false;
        }
        return true;
    };
    while (!everybody_knows() && mesh.now() < Time(1030s)) mesh.run_for(10ms);
    start.report("120 routers know each other's services");
    ASSERT_TRUE(mesh.run_until_quiet());
    EXPECT_EQ(violations(mesh), Lines{});

    const Stopwatch loss(mesh);
    mesh.crash(member(60));
    while (reached_by(mesh, service_of(60)) > 0 && mesh.now() < Time(1090s)) mesh.run_for(10ms);
    loss.report("everybody knows of a crashed host");
    mesh.run_for(1s);
    ASSERT_TRUE(mesh.run_until_quiet());
    EXPECT_EQ(violations(mesh), Lines{});

    const auto call = mesh.at(member(3)).call(service_of(99), std::string(100'000, 'w'));
    ASSERT_TRUE(mesh.run_until([&] { return call->over(); }));
    EXPECT_TRUE(call->finished);
}

/// Offered all at once, and evenly.
void expect_names_within_five_seconds(std::size_t names, std::size_t machines) {
    Mesh mesh(7);
    make_random(mesh, machines, machines / 2);
    ASSERT_TRUE(mesh.run_until_quiet());
    for (std::size_t i = 0; i < names; ++i)
        mesh.at(member(i % machines)).offer("name-" + std::to_string(i));
    const Stopwatch offered(mesh);
    const auto all_known = [&](const Machine& machine) {
        std::size_t known = 0;
        for (const auto& row : machine.core().machines(mesh.now())) known += row.services;
        return known == names + mesh.names().size();  // each has one of its own
    };
    const Time latest = mesh.now() + 5s;
    for (const std::string& name : mesh.names()) {
        while (!all_known(mesh.at(name)) && mesh.now() < latest) mesh.run_for(10ms);
        ASSERT_TRUE(all_known(mesh.at(name))) << name;
    }
    offered.report("everybody knows " + std::to_string(names) + " names");
    ASSERT_TRUE(mesh.run_until_quiet());
    EXPECT_EQ(violations(mesh), Lines{});
    EXPECT_EQ(mesh.at(member(3)).nearest("name-" + std::to_string(names - 1)),
              member((names - 1) % machines));
}

TEST(World, TenThousandNamesReachEverybodyWithinFiveSeconds) {
    expect_names_within_five_seconds(10'000, 20);
}

/// --gtest_also_run_disabled_tests: a minute, and 1.5 GB.
TEST(World, DISABLED_AHundredThousandNamesReachEverybodyWithinFiveSeconds) {
    expect_names_within_five_seconds(100'000, 100);
}

}  // namespace
}  // namespace jetway::simulate
