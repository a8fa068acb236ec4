#include "base/random.hpp"

#include <gtest/gtest.h>
#include <set>

namespace jetway {
namespace {

TEST(Random, TheSameSeedIsTheSameRun) {
    SeededRandom a(42);
    SeededRandom b(42);
    SeededRandom c(43);
    for (int i = 0; i < 100; ++i) {
        const std::uint64_t value = a.next();
        EXPECT_EQ(value, b.next());
        EXPECT_NE(value, c.next());
    }
}

TEST(Random, IsSplitmix64) {
    SeededRandom random(1234567);  // the published test vector
    EXPECT_EQ(random.next(), 6457827717110365317U);
    EXPECT_EQ(random.next(), 3203168211198807973U);
}

TEST(Random, BelowStaysBelow) {
    SeededRandom random(1);
    std::set<std::uint64_t> seen;
    for (int i = 0; i < 1000; ++i) seen.insert(random.below(7));
    EXPECT_EQ(seen, (std::set<std::uint64_t>{0, 1, 2, 3, 4, 5, 6}));
    EXPECT_EQ(random.below(0), 0U);
    EXPECT_EQ(random.below(1), 0U);
}

TEST(Random, TheSystemsDiffersEachTime) {
    EXPECT_NE(system_random(), system_random());
}

}  // namespace
}  // namespace jetway
