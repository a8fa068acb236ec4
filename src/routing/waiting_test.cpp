#include "routing/waiting.hpp"

#include <gtest/gtest.h>

namespace jetway::routing {
namespace {

using namespace std::chrono_literals;
using wire::TrafficClass;

constexpr Time start = Time(1h);

class WaitingTest : public testing::Test {
protected:
    void wants(std::uint32_t index, TrafficClass traffic_class = TrafficClass::normal) {
        waiting.look(index, Time::max());
        waiting.want(index, traffic_class);
    }
    /// Those that make an attempt now.
    std::vector<std::uint32_t> turn(Time now) {
        std::vector<std::uint32_t> result;
        while (const auto index = waiting.next(now)) {
            result.push_back(*index);
            waiting.remove(*index);
            waiting.attempted(now);
        }
        return result;
    }

    Waiting waiting;
};

using Indices = std::vector<std::uint32_t>;

TEST_F(WaitingTest, WhoseTimeHasComeIsDueUntilItIsPutOff) {
    waiting.look(1, start + 2s);
    waiting.look(2, start + 1s);
    EXPECT_EQ(waiting.deadline(), start + 1s);
    EXPECT_EQ(waiting.due(start), std::nullopt);
    EXPECT_EQ(waiting.due(start + 1s), 2U);
    waiting.look(2, start + 3s);
    EXPECT_EQ(waiting.due(start + 2s), 1U);
    waiting.remove(1);
    EXPECT_EQ(waiting.due(start + 2s), std::nullopt);
    EXPECT_EQ(waiting.all(), Indices{2});
}

TEST_F(WaitingTest, AStreamAloneTriesAtOnce) {
    wants(7);
    EXPECT_EQ(turn(start), Indices{7});
    EXPECT_EQ(waiting.deadline(), Time::max());
}

TEST_F(WaitingTest, InteractiveStreamsTryFirstAndBulkLast) {
    wants(1, TrafficClass::bulk);
    wants(2, TrafficClass::normal);
    wants(3, TrafficClass::interactive);
    wants(4, TrafficClass::bulk);
    wants(5, TrafficClass::interactive);
    EXPECT_EQ(turn(start), (Indices{3, 5, 2, 1, 4}));
}

TEST_F(WaitingTest, ManyTryAtAPace) {
    for (std::uint32_t i = 0; i < 1000; ++i) wants(i);
    EXPECT_EQ(turn(start).size(), 128U);
    EXPECT_EQ(turn(start).size(), 0U);
    const Time next = waiting.deadline();
    EXPECT_GE(next, start + 1ms);
    EXPECT_LE(next, start + 1100us);
    EXPECT_EQ(turn(next).size(), 32U);
    EXPECT_EQ(turn(start + 1s).size(), 128U);
}

TEST_F(WaitingTest, WhoHasLeftDoesNotTry) {
    wants(1);
    wants(2);
    wants(3);
    waiting.remove(2);
    waiting.remove(3);
    wants(3);
    EXPECT_EQ(turn(start), (Indices{1, 3}));
}

}  // namespace
}  // namespace jetway::routing
