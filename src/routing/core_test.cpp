// A few cores wired in memory: links, the map, names, streams.
#include "routing/core.hpp"

#include <gtest/gtest.h>

#include "routing/exchange.hpp"

namespace jetway::routing {
namespace {

using namespace std::chrono_literals;
using wire::FrameType;

std::vector<std::string> machines_of(Core& core, Time now) {
    std::vector<std::string> result;
    for (const MachineRow& row : core.machines(now)) {
        if (row.reachable) result.push_back(row.machine);
    }
    std::ranges::sort(result);
    return result;
}

std::string state_of(Core& core) {
    const auto rows = core.links();
    return rows.empty() ? "none" : rows.front().state;
}

TEST(Core, TwoMachinesBringTheirLinkUpAndSeeEachOther) {
    Exchange mesh;
    mesh.add("a");
    mesh.add("b");
    mesh.connect("a", "b");
    EXPECT_EQ(state_of(mesh.at("a")), "handshake");
    mesh.run_for(500ms);
    EXPECT_EQ(state_of(mesh.at("a")), "up");
    EXPECT_EQ(state_of(mesh.at("b")), "up");
    EXPECT_EQ(machines_of(mesh.at("a"), mesh.now()), (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(machines_of(mesh.at("b"), mesh.now()), (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(mesh.at("a").digest(), mesh.at("b").digest());
}

}  // namespace
}  // namespace jetway::routing
