// Who may keep a router id that two machines use.
#include "routing/contest.hpp"

#include <gtest/gtest.h>

namespace jetway::routing {
namespace {

using namespace std::chrono_literals;
using Answer = Contest::Answer;

constexpr Time start{1'000s};

Options machine(std::uint64_t nonce, std::uint64_t boot_time) {
    Options options;
    options.router = 1;
    options.epoch = 100;
    options.boot_nonce = nonce;
    options.boot_time_us = boot_time;
    return options;
}

Node record(const Options& of, std::uint64_t epoch) {
    Node node;
    node.router = of.router;
    node.version = {epoch, 1};
    node.boot_nonce = of.boot_nonce;
    node.boot_time_us = of.boot_time_us;
    return node;
}

const Options first = machine(11, 1'000);
const Options second = machine(22, 2'000);

TEST(Contest, AnEarlierLifeIsOutdoneAtOnce) {
    Contest contest(second);
    EXPECT_EQ(contest.heard(start, record(first, 200)), Answer::outdo);
    EXPECT_EQ(contest.deadline(), start);
    EXPECT_EQ(contest.take_epoch(start), 201U);
    EXPECT_EQ(contest.deadline(), Time::max());
    EXPECT_FALSE(contest.withdrawn(start));
}

TEST(Contest, ManyCopiesOfAnEarlierLifeAreNoClone) {
    Contest contest(second);
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(contest.heard(start + i * 1ms, record(first, 200)), Answer::outdo);
    }
    EXPECT_EQ(contest.take_epoch(start + 10ms), 201U);
}

TEST(Contest, WhoBootedLaterWithdrawsWhenItIsAnswered) {
    Contest contest(second);
    contest.heard(start, record(first, 200));
    contest.take_epoch(start);
    EXPECT_EQ(contest.heard(start + 2s, record(first, 202)), Answer::withdraw);
    EXPECT_TRUE(contest.withdrawn(start + 61s));
    EXPECT_FALSE(contest.withdrawn(start + 63s));
    EXPECT_EQ(contest.take_epoch(start + 3s), std::nullopt);
}

TEST(Contest, WhoWasFirstGoesOnAndEverMoreSlowly) {
    Contest contest(first);
    std::vector<Time> taken;
    for (Time now = start; now < start + 200s; now += 100ms) {
        EXPECT_EQ(contest.heard(now, record(second, 200)), Answer::outdo);
        if (contest.take_epoch(now)) taken.push_back(now);
    }
    ASSERT_GE(taken.size(), 4U);
    EXPECT_EQ(taken[1] - taken[0], 1s);
    EXPECT_EQ(taken[2] - taken[1], 2s);
    EXPECT_LE(taken.size(), 9U);
}

TEST(Contest, ACopyThatComesBackAndIsStillOneStaysAwayLonger) {
    Contest contest(second);
    contest.heard(start, record(first, 200));
    contest.take_epoch(start);
    contest.heard(start + 2s, record(first, 202));
    const Time back = start + 70s;
    contest.heard(back, record(first, 210));
    contest.take_epoch(back);
    EXPECT_EQ(contest.heard(back + 2s, record(first, 212)), Answer::withdraw);
    EXPECT_EQ(contest.withdrawn_until(), back + 2s + 2min);
}

TEST(Contest, OfTwoThatBootedTogetherTheSmallerNonceWithdraws) {
    const Options small = machine(11, 1'000);
    const Options large = machine(22, 1'000);
    for (const auto& [self, other, answer] :
         {std::tuple(small, large, Answer::withdraw), std::tuple(large, small, Answer::outdo)}) {
        Contest contest(self);
        contest.heard(start, record(other, 200));
        contest.take_epoch(start);
        EXPECT_EQ(contest.heard(start + 2s, record(other, 202)), answer);
    }
}

TEST(Contest, OurOwnRecordOfANewerVersionIsNoClone) {
    Contest contest(second);
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(contest.heard(start + i * 5s, record(second, 200 + i)), Answer::outdo);
        contest.take_epoch(start + i * 5s);
    }
    EXPECT_FALSE(contest.withdrawn(start + 60s));
}

}  // namespace
}  // namespace jetway::routing
