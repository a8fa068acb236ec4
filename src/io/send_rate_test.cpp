#include "io/send_rate.hpp"

#include <algorithm>
#include <gtest/gtest.h>

namespace jetway::io {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration step = milliseconds(10);

double in_seconds(Duration time) {
    return std::chrono::duration<double>(time).count();
}

/// A connection that always has more to send, over a path of one bottleneck. Without a limit it
/// keeps `window` bytes on their way, as congestion control might.
struct Path {
    double rate = 12.5e6;               // bytes a second
    Duration length = milliseconds(1);  // there and back
    double window = 400e3;

    FlightLimit limit;
    Time now = Time{} + seconds(1);
    double acknowledged = 0;
    Duration busy{};
    Duration least = Duration::max();

    double on_its_way() const {
        return limit.bytes() == 0 ? window : static_cast<double>(limit.bytes());
    }
    Duration round_trip() const {
        const std::chrono::duration<double> queued(on_its_way() / rate);
        return std::max(length, std::chrono::duration_cast<Duration>(queued));
    }
    /// Of what the path carries, in `time` to come.
    double used(Duration time) {
        const double before = acknowledged;
        for (const Time end = now + time; now < end; now += step) {
            acknowledged += on_its_way() / in_seconds(round_trip()) * in_seconds(step);
            busy += step;
            least = std::min(least, round_trip());
            limit.full(now, {static_cast<std::uint64_t>(acknowledged), busy,
                             static_cast<std::size_t>(on_its_way()), round_trip(), least});
        }
        return (acknowledged - before) / in_seconds(time) / rate;
    }
    Duration queue() const { return round_trip() - length; }
};

TEST(FlightLimit, LeavesHardlyAQueueAndUsesThePath) {
    for (const Duration length : {microseconds(50), microseconds(1000), microseconds(100'000)}) {
        Path path{.length = length};
        path.window = std::max(400e3, 2 * path.rate * in_seconds(length));
        path.used(seconds(3));
        // What was seen first had a queue in it: a real path shows shorter ones now and then.
        path.least = length;
        path.used(seconds(1));
        EXPECT_GT(path.used(seconds(1)), 0.98);
        EXPECT_LT(path.queue(), length / 3 + microseconds(700)) << length.count();
    }
}

TEST(FlightLimit, KnowsNothingBeforeItWasFullForAWhile) {
    Path path;
    path.used(milliseconds(90));
    EXPECT_EQ(path.limit.bytes(), 0U);
    EXPECT_EQ(path.limit.rate(), 0U);
    path.used(milliseconds(50));
    EXPECT_NEAR(static_cast<double>(path.limit.rate()), path.rate, path.rate / 100);
}

TEST(FlightLimit, ShortBurstsTellNothing) {
    Path path;
    for (int burst = 0; burst < 20; ++burst) {
        path.used(milliseconds(50));
        path.now += milliseconds(500);
        path.busy += milliseconds(400);  // somebody sent little
    }
    EXPECT_EQ(path.limit.rate(), 0U);
}

TEST(FlightLimit, FollowsARateThatRisesAndFalls) {
    Path path;
    path.least = path.length;
    path.used(seconds(3));
    path.rate *= 10;
    path.used(seconds(3));
    EXPECT_GT(path.used(seconds(1)), 0.98);
    path.rate /= 20;
    path.used(seconds(4));
    EXPECT_LT(path.queue(), milliseconds(2));
    EXPECT_GT(path.used(seconds(1)), 0.98);
}

TEST(FlightLimit, IsLiftedWhenThePathHasBecomeLonger) {
    Path path;
    path.window = 4e6;
    path.least = path.length;
    path.used(seconds(3));
    path.length = milliseconds(100);
    path.used(milliseconds(500));
    EXPECT_EQ(path.limit.bytes(), 0U);
    // It is tried again, ever more rarely, until the system notices that the path is longer.
    EXPECT_GT(path.used(seconds(8)), 0.8);
    EXPECT_GT(path.used(seconds(60)), 0.95);
    path.least = path.length;
    path.used(seconds(20));
    EXPECT_GT(path.used(seconds(5)), 0.98);
    EXPECT_GT(path.limit.bytes(), 0U);
}

TEST(FlightLimit, IsLiftedWhereOthersQueue) {
    Path path;
    path.least = microseconds(100);
    path.length = milliseconds(30);  // most of it their queue
    path.window = 1e6;
    path.used(seconds(1));
    EXPECT_EQ(path.limit.bytes(), 0U);
    EXPECT_GT(path.used(seconds(30)), 0.97);
}

TEST(FlightLimit, IsForgottenAfterAPause) {
    Path path;
    path.used(seconds(1));
    EXPECT_GT(path.limit.rate(), 0U);
    path.now += seconds(5);
    path.used(milliseconds(10));
    EXPECT_EQ(path.limit.bytes(), 0U);
}

}  // namespace
}  // namespace jetway::io
