// Two ends of one link, each frame handed over by the test.
#include "routing/link.hpp"

#include <gtest/gtest.h>

namespace jetway::routing {
namespace {

using namespace std::chrono_literals;
using wire::FrameType;

constexpr Time start{1'000s};

Options machine(const std::string& name, RouterId router) {
    Options options;
    options.machine = name;
    options.router = router;
    options.epoch = 100 + router;
    options.boot_nonce = 900 + router;
    return options;
}

LinkOptions dialled(bool yes, std::string name = {}) {
    LinkOptions options;
    options.dialled = yes;
    options.link_name = std::move(name);
    return options;
}

/// Machine 1 ("a", which decides) dialled machine 2 ("b").
struct Ends {
    Options a_options = machine("a", 1);
    Options b_options = machine("b", 2);
    Link a{a_options, dialled(true, "fibre"), start};
    Link b{b_options, dialled(false), start};

    Result<> hear(Link& link, Time now, const wire::Frame& frame) {
        link.heard(now);
        JETWAY_TRY(link.expects(frame.header.type));
        if (frame.header.is(FrameType::hello)) {
            return link.on_hello(now, *wire::decode<wire::Hello>(frame.body.bytes()));
        }
        if (frame.header.is(FrameType::heartbeat)) {
            link.on_heartbeat(now, *wire::decode<wire::Heartbeat>(frame.body.bytes()));
        }
        if (frame.header.is(FrameType::verdict)) {
            if (wire::decode<wire::Verdict>(frame.body.bytes())->keep()) link.keep(now);
        }
        return success();
    }
    /// All that `from` has to say goes to `to`. The types that travelled.
    std::vector<FrameType> pass(Link& from, Link& to, Time now) {
        std::vector<FrameType> types;
        wire::Frame frame;
        while (from.pull(now, 7, frame)) {
            types.push_back(static_cast<FrameType>(frame.header.type));
            EXPECT_TRUE(hear(to, now, frame));
        }
        return types;
    }
    void greet() {
        pass(a, b, start);
        pass(b, a, start);
    }
    void bring_up() {
        greet();
        a.keep(start);
        pass(a, b, start);
        a.sync_sent(start);
        b.on_sync_done(start);
        b.sync_sent(start);
        a.on_sync_done(start);
    }
};

TEST(Link, HelloSaysWhoEachIs) {
    Ends ends;
    EXPECT_EQ(ends.pass(ends.a, ends.b, start), std::vector{FrameType::hello});
    EXPECT_EQ(ends.b.peer(), 1U);
    EXPECT_EQ(ends.b.peer_epoch(), 101U);
    EXPECT_EQ(ends.b.peer_machine(), "a");
    EXPECT_EQ(ends.b.peer_pool(), Options().pool);
    EXPECT_EQ(ends.b.state(), Link::State::deciding);
    EXPECT_EQ(ends.a.state(), Link::State::handshake);
}

TEST(Link, BothEndsKnowItByTheDiallersName) {
    Ends ends;
    ends.greet();
    EXPECT_EQ(ends.a.name(), "fibre");
    EXPECT_EQ(ends.b.name(), "fibre");
}

TEST(Link, TheSmallerRouterIdDecidesAndTheOtherWaits) {
    Ends ends;
    ends.greet();
    EXPECT_TRUE(ends.a.decides());
    EXPECT_FALSE(ends.b.decides());
    EXPECT_EQ(ends.b.state(), Link::State::deciding);
    ends.a.keep(start);
    EXPECT_EQ(ends.a.state(), Link::State::syncing);
    ends.pass(ends.a, ends.b, start);
    EXPECT_EQ(ends.b.state(), Link::State::syncing);
}

TEST(Link, IsUpOnlyWhenBothHaveSaidAll) {
    Ends ends;
    ends.greet();
    ends.a.keep(start);
    EXPECT_FALSE(ends.a.is_up());
    EXPECT_TRUE(ends.a.awaits_sync());
    EXPECT_FALSE(ends.a.sync_sent(start));
    EXPECT_FALSE(ends.a.awaits_sync());
    EXPECT_FALSE(ends.a.is_up());
    EXPECT_TRUE(ends.a.on_sync_done(start));
    EXPECT_TRUE(ends.a.is_up());
}

TEST(Link, HeartbeatsGoOutEveryIntervalAtMostATenthEarly) {
    Ends ends;
    ends.bring_up();
    wire::Frame frame;
    while (ends.a.pull(start, 7, frame)) {
    }
    Time now = start;
    for (std::uint64_t beat = 0; beat < 50; ++beat) {
        const Time next = ends.a.next_deadline(now);
        EXPECT_GE(next - now, 90ms);
        EXPECT_LE(next - now, 100ms);
        now = next;
        ends.a.heard(now);
        ends.a.tick(now, beat * 1'234'567);
        ASSERT_TRUE(ends.a.pull(now, 7, frame));
        EXPECT_TRUE(frame.header.is(FrameType::heartbeat));
        EXPECT_FALSE(ends.a.pull(now, 7, frame));
    }
}

TEST(Link, AHeartbeatThatWasNotPulledIsNotSentTwice) {
    Ends ends;
    ends.bring_up();
    for (int i = 1; i < 4; ++i) ends.a.tick(start + i * 100ms, 0);
    wire::Frame frame;
    ASSERT_TRUE(ends.a.pull(start + 300ms, 7, frame));
    EXPECT_FALSE(ends.a.pull(start + 300ms, 7, frame));
}

TEST(Link, MeasuresTheRoundTripWithoutTheTimeThePeerHeldTheEcho) {
    Ends ends;
    ends.bring_up();
    wire::Frame frame;
    ends.a.tick(start + 100ms, 0);
    ASSERT_TRUE(ends.a.pull(start + 100ms, 7, frame));
    ends.hear(ends.b, start + 102ms, frame);  // 2 ms there
    ends.b.tick(start + 190ms, 0);
    ASSERT_TRUE(ends.b.pull(start + 190ms, 7, frame));
    ends.hear(ends.a, start + 193ms, frame);  // 3 ms back
    EXPECT_EQ(ends.a.round_trip(), 5ms);
}

TEST(Link, EchoesThatCannotBeAreIgnored) {
    Ends ends;
    ends.bring_up();
    const auto sampled = [&](std::uint64_t echo_sent, std::uint64_t echo_received,
                             std::uint64_t sent) {
        wire::Heartbeat heartbeat;
        heartbeat.set_echo_sent_us(echo_sent);
        heartbeat.set_echo_received_us(echo_received);
        heartbeat.set_sent_us(sent);
        ends.a.on_heartbeat(start + 1s, heartbeat);
        return ends.a.round_trip().has_value();
    };
    EXPECT_FALSE(sampled(0, 0, 0));
    EXPECT_FALSE(sampled(~0ULL, 0, 0));              // from the future
    EXPECT_FALSE(sampled(1'000'000'000, 2, 1));      // sent before it was received
    EXPECT_FALSE(sampled(1'000'000'000, 0, ~0ULL));  // held longer than away
    EXPECT_FALSE(sampled(1, 5, 5));                  // away for a quarter of an hour
    EXPECT_TRUE(sampled(1'000'000'000, 500, 1'000'000));
}

TEST(Link, TheVersionsOfBothMustOverlap) {
    Ends ends;
    wire::Hello hello = hello_of(ends.b_options, dialled(false));
    hello.set_version_min(2);
    hello.set_version_max(9);
    EXPECT_EQ(ends.a.on_hello(start, hello).error().code, Code::version);
    hello.set_version_min(1);
    EXPECT_TRUE(ends.a.on_hello(start, hello));
}

TEST(Link, StrangersCopiesAndMirrorsAreRefused) {
    Ends ends;
    wire::Hello hello = hello_of(ends.b_options, dialled(false));
    hello.set_mesh("office");
    const auto stranger = ends.a.on_hello(start, hello);
    EXPECT_EQ(stranger.error().code, Code::wrong_mesh);
    EXPECT_EQ(stranger.error().detail, "b belongs to mesh \"office\", we to \"home\"");
    hello.set_mesh("home");
    hello.set_router(1);
    EXPECT_EQ(ends.a.on_hello(start, hello).error().code, Code::ambiguous);
    EXPECT_EQ(ends.a.on_hello(start, hello_of(ends.a_options, dialled(false))).error().code,
              Code::usage);
    hello.set_router(2);
    hello.set_epoch(max_epoch + 1);
    EXPECT_EQ(ends.a.on_hello(start, hello).error().code, Code::protocol);
    EXPECT_EQ(ends.a.peer(), 0U);
}

TEST(Link, AnEpochIsBelievedForTenYearsAheadByClocksThatCanBeRight) {
    constexpr std::uint64_t year_2026 = 1'767'225'600'000;
    EXPECT_GT(latest_epoch(year_2026), 2'082'758'400'000U);  // 2036
    EXPECT_LT(latest_epoch(year_2026), 2'114'380'800'000U);  // 2037
    EXPECT_EQ(latest_epoch(0), max_epoch);
    EXPECT_EQ(latest_epoch(max_epoch - 1), max_epoch);
}

TEST(Link, EachStateTakesOnlyItsOwnFrames) {
    using Types = std::vector<FrameType>;
    const Types all = {FrameType::hello,        FrameType::heartbeat, FrameType::node,
                       FrameType::sync_done,    FrameType::dir_delta, FrameType::dir_pull,
                       FrameType::dir_snapshot, FrameType::verdict,   FrameType::goaway};
    const auto taken = [&](const Link& link) {
        Types types;
        for (const FrameType type : all) {
            if (link.expects(static_cast<std::uint8_t>(type))) types.push_back(type);
        }
        return types;
    };
    Ends ends;
    EXPECT_EQ(taken(ends.a), (Types{FrameType::hello, FrameType::goaway}));
    ends.greet();
    EXPECT_EQ(taken(ends.a), (Types{FrameType::heartbeat, FrameType::goaway}));
    EXPECT_EQ(taken(ends.b), (Types{FrameType::heartbeat, FrameType::verdict, FrameType::goaway}));
    ends.a.keep(start);
    EXPECT_EQ(taken(ends.a), (Types{FrameType::heartbeat, FrameType::node, FrameType::sync_done,
                                    FrameType::dir_delta, FrameType::dir_pull,
                                    FrameType::dir_snapshot, FrameType::goaway}));
    ends.a.on_sync_done(start);
    EXPECT_FALSE(ends.a.expects(static_cast<std::uint8_t>(FrameType::sync_done)));
}

TEST(Link, AHandshakeThatDoesNotComeIsGivenUp) {
    Ends ends;
    EXPECT_FALSE(ends.a.handshake_expired(start + 4'999ms));
    EXPECT_TRUE(ends.a.handshake_expired(start + 5s));
    EXPECT_EQ(ends.a.next_deadline(start), start + 5s);
    ends.greet();
    EXPECT_TRUE(ends.b.handshake_expired(start + 5s));  // no verdict
    ends.a.keep(start);
    EXPECT_FALSE(ends.a.handshake_expired(start + 5s));
}

TEST(Link, SaysGoodbyeOnceAndNothingAfterwards) {
    Ends ends;
    ends.bring_up();
    wire::Frame frame;
    while (ends.a.pull(start, 7, frame)) {
    }
    ends.a.close(Error(Code::protocol, "nonsense"), true);
    ends.a.tick(start + 1s, 0);
    ASSERT_TRUE(ends.a.pull(start, 7, frame));
    ASSERT_TRUE(frame.header.is(FrameType::goaway));
    const auto goaway = wire::decode<wire::Goaway>(frame.body.bytes());
    EXPECT_EQ(goaway->detail(), "nonsense");
    EXPECT_FALSE(ends.a.pull(start, 7, frame));
    EXPECT_FALSE(ends.a.carries_records());
    EXPECT_EQ(ends.a.next_deadline(start), Time::max());
}

TEST(Link, AFreshDuplicateIsDroppedByVerdict) {
    Ends ends;
    ends.greet();
    wire::Frame frame;
    while (ends.a.pull(start, 7, frame)) {
    }
    ends.a.close(Error(Code::replaced, "another is kept"), true);
    ASSERT_TRUE(ends.a.pull(start, 7, frame));
    ASSERT_TRUE(frame.header.is(FrameType::verdict));
    EXPECT_FALSE(wire::decode<wire::Verdict>(frame.body.bytes())->keep());
}

TEST(Link, ASuspectIsUpAgainWithTheFirstByte) {
    Ends ends;
    ends.bring_up();
    EXPECT_EQ(ends.a.tick(start + 200ms, 0), Liveness::Sign::suspect);
    EXPECT_EQ(ends.a.state(), Link::State::suspect);
    EXPECT_TRUE(ends.a.is_up());
    EXPECT_TRUE(ends.a.heard(start + 210ms));
    EXPECT_EQ(ends.a.state(), Link::State::up);
    EXPECT_FALSE(ends.a.heard(start + 211ms));
}

}  // namespace
}  // namespace jetway::routing
