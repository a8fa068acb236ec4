#include "base/log.hpp"

#include <gtest/gtest.h>

namespace jetway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(LogLimit, LetsABurstThroughAndCountsTheRest) {
    LogLimit limit(2, seconds(1));
    const Time start{seconds(100)};
    std::uint64_t suppressed = 99;
    EXPECT_TRUE(limit.allow(start, suppressed));
    EXPECT_EQ(suppressed, 0U);
    EXPECT_TRUE(limit.allow(start, suppressed));
    for (int i = 0; i < 5; ++i) EXPECT_FALSE(limit.allow(start + milliseconds(999), suppressed));
    EXPECT_TRUE(limit.allow(start + seconds(1), suppressed));
    EXPECT_EQ(suppressed, 5U);
    EXPECT_TRUE(limit.allow(start + seconds(1), suppressed));
    EXPECT_EQ(suppressed, 0U);
    EXPECT_FALSE(limit.allow(start + seconds(1), suppressed));
}

TEST(LogLimit, OfNothingWritesNothing) {
    LogLimit limit(0, seconds(1));
    std::uint64_t suppressed = 0;
    EXPECT_FALSE(limit.allow(Time{}, suppressed));
    EXPECT_FALSE(limit.allow(Time{seconds(9)}, suppressed));
}

}  // namespace
}  // namespace jetway
