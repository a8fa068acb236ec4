// A machine's load is told slowly and in steps.
#include "routing/machine_load.hpp"

#include <gtest/gtest.h>
#include <limits>

namespace jetway::routing {
namespace {

using namespace std::chrono_literals;

constexpr Time start{1'000s};

TEST(MachineLoad, RisesOneStepInTenSeconds) {
    MachineLoad load;
    int changes = 0;
    for (Time now = start; now < start + 30s; now += 1s) changes += load.measured(now, 10) ? 1 : 0;
    EXPECT_EQ(changes, 3);
    EXPECT_EQ(load.advertised(), 96U);
}

TEST(MachineLoad, FallsOneStepInTwentySeconds) {
    MachineLoad load;
    for (Time now = start; now < start + 200s; now += 1s) load.measured(now, 10);
    EXPECT_EQ(load.advertised(), 224U);
    int changes = 0;
    for (Time now = start + 200s; now < start + 260s; now += 1s)
        changes += load.measured(now, 0) ? 1 : 0;
    EXPECT_EQ(changes, 3);
}

TEST(MachineLoad, ComesBackToNothing) {
    MachineLoad load;
    for (Time now = start; now < start + 60s; now += 1s) load.measured(now, 1);
    EXPECT_EQ(load.advertised(), 128U);
    for (Time now = start + 60s; now < start + 260s; now += 1s) load.measured(now, 0);
    EXPECT_EQ(load.advertised(), 0U);
}

TEST(MachineLoad, WobblingWithinAStepSaysNothing) {
    MachineLoad load;
    load.measured(start, 0.5);
    for (int i = 1; i < 1'000; ++i) {
        EXPECT_FALSE(load.measured(start + 30s + i * 10s, i % 2 == 0 ? 0.05 : 0.45));
    }
}

TEST(MachineLoad, NonsenseIsNoLoad) {
    MachineLoad load;
    EXPECT_FALSE(load.measured(start, std::numeric_limits<double>::quiet_NaN()));
    EXPECT_FALSE(load.measured(start, -5));
    EXPECT_EQ(load.advertised(), 0U);
}

}  // namespace
}  // namespace jetway::routing
