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

}  // namespace
}  // namespace jetway::simulate
