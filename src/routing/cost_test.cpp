#include "routing/cost.hpp"

#include <gtest/gtest.h>

namespace jetway::routing {
namespace {

using namespace std::chrono_literals;

constexpr Time start{1'000s};

TEST(Cost, GrowsByOneForEach100Microseconds) {
    EXPECT_EQ(raw_cost(0us), base_cost);
    EXPECT_EQ(raw_cost(199us), base_cost + 1);
    EXPECT_EQ(raw_cost(-5us), base_cost);
    EXPECT_EQ(raw_cost(std::chrono::hours(24 * 365)), wire::max_cost);
}

TEST(Cost, StepsAreQuarterOctavesAndKeepTheirOrder) {
    std::uint32_t before = 0;
    for (std::uint32_t cost = 1; cost < 100'000; cost += 37) {
        const std::uint32_t stands_for = cost_of_step(cost_step(cost));
        EXPECT_GE(stands_for, before);
        EXPECT_NEAR(stands_for, cost, cost * 0.1 + 1);
        before = stands_for;
    }
    EXPECT_LE(cost_of_step(1'000'000), wire::max_cost);
}

TEST(LinkCost, TheFirstMeasurementCountsAtOnce) {
    LinkCost cost;
    EXPECT_EQ(cost.advertised(), 10U);
    EXPECT_TRUE(cost.measured(start, 9ms));
    EXPECT_NEAR(cost.advertised(), 100, 10);
}

TEST(LinkCost, AFreshLinkThatWasSlowToStartGetsCheaperAtOnce) {
    LinkCost cost;
    EXPECT_TRUE(cost.measured(start, 4ms));
    EXPECT_TRUE(cost.measured(start + 500ms, 1ms));
    EXPECT_TRUE(cost.measured(start + 1s, 200us));
    EXPECT_LE(cost.advertised(), 13U);
    EXPECT_FALSE(cost.measured(start + 2s, 4ms));
    EXPECT_FALSE(cost.measured(start + 4s, 100us));
}

TEST(LinkCost, NoiseBelowTwoStepsIsNeverTold) {
    LinkCost cost;
    cost.measured(start, 9ms);
    for (int i = 1; i < 1'000; ++i) {
        EXPECT_FALSE(cost.measured(start + i * 100ms, i % 2 == 0 ? 8ms : 10ms));
    }
}

TEST(LinkCost, TwoStepsAreToldAfterFiveSecondsSixAfterOne) {
    LinkCost small;
    small.measured(start, 0us);
    EXPECT_FALSE(small.measured(start + 20s, 600us));
    EXPECT_FALSE(small.measured(start + 24'900ms, 600us));
    EXPECT_TRUE(small.measured(start + 25s, 600us));
    LinkCost large;
    large.measured(start, 0us);
    EXPECT_FALSE(large.measured(start + 20s, 100ms));
    EXPECT_TRUE(large.measured(start + 21s, 100ms));
}

TEST(LinkCost, ASpikeThatPassesIsNotTold) {
    LinkCost cost;
    cost.measured(start, 0us);
    EXPECT_FALSE(cost.measured(start + 20s, 600us));
    EXPECT_FALSE(cost.measured(start + 22s, 0us));
    EXPECT_FALSE(cost.measured(start + 24s, 600us));
    EXPECT_FALSE(cost.measured(start + 28s, 600us));
}

TEST(LinkCost, ChangesAtMostOnceInTenSeconds) {
    LinkCost cost;
    ASSERT_TRUE(cost.measured(start, 100ms));
    int changes = 0;
    for (int i = 1; i <= 300; ++i) {  // 30 s in which the link is near and far in turn
        changes += cost.measured(start + i * 100ms, i / 20 % 2 == 0 ? 100ms : 0us) ? 1 : 0;
    }
    EXPECT_GE(changes, 1);
    EXPECT_LE(changes, 3);
}

}  // namespace
}  // namespace jetway::routing
