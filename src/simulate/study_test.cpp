#include "simulate/study.hpp"

#include <gtest/gtest.h>

namespace jetway::simulate {
namespace {

using namespace std::chrono_literals;

/// Three machines, each joined to both others; `x` on c.
deployment::Deployment triangle() {
    deployment::Deployment deployment;
    for (const char* name : {"a", "b", "c"}) {
        deployment::Machine machine;
        machine.name = name;
        for (const char* peer : {"a", "b", "c"}) {
            if (std::string(peer) == name) continue;
            deployment::Terminal terminal;
            terminal.name = std::string("to-") + peer;
            terminal.machine = peer;
            terminal.address = deployment::NetworkAddress{};
            machine.terminals.push_back(terminal);
        }
        deployment.machines.push_back(machine);
    }
    deployment::Service service;
    service.name = "x";
    deployment.machines[2].services.push_back(service);
    return deployment;
}

FailureReport report(std::string_view failure, const StudyOptions& options = {}) {
    const auto deployment = triangle();
    const Plan plan = plan_of(deployment);
    return study(deployment, plan, *parse_failure(plan, failure), options);
}

TEST(Study, AFileBecomesAPlan) {
    const Plan plan = plan_of(triangle());
    EXPECT_EQ(plan.links, (std::vector<LinkEnds>{{0, 1}, {0, 2}, {1, 2}}));
    EXPECT_EQ(plan.services.at("x"), std::vector<Place>{2});
}

TEST(Study, ACutLinkIsGoneAroundAndTheDetourIsTold) {
    const FailureReport told = report("a,c");
    EXPECT_TRUE(told.unreachable.empty());
    ASSERT_TRUE(told.noticed.recovers);
    EXPECT_LE(*told.noticed.recovers, 10ms);
    EXPECT_GT(told.noticed.calls, 100U);
    EXPECT_EQ(told.noticed.duplicated, 0U);
    ASSERT_EQ(told.detours.size(), 1U);
    EXPECT_EQ(told.detours[0].path, (std::vector<std::string>{"a", "b", "c"}));
    EXPECT_GT(told.detours[0].extra_cost, 0);
}

TEST(Study, SilenceTakesAsLongAsItIsDetected) {
    const FailureReport told = report("a,c");
    ASSERT_TRUE(told.silent.recovers);
    EXPECT_GE(*told.silent.recovers, 100ms);
    EXPECT_LE(*told.silent.recovers, 600ms);
    EXPECT_GT(told.silent.lost + told.silent.delayed, 0U);
}

TEST(Study, WhatOnlyADeadMachineHadIsOutOfReachAndNotLost) {
    const FailureReport told = report("c");
    EXPECT_EQ(told.unreachable, (std::vector<Unreachable>{{"x", {0, 1}}}));
    ASSERT_TRUE(told.noticed.recovers);
    EXPECT_EQ(told.noticed.lost, 0U);
    EXPECT_FALSE(told.noticed.timeline.empty());
}

TEST(Study, ADeadServiceDoesNotLookWell) {
    EXPECT_EQ(report("c").silent.answerable, 0U);
    EXPECT_GT(report("a,c").silent.answerable, 0U);
}

TEST(Study, CallsOverLongLinksAreAnsweredLateAndNotLost) {
    for (const Duration latency : {100ms, 500ms}) {
        const FailureReport told = report("a,c", {.latency = latency});
        ASSERT_TRUE(told.silent.recovers) << latency.count();
        EXPECT_LE(*told.silent.recovers, 10 * latency);
        EXPECT_EQ(told.silent.lost + told.noticed.lost, 0U);
        ASSERT_TRUE(told.noticed.flows_after) << "a longer way is no delay";
    }
}

TEST(Study, WhatIsNotSeenIsNotSaidToBeWell) {
    const FailureReport told = report("a,c", {.length = 100ms});
    EXPECT_FALSE(told.silent.recovers);
    EXPECT_FALSE(told.silent.flows_after);
    const FailureReport longer = report("a,c");
    ASSERT_TRUE(longer.silent.flows_after);
    EXPECT_GE(*longer.silent.recovers, *longer.silent.flows_after);
}

TEST(Study, TheSameSeedGivesTheSameReport) {
    const FailureReport one = report("a,c");
    const FailureReport other = report("a,c");
    EXPECT_EQ(one.silent.recovers, other.silent.recovers);
    EXPECT_EQ(one.silent.longest, other.silent.longest);
    EXPECT_EQ(one.silent.timeline.size(), other.silent.timeline.size());
}

}  // namespace
}  // namespace jetway::simulate
