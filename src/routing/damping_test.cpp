// A link that flaps is a last resort until it has been quiet.
#include "routing/damping.hpp"

#include <gtest/gtest.h>

namespace jetway::routing {
namespace {

using namespace std::chrono_literals;

constexpr Time start{1'000s};
const Damping::Key link{7, ""};
const Damping::Key other{7, "satellite"};

TEST(Damping, ThreeLossesAreBadLuckAndFourAreAHabit) {
    Damping damping;
    for (int i = 0; i < 3; ++i) damping.went_down(start + i * 1s, link);
    EXPECT_EQ(damping.until(link), Time{});
    damping.went_down(start + 3s, link);
    EXPECT_GT(damping.until(link), start + 3s);
    EXPECT_EQ(damping.until(other), Time{});
}

TEST(Damping, LossesFarApartAreForgotten) {
    Damping damping;
    for (int i = 0; i < 100; ++i) damping.went_down(start + i * 15s, link);
    EXPECT_EQ(damping.until(link), Time{});
}

TEST(Damping, LastsUntilTheLinkHasBeenQuiet) {
    Damping damping;
    for (int i = 0; i < 4; ++i) damping.went_down(start, link);
    EXPECT_EQ(damping.until(link), start + 30s);  // 4,000 are 1,000 after two half-lives
    damping.went_down(start + 15s, link);         // 2,000 are left, and one loss more
    EXPECT_GT(damping.until(link), start + 38s);
    EXPECT_LT(damping.until(link), start + 39s);
    damping.went_down(start + 60s, link);  // trusted again since: one loss is no habit
    EXPECT_LT(damping.until(link), start + 60s);
}

TEST(Damping, NeverLastsMoreThanAMinute) {
    Damping damping;
    for (int i = 0; i < 1'000; ++i) damping.went_down(start, link);
    EXPECT_EQ(damping.until(link), start + 60s);
}

TEST(Damping, RemembersABoundedNumberOfLinks) {
    Damping damping;
    for (RouterId peer = 1; peer <= 1'024; ++peer) {
        for (int i = 0; i < 4; ++i) damping.went_down(start, {peer, ""});
    }
    damping.went_down(start, {2'000, ""});
    EXPECT_EQ(damping.until({1, ""}), Time{});
    EXPECT_GT(damping.until({2, ""}), start);
}

}  // namespace
}  // namespace jetway::routing
