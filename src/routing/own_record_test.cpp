// When a machine speaks of itself: OwnRecord, and the pace-makers it shares its idea with.
#include "routing/own_record.hpp"

#include <gtest/gtest.h>

#include "routing/debounce.hpp"
#include "routing/quota.hpp"

namespace jetway::routing {
namespace {

using namespace std::chrono_literals;
using Change = OwnRecord::Change;

constexpr Time start{1'000s};

struct Speaker {
    Options options;
    OwnRecord own;

    Speaker() { own.issue(start - 1h, options, {}); }
    wire::NodeRecord issue(Time now) { return own.issue(now, options, {}); }
};

TEST(OwnRecord, BadNewsIsSaidAtOnce) {
    Speaker speaker;
    speaker.own.changed(start, Change::bad);
    EXPECT_TRUE(speaker.own.due(start));
    EXPECT_TRUE(speaker.own.bad());
    speaker.issue(start);
    EXPECT_FALSE(speaker.own.due(start + 1h));
    EXPECT_FALSE(speaker.own.bad());
}

TEST(OwnRecord, GoodNewsWaitsForCompanyButNotBadNewsForGood) {
    Speaker speaker;
    speaker.own.changed(start, Change::good);
    EXPECT_EQ(speaker.own.deadline(), start + 100ms);
    speaker.own.changed(start + 50ms, Change::good);
    EXPECT_EQ(speaker.own.deadline(), start + 100ms);
    speaker.own.changed(start + 60ms, Change::bad);
    EXPECT_TRUE(speaker.own.due(start + 60ms));
}

TEST(OwnRecord, CostsAreSaidEveryTenSeconds) {
    Speaker speaker;
    speaker.own.changed(start, Change::cost);
    EXPECT_TRUE(speaker.own.due(start));
    speaker.issue(start);
    speaker.own.changed(start + 1s, Change::cost);
    EXPECT_EQ(speaker.own.deadline(), start + 10s);
}

TEST(OwnRecord, AMachineThatKeepsChangingIsSlowedDownAndRecovers) {
    Speaker speaker;
    Time now = start;
    std::vector<Duration> gaps;
    for (int i = 0; i < 12; ++i) {
        speaker.own.changed(now, Change::bad);
        const Time at = speaker.own.deadline();
        gaps.push_back(at - now);
        now = at;
        speaker.issue(now);
    }
    EXPECT_EQ(gaps[0], 0ms);
    EXPECT_EQ(gaps[1], 50ms);
    EXPECT_EQ(gaps[2], 100ms);
    EXPECT_EQ(gaps[3], 200ms);
    EXPECT_EQ(gaps.back(), 1s);
    now += 10s;
    speaker.own.changed(now, Change::bad);
    EXPECT_TRUE(speaker.own.due(now));
}

TEST(OwnRecord, BadNewsDoesNotWaitForWhatElseWasSaid) {
    Speaker speaker;
    Time now = start;
    for (int i = 0; i < 12; ++i) {
        speaker.own.changed(now, Change::good);
        now = speaker.own.deadline();
        speaker.issue(now);
    }
    speaker.own.changed(now, Change::good);
    EXPECT_EQ(speaker.own.deadline(), now + 1s);
    speaker.own.changed(now + 1ms, Change::bad);
    EXPECT_EQ(speaker.own.deadline(), now + 1ms);
}

TEST(OwnRecord, VersionsOnlyGrow) {
    Speaker speaker;
    speaker.options.machine = "a";
    speaker.options.epoch = 7;
    wire::Adjacency adjacency;
    adjacency.set_peer(9);
    const auto first = speaker.own.issue(start, speaker.options, {adjacency});
    const auto second = speaker.issue(start);
    EXPECT_EQ(first.machine(), "a");
    EXPECT_EQ(first.epoch(), 7U);
    EXPECT_EQ(first.adjacencies_size(), 1);
    EXPECT_EQ(second.sequence(), first.sequence() + 1);
}

TEST(Debounce, WaitsLongerWhileEventsGoOn) {
    Debounce debounce;
    debounce.done(start - 1h);
    Time now = start;
    std::vector<Duration> waits;
    for (int i = 0; i < 8; ++i) {
        debounce.schedule(now);
        debounce.schedule(now + 1ms);  // joins the first
        waits.push_back(debounce.deadline() - now);
        now = debounce.deadline();
        EXPECT_TRUE(debounce.due(now));
        debounce.done(now);
    }
    EXPECT_EQ(waits[0], 5ms);
    EXPECT_EQ(waits[1], 10ms);
    EXPECT_EQ(waits.back(), 250ms);
    debounce.schedule(now + 1s);
    EXPECT_EQ(debounce.deadline(), now + 1s + 5ms);
}

TEST(Quota, AllowsABurstAndThenTheRate) {
    Quota quota(100, 200, start);
    EXPECT_TRUE(quota.take(start, 200));
    EXPECT_FALSE(quota.take(start, 1));
    EXPECT_FALSE(quota.take(start + 9ms, 1));
    EXPECT_TRUE(quota.take(start + 11ms, 1));
    const Time ready = quota.ready(start + 11ms, 50);
    EXPECT_FALSE(quota.has(ready - 2ms, 50));
    EXPECT_TRUE(quota.has(ready, 50));
    EXPECT_FALSE(quota.has(start + 1h, 201));
    EXPECT_TRUE(quota.has(start + 1h, 200));
}

}  // namespace
}  // namespace jetway::routing
