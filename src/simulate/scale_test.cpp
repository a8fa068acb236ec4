// Meshes of many routers in little time. bench/scale.cpp measures the same at full size.
#include <gtest/gtest.h>

#include "simulate/mesh.hpp"
#include "simulate/oracle.hpp"
#include "simulate/shapes.hpp"

namespace jetway::simulate {
namespace {

using namespace std::chrono_literals;
using Lines = std::vector<std::string>;

constexpr CableOptions cable{.latency = 1ms, .jitter = {}, .bytes_per_second = 0};

/// A square of routers that have known each other for long, and have no services.
void make_warm_grid(Mesh& mesh, std::size_t width) {
    for (std::size_t i = 0; i < width * width; ++i) mesh.add(member(i));
    connect_grid(mesh, width, width, cable);
    mesh.warm_up();
}

/// A few, spread over the mesh, that run.
Lines some(const Mesh& mesh) {
    Lines result;
    for (std::size_t i = 0; i < mesh.names().size(); i += mesh.names().size() / 8)
        if (mesh.at(mesh.names()[i]).running()) result.push_back(mesh.names()[i]);
    return result;
}

TEST(Scale, AWarmMeshIsWhatAColdOneBecomes) {
    Mesh mesh;
    make_warm_grid(mesh, 5);
    EXPECT_EQ(violations(mesh), Lines{});
    const auto said = mesh.control_frames();
    mesh.run_for(60s);
    EXPECT_EQ(mesh.control_frames(), said) << "nobody has news";

    mesh.kill(member(12));
    ASSERT_TRUE(run_until_converged(mesh, some(mesh), 1s));
    EXPECT_EQ(violations(mesh), Lines{});
    mesh.restart(member(12));
    mesh.at(member(12)).offer("echo");
    ASSERT_TRUE(mesh.run_until_quiet());
    EXPECT_EQ(violations(mesh), Lines{});
    EXPECT_EQ(mesh.at(member(0)).resolve("echo")->machines.size(), 5U);
}

TEST(Scale, AGridOf256RoutersHasConverged150MillisecondsAfterACut) {
    Mesh mesh;
    make_warm_grid(mesh, 16);
    mesh.cut(member(0), member(1));
    const auto took = run_until_converged(mesh, some(mesh), 1s);
    ASSERT_TRUE(took);
    EXPECT_GE(*took, 30ms) << "the news has 30 links to go";
    EXPECT_LE(*took, 150ms);
}

TEST(Scale, AHundredRoutersThatRestartAtOnceHaveConvergedWithinFiveSeconds) {
    Mesh mesh;
    make_warm_grid(mesh, 10);
    for (std::size_t i = 0; i < 100; ++i) mesh.at(member(i)).offer(service_of(i));
    for (std::size_t i = 0; i < 100; ++i) mesh.restart(member(i));
    const auto took = run_until_converged(mesh, some(mesh));
    ASSERT_TRUE(took);
    EXPECT_LE(*took, 5s);
}

}  // namespace
}  // namespace jetway::simulate
