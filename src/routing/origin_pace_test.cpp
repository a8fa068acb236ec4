// A machine that never stops talking is handed on ten times a second.
#include "routing/origin_pace.hpp"

#include <gtest/gtest.h>

namespace jetway::routing {
namespace {

using namespace std::chrono_literals;

constexpr Time start{1'000s};

TEST(OriginPace, TwentyAtOnceAndThenTenASecond) {
    OriginPace pace;
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(pace.take(start, 5, 2));
    EXPECT_FALSE(pace.take(start, 5, 2));
    EXPECT_TRUE(pace.waits(5));
    EXPECT_TRUE(pace.take(start, 6, 2));
    int told = 0;
    for (Time now = start; now < start + 10s; now += 1ms) {
        if (pace.take(now, 5, 2)) ++told;
        told += static_cast<int>(pace.due(now).size());
    }
    EXPECT_GE(told, 98);
    EXPECT_LE(told, 101);
}

TEST(OriginPace, WhatWaitsIsToldOnceAndTheNewsIsNotForgotten) {
    OriginPace pace;
    for (int i = 0; i < 25; ++i) pace.take(start, 5, 2);
    EXPECT_TRUE(pace.due(start + 50ms).empty());
    const Time at = pace.deadline();
    pace.take(start + 60ms, 5, 3);  // by another way
    EXPECT_EQ(pace.due(at), (std::vector<OriginPace::News>{{5, 3}}));
    EXPECT_FALSE(pace.waits(5));
    EXPECT_EQ(pace.deadline(), Time::max());
}

TEST(OriginPace, AnotherMachineInItsPlaceBeginsAnew) {
    OriginPace pace;
    for (int i = 0; i < 25; ++i) pace.take(start, 5, 2);
    pace.drop(5);
    EXPECT_FALSE(pace.waits(5));
    EXPECT_TRUE(pace.take(start, 5, 2));
}

TEST(OriginPace, CalmMachinesAreForgotten) {
    OriginPace pace;
    for (NodeIndex node = 0; node < 10'000; ++node) {
        EXPECT_TRUE(pace.take(start + node * 1s, node, 2));
    }
    for (int i = 0; i < 19; ++i) EXPECT_TRUE(pace.take(start + 20'000s, 1, 2));
}

}  // namespace
}  // namespace jetway::routing
