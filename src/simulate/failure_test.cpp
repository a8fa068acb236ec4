#include "simulate/failure.hpp"

#include <gtest/gtest.h>

namespace jetway::simulate {
namespace {

/// a - b - c - d, and b - d; `gpu` on c and d, `parser` on b.
Plan plan() {
    return {
        {"a", "b", "c", "d"}, {{0, 1}, {1, 2}, {2, 3}, {1, 3}}, {{"gpu", {2, 3}}, {"parser", {1}}}};
}

std::vector<Unreachable> after(std::string_view failure) {
    return unreachable(plan(), *parse_failure(plan(), failure));
}

TEST(Failure, ALinkWithAWayAroundCutsNobodyOff) {
    EXPECT_TRUE(after("b,c").empty());
    EXPECT_TRUE(after("d,c").empty());
    EXPECT_TRUE(after("c").empty());
}

TEST(Failure, ABridgeCutsOffWhatIsBehindIt) {
    EXPECT_EQ(after("a,b"), (std::vector<Unreachable>{{"gpu", {0}}, {"parser", {0}}}));
}

TEST(Failure, TheOnlyInstanceGoesWithItsMachine) {
    EXPECT_EQ(after("b"), (std::vector<Unreachable>{{"gpu", {0}}, {"parser", {0, 2, 3}}}));
}

TEST(Failure, APartitionSeparatesItsSides) {
    const auto parted = parse_partition(plan(), "a,b/c,d");
    ASSERT_TRUE(parted);
    EXPECT_EQ(parted->links, (std::set<LinkEnds>{{1, 2}, {1, 3}}));
    EXPECT_EQ(unreachable(plan(), *parted),
              (std::vector<Unreachable>{{"gpu", {0, 1}}, {"parser", {2, 3}}}));
    EXPECT_EQ(parse_partition(plan(), "a/b")->links, (std::set<LinkEnds>{{0, 1}}));
}

TEST(Failure, WhatCannotBeIsSaidWithTheNextStep) {
    EXPECT_EQ(parse_failure(plan(), "e").error().detail, "no machine of the file is called \"e\"");
    EXPECT_EQ(parse_failure(plan(), "a,c").error().detail, "no link joins a and c");
    EXPECT_EQ(parse_failure(plan(), "a,c").error().next, "a has links to b");
    EXPECT_EQ(parse_failure(plan(), "a,b,c").error().code, Code::usage);
    EXPECT_EQ(parse_failure(plan(), "").error().code, Code::usage);
    EXPECT_EQ(parse_partition(plan(), "a,b").error().detail, "\"a,b\" has one side only");
    EXPECT_EQ(parse_partition(plan(), "a,b/b").error().detail, "b stands on two sides");
}

TEST(Failure, AllSinglesAndPairsAreListed) {
    EXPECT_EQ(single_failures(plan()).size(), 8U);
    EXPECT_EQ(double_failures(plan()).size(), 28U);
    EXPECT_EQ(double_failures(plan())[0].name, "link a,b + link b,c");
}

TEST(Failure, SinglePointsAreThoseThatPutSomethingOutOfReach) {
    std::vector<std::string> names;
    for (const Failure& point : single_points_of_failure(plan())) names.push_back(point.name);
    EXPECT_EQ(names, (std::vector<std::string>{"link a,b", "machine b"}));
}

TEST(Failure, AdviceIsTheOneChangeThatMendsMost) {
    EXPECT_EQ(advice(plan()), "a link between a and c");
    Plan whole{{"a", "b"}, {{0, 1}}, {{"x", {0, 1}}}};
    EXPECT_EQ(advice(whole), "");
}

}  // namespace
}  // namespace jetway::simulate
