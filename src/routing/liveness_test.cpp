#include "routing/liveness.hpp"

#include <gtest/gtest.h>

namespace jetway::routing {
namespace {

using namespace std::chrono_literals;

constexpr Time start{1'000s};

wire::Hello wishes(std::uint32_t desired_tx_us, std::uint32_t required_rx_us,
                   std::uint32_t multiplier) {
    wire::Hello hello;
    hello.set_desired_tx_us(desired_tx_us);
    hello.set_required_rx_us(required_rx_us);
    hello.set_multiplier(multiplier);
    return hello;
}

RoundTrip near_by() {
    RoundTrip result;
    result.sample(start, 1ms);
    return result;
}

TEST(Liveness, DoubtsAfterTwoIntervalsAndGivesUpAfterTheMultiplier) {
    const RoundTrip near = near_by();
    Liveness liveness(100ms, 4, start);
    EXPECT_EQ(liveness.sign(start + 199ms, near), Liveness::Sign::alive);
    EXPECT_EQ(liveness.sign(start + 200ms, near), Liveness::Sign::suspect);
    EXPECT_EQ(liveness.sign(start + 399ms, near), Liveness::Sign::suspect);
    EXPECT_EQ(liveness.sign(start + 400ms, near), Liveness::Sign::dead);
}

TEST(Liveness, AnythingHeardStartsTheClockAnew) {
    const RoundTrip near = near_by();
    Liveness liveness(100ms, 4, start);
    liveness.heard(start + 350ms);
    EXPECT_EQ(liveness.sign(start + 500ms, near), Liveness::Sign::alive);
    liveness.heard(start + 300ms);  // older than what was heard
    EXPECT_EQ(liveness.sign(start + 549ms, near), Liveness::Sign::alive);
    EXPECT_EQ(liveness.sign(start + 750ms, near), Liveness::Sign::dead);
}

TEST(Liveness, DeadlinesAreWhenTheSignChanges) {
    const RoundTrip near = near_by();
    const Liveness liveness(100ms, 4, start);
    EXPECT_EQ(liveness.deadline(start, near), start + 200ms);
    EXPECT_EQ(liveness.deadline(start + 200ms, near), start + 400ms);
}

TEST(Liveness, SendsAsSlowlyAsThePeerWishesAndWaitsAsLongAsItSends) {
    const RoundTrip near = near_by();
    Liveness liveness(100ms, 4, start);
    liveness.negotiate(wishes(250'000, 300'000, 3));
    EXPECT_EQ(liveness.send_interval(), 300ms);
    EXPECT_EQ(liveness.detect(near), 750ms);
    liveness.negotiate(wishes(10'000, 10'000, 3));
    EXPECT_EQ(liveness.send_interval(), 100ms);
    EXPECT_EQ(liveness.detect(near), 300ms);
}

TEST(Liveness, UnreasonableWishesAreBounded) {
    const RoundTrip near = near_by();
    Liveness liveness(100ms, 4, start);
    liveness.negotiate(wishes(~0U, ~0U, ~0U));
    EXPECT_EQ(liveness.send_interval(), 10s);
    EXPECT_EQ(liveness.detect(near), 500s);
    liveness.negotiate(wishes(0, 0, 0));
    EXPECT_EQ(liveness.detect(near), 200ms);
}

TEST(Liveness, AFarNeighbourIsGivenMoreTime) {
    RoundTrip far;
    far.sample(start, 300ms);
    const Liveness liveness(100ms, 4, start);
    EXPECT_EQ(far.floor(), 4 * 300ms + 4 * 150ms + 50ms);
    EXPECT_EQ(liveness.detect(far), far.floor());
}

TEST(Liveness, ALinkOfUnknownLengthMayBeLong) {
    const RoundTrip unknown;
    const Liveness liveness(100ms, 4, start);
    EXPECT_EQ(liveness.detect(unknown), 3s);
    EXPECT_EQ(liveness.sign(start + 2s, unknown), Liveness::Sign::suspect);
}

TEST(Liveness, ForgivenLatenessMovesTheDeadline) {
    const RoundTrip near = near_by();
    Liveness liveness(100ms, 4, start);
    liveness.forgive(1s);
    EXPECT_EQ(liveness.sign(start + 1'100ms, near), Liveness::Sign::alive);
}

TEST(RoundTrip, ShowsTheLeastOfTheLastSeconds) {
    RoundTrip round_trip;
    EXPECT_FALSE(round_trip.known());
    round_trip.sample(start, 1ms);
    for (int i = 1; i < 40; ++i) round_trip.sample(start + i * 100ms, 20ms);
    EXPECT_EQ(round_trip.smoothed(), 1ms);
    for (int i = 40; i < 400; ++i) round_trip.sample(start + i * 100ms, 20ms);
    EXPECT_GT(round_trip.smoothed(), 19ms);
}

TEST(RoundTrip, DoesNotBelieveWhatCannotBe) {
    RoundTrip round_trip;
    round_trip.sample(start, 11s);
    round_trip.sample(start, -1ms);
    EXPECT_FALSE(round_trip.known());
}

}  // namespace
}  // namespace jetway::routing
