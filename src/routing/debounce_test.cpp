#include "routing/debounce.hpp"

#include <gtest/gtest.h>

namespace jetway::routing {
namespace {

using namespace std::chrono_literals;

constexpr Time start{1'000s};

/// Changes come without a pause until `end`.
void storm(Debounce& debounce, Time end) {
    for (Time now = start; now < end; now += 1ms) {
        debounce.schedule(now);
        if (debounce.due(now)) debounce.done(now);
    }
    debounce.done(end);
}

/// How long a change that comes now has to wait.
Duration wait(Debounce& debounce, Time now) {
    debounce.schedule(now);
    return debounce.deadline() - now;
}

TEST(Debounce, TheFirstChangeWaits5MillisecondsAndTheNextOnesLonger) {
    Debounce debounce;
    for (const Duration expected : {5ms, 10ms, 20ms, 40ms, 80ms, 160ms, 250ms, 250ms}) {
        const Time now = start;
        EXPECT_EQ(wait(debounce, now), expected);
        debounce.done(now);
    }
}

TEST(Debounce, AfterAQuietSecondItBeginsAnew) {
    Debounce debounce;
    storm(debounce, start + 3s);
    EXPECT_EQ(wait(debounce, start + 3s + 999ms), 250ms);
    debounce.done(start + 5s);
    EXPECT_EQ(wait(debounce, start + 6s), 5ms);
}

TEST(Debounce, PathsThatAreFoundAtOnceAfterAQuietSecondBeginItAnewToo) {
    Debounce debounce;
    storm(debounce, start + 3s);
    debounce.done(start + 10s);  // a link of our own died
    EXPECT_EQ(wait(debounce, start + 10s + 3ms), 5ms) << "the other end's news";
}

}  // namespace
}  // namespace jetway::routing
