#include "router/timeline.hpp"

#include <gtest/gtest.h>

namespace jetway::router {
namespace {

using routing::Event;

TEST(Timeline, EventsAreNumberedFromOne) {
    Timeline timeline;
    timeline.add(5, {Event::Kind::link_up, "b", "terminal to-b", {}});
    timeline.add(7, {Event::Kind::link_down, "b", "E-CLOSED connection reset", {}});
    ASSERT_EQ(timeline.entries().size(), 2U);
    EXPECT_EQ(timeline.entries()[1].number, 2U);
    EXPECT_EQ(timeline.entries()[1].wall_us, 7);
    EXPECT_EQ(timeline.entries()[1].event.subject, "b");
    EXPECT_EQ(timeline.last(), 2U);
}

TEST(Timeline, TheOldestGoesAndNumbersGoOn) {
    Timeline timeline;
    for (int i = 0; i < 3000; ++i) timeline.add(i, {Event::Kind::link_up, "b", "", {}});
    EXPECT_EQ(timeline.entries().size(), 1024U);
    EXPECT_EQ(timeline.entries().front().number, 3000U - 1024U + 1U);
    EXPECT_EQ(timeline.last(), 3000U);
}

TEST(Timeline, WhatAPeerWroteIsShortenedAndCleaned) {
    Timeline timeline;
    timeline.add(1, {Event::Kind::link_down, "b", std::string(100'000, 'x') + "\x1b[2J", "\x1b["});
    EXPECT_EQ(timeline.entries()[0].event.detail.size(), 512U);
    EXPECT_EQ(timeline.entries()[0].event.cause, "?[");
}

}  // namespace
}  // namespace jetway::router
