#include "routing/forwarder.hpp"

#include <gtest/gtest.h>
#include <numeric>

#include "routing/crossroads.hpp"

namespace jetway::routing {
namespace {

using wire::Frame;
using wire::FrameType;

constexpr LinkId west = 0;   // the peer dialled: its labels are odd, ours even
constexpr LinkId east = 1;   // we dialled: ours are odd
constexpr LinkId south = 2;  // as east

/// "DATA 3 hello FIN", so that an expectation shows the whole frame.
std::string shown(const Frame& frame) {
    static constexpr const char* names[] = {"?",      "OPEN", "OPENED", "NACK",      "DATA",
                                            "WINDOW", "STOP", "RESET",  "RESET_ACK", "FIN_ACK"};
    std::string text = names[frame.header.type];
    text += " " + std::to_string(frame.header.label);
    if (frame.header.is(FrameType::data)) {
        if (frame.body.size() > 40) {
            text += " (" + std::to_string(frame.body.size()) + ")";
        } else if (!frame.body.empty()) {
            text += " " + std::string(frame.body.text());
        }
        if ((frame.header.flags & wire::flag::fin) != 0) text += " FIN";
    }
    if (frame.header.is(FrameType::window)) {
        const auto window = wire::decode_window(frame.body.bytes()).value();
        text += " " + std::to_string(window.up_to) + " " + std::to_string(window.consumed);
    }
    if (frame.header.is(FrameType::reset) || frame.header.is(FrameType::stop)) {
        text += " " + wire::to_error(wire::decode<wire::Reset>(frame.body.bytes()).value()).line();
    }
    if (frame.header.is(FrameType::nack)) {
        text += " " + wire::to_error(wire::decode<wire::Nack>(frame.body.bytes()).value()).line();
    }
    return text;
}

class ForwarderTest : public testing::Test {
protected:
    explicit ForwarderTest(Options options = {}) : roads(std::move(options)) {
        roads.add_link(west, false);
        roads.add_link(east, true);
        roads.add_link(south, true);
        roads.put_sign("east-service", east);
        roads.put_sign("south-service", south);
        roads.put_sign("west-service", west);
    }
    ~ForwarderTest() override {
        EXPECT_TRUE(roads.balanced()) << "bytes in = out + queued + discarded";
    }

    void accepts(LinkId link, Frame frame) {
        const std::string what = shown(frame);
        const auto result = roads.send(link, std::move(frame));
        EXPECT_TRUE(result) << what << ": " << result.error().line();
    }
    void refuses(LinkId link, Frame frame, const std::string& why) {
        const auto result = roads.send(link, std::move(frame));
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().code, Code::protocol);
        EXPECT_NE(result.error().detail.find(why), std::string::npos) << result.error().detail;
    }
    std::string next(LinkId link) {
        const auto frame = roads.pull(link);
        return frame ? shown(*frame) : "nothing";
    }
    std::vector<std::string> all(LinkId link) {
        std::vector<std::string> result;
        for (const auto& frame : roads.pull_all(link)) result.push_back(shown(frame));
        return result;
    }
    /// West opened `label` to the east, where it is `east_label`; it was answered and both sides
    /// granted 1000.
    void established(std::uint32_t label, const std::string& east_label,
                     std::uint64_t granted = 1000) {
        accepts(west, open_frame(label, "east-service"));
        EXPECT_EQ(next(east), "OPEN " + east_label);
        const auto theirs = static_cast<std::uint32_t>(std::stoul(east_label));
        accepts(east, opened_frame(theirs));
        accepts(east, window_frame(theirs, granted));
        accepts(west, window_frame(label, granted));
        all(west);
        all(east);
    }

    Crossroads roads;
};

using Lines = std::vector<std::string>;

// ---- opening ----

TEST_F(ForwarderTest, AnOpenLeavesByTheLinkThatWasChosenWithALabelOfOurs) {
    accepts(west, open_frame(1, "east-service"));
    EXPECT_EQ(next(west), "nothing");
    EXPECT_EQ(next(east), "OPEN 1");
    accepts(west, open_frame(3, "east-service"));
    EXPECT_EQ(next(east), "OPEN 3");
}

TEST_F(ForwarderTest, TheAcceptorPicksEvenLabels) {
    accepts(east, open_frame(2, "west-service"));
    EXPECT_EQ(next(west), "OPEN 2");
}

TEST_F(ForwarderTest, TheAnswerComesBackOnTheOpenersLabel) {
    accepts(west, open_frame(7, "east-service"));
    EXPECT_EQ(next(east), "OPEN 1");
    accepts(east, opened_frame(1));
    EXPECT_EQ(next(west), "OPENED 7");
}

TEST_F(ForwarderTest, DataMayFollowTheOpenAtOnceWithinTheFirstWindow) {
    accepts(west, open_frame(1, "east-service", 16384));
    accepts(west, data_frame(1, "hello"));
    EXPECT_EQ(all(east), (Lines{"OPEN 1", "DATA 1 hello"}));
}

TEST_F(ForwarderTest, AnOpenLeavesBeforeItsDataEvenWhenOtherDataWaits) {
    established(1, "1");
    accepts(west, data_frame(1, "old"));
    accepts(west, open_frame(3, "east-service", 100));
    accepts(west, data_frame(3, "new"));
    EXPECT_EQ(all(east), (Lines{"OPEN 3", "DATA 1 old", "DATA 3 new"}));
}

TEST_F(ForwarderTest, ALocalIngressMayFillInNamesOfTheAnswer) {
    constexpr LinkId local = 5;
    roads.add_link(local, false, LinkKind::local);
    accepts(local, open_frame(1, "east-service"));
    next(east);
    accepts(east, opened_frame(1));
    const auto opened = wire::decode<wire::Opened>(roads.pull(local)->body.bytes());
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->route(0), "via-east-service");
}

TEST_F(ForwarderTest, AStreamMayReturnByTheLinkItCameFrom) {
    accepts(west, open_frame(1, "west-service", 100));
    accepts(west, data_frame(1, "there", wire::flag::fin));
    EXPECT_EQ(all(west), (Lines{"OPEN 2", "DATA 2 there FIN"}));
    accepts(west, opened_frame(2));
    accepts(west, window_frame(1, 100));
    EXPECT_EQ(all(west), (Lines{"OPENED 1", "WINDOW 2 100 0"}));
    accepts(west, data_frame(2, "back", wire::flag::fin));
    EXPECT_EQ(all(west), (Lines{"DATA 1 back FIN"}));
    accepts(west, fin_ack_frame(1));
    accepts(west, fin_ack_frame(2));
    EXPECT_EQ(all(west), (Lines{"FIN_ACK 2", "FIN_ACK 1"}));
    EXPECT_EQ(roads.forwarder().streams_on(west), 0U);
}

TEST_F(ForwarderTest, WhatCannotBeRoutedIsRefusedAndItsLabelIsFreeAgain) {
    accepts(west, open_frame(1, "nowhere", 100));
    accepts(west, data_frame(1, "lost"));
    EXPECT_EQ(next(west), "NACK 1 E-NO-SERVICE nobody offers it");
    EXPECT_EQ(roads.counts().bytes_discarded[Discard::stale], 4U);
    EXPECT_EQ(roads.forwarder().streams_on(west), 0U);
    accepts(west, open_frame(1, "east-service"));
    EXPECT_EQ(next(east), "OPEN 1");
}

TEST_F(ForwarderTest, ARefusalTravelsBackAndFreesEachLabel) {
    accepts(west, open_frame(1, "east-service", 100));
    accepts(west, data_frame(1, "lost"));
    EXPECT_EQ(next(east), "OPEN 1");
    accepts(east, nack_frame(1, Code::no_instance, "far", {{4, 5}}));
    EXPECT_EQ(next(east), "nothing") << "what waited for the refused stream is gone";
    EXPECT_EQ(next(west), "NACK 1 E-NO-INSTANCE no");
    EXPECT_EQ(roads.signposts().dead(), (std::vector<std::pair<RouterId, RouterId>>{{4, 5}}));
    accepts(west, data_frame(1, "late"));
    EXPECT_EQ(roads.counts().bytes_discarded[Discard::refused], 4U);
    EXPECT_EQ(roads.counts().bytes_discarded[Discard::stale], 4U);
    accepts(west, open_frame(1, "east-service"));
    EXPECT_EQ(next(east), "OPEN 1");
}

TEST_F(ForwarderTest, AStreamToALinkThatIsGoneIsRefused) {
    roads.put_sign("gone", 77);
    accepts(west, open_frame(1, "gone"));
    EXPECT_EQ(next(west), "NACK 1 E-NO-ROUTE the next link is gone");
}

// ---- what a peer must not do ----

TEST_F(ForwarderTest, ALabelOfTheWrongParityIsAProtocolError) {
    refuses(west, open_frame(2, "east-service"), "parity");
    refuses(east, open_frame(1, "west-service"), "parity");
}

TEST_F(ForwarderTest, ALabelInUseIsAProtocolError) {
    accepts(west, open_frame(1, "east-service"));
    refuses(west, open_frame(1, "east-service"), "in use");
}

TEST_F(ForwarderTest, ALabelBeyondTheBoundIsAProtocolError) {
    accepts(west, open_frame(wire::max_label, "east-service"));
    refuses(west, open_frame(wire::max_label + 2, "east-service"), "label");
    refuses(west, open_frame(~0U, "east-service"), "label");
    refuses(west, open_frame(0, "east-service"), "without a stream");
}

TEST_F(ForwarderTest, FramesOfStreamsThatNeverWereAreProtocolErrors) {
    refuses(west, data_frame(9, "x"), "never opened");
    refuses(west, window_frame(9, 1), "never opened");
    refuses(west, reset_frame(9), "never opened");
    refuses(west, opened_frame(2), "never opened");
}

TEST_F(ForwarderTest, DataBeyondWhatWasGrantedIsAProtocolError) {
    accepts(west, open_frame(1, "east-service", 4));
    accepts(west, data_frame(1, "1234"));
    refuses(west, data_frame(1, "5"), "granted");
}

TEST_F(ForwarderTest, AGrantThatHasNotLeftMayNotBeUsed) {
    accepts(west, open_frame(1, "east-service"));
    next(east);
    accepts(east, window_frame(1, 10));
    refuses(west, data_frame(1, "early"), "granted");
    EXPECT_EQ(next(west), "WINDOW 1 10 0");
    accepts(west, data_frame(1, "now"));
}

TEST_F(ForwarderTest, AnOpenMayNotTakeMoreThanThePoolOrSixteenKilobytes) {
    refuses(west, open_frame(1, "east-service", 16385), "first window");
    Options options;
    options.pool = 20'000;
    Crossroads small(options);
    small.add_link(west, false);
    small.add_link(east, true);
    small.put_sign("east-service", east);
    EXPECT_TRUE(small.send(west, open_frame(1, "east-service", 16384)));
    EXPECT_FALSE(small.send(west, open_frame(3, "east-service", 16384)));
    EXPECT_TRUE(small.send(west, open_frame(5, "east-service", 20'000 - 16'384)));
    EXPECT_FALSE(small.send(west, open_frame(7, "east-service", 1)));
}

TEST_F(ForwarderTest, DataAfterFinAndFlagsThatMeanNothingAreProtocolErrors) {
    established(1, "1");
    refuses(west, data_frame(1, "x", 0x02), "flags");
    refuses(west, data_frame(1, "x", 0x08), "flags");
    refuses(west, data_frame(1, "x", wire::flag::outcome), "outcome before the end");
    auto frame = window_frame(1, 2000);
    frame.header.flags = 1;
    refuses(west, std::move(frame), "flags");
    accepts(west, fin_frame(1));
    refuses(west, data_frame(1, "x"), "after the end");
}

TEST_F(ForwarderTest, AnswersInTheWrongStateAreProtocolErrors) {
    accepts(west, open_frame(1, "east-service"));
    refuses(west, opened_frame(1), "OPENED");
    refuses(west, nack_frame(1, Code::denied, "x"), "NACK");
    refuses(east, opened_frame(1), "before its stream was opened");
    next(east);
    refuses(east, data_frame(1, "x"), "before OPENED");
    refuses(east, reset_ack_frame(1), "without RESET");
    accepts(east, opened_frame(1));
    refuses(east, opened_frame(1), "OPENED");
    refuses(east, nack_frame(1, Code::denied, "x"), "NACK");
}

TEST_F(ForwarderTest, GrantsThatCannotBeTrueAreProtocolErrors) {
    established(1, "1");
    accepts(west, data_frame(1, "12345"));
    refuses(east, window_frame(1, 2000, 1), "never sent");
    EXPECT_EQ(next(east), "DATA 1 12345");
    accepts(east, window_frame(1, 2000, 5));
    refuses(east, window_frame(1, 2000, 6), "never sent");
    refuses(east, window_frame(1, 5 + 16 * 1024 * 1024 + 1, 5), "16 MiB");
    refuses(east, Frame(FrameType::window, 1, Buffer::copy_of("short")), "WINDOW");
}

TEST_F(ForwarderTest, UnknownTypesAreSkippedWhenTheySaySoAndProtocolErrorsOtherwise) {
    Frame frame;
    frame.header.label = 1;
    frame.header.type = 0x80 | 99;
    accepts(west, open_frame(1, "east-service"));
    EXPECT_TRUE(roads.send(west, frame));
    frame.header.type = 99;
    EXPECT_FALSE(roads.send(west, frame));
    frame.header.type = static_cast<std::uint8_t>(FrameType::node);
    EXPECT_FALSE(roads.send(west, frame)) << "a control frame on a stream's label";
}

TEST_F(ForwarderTest, BodiesThatDoNotParseAreProtocolErrors) {
    const auto garbage = [](FrameType type, std::uint32_t label) {
        return Frame(type, label, Buffer::copy_of("\xff\xff\xff\xff"));
    };
    EXPECT_FALSE(roads.send(west, garbage(FrameType::open, 1)));
    established(1, "1");
    EXPECT_FALSE(roads.send(west, garbage(FrameType::reset, 1)));
    EXPECT_FALSE(roads.send(west, garbage(FrameType::stop, 1)));
    EXPECT_FALSE(roads.send(west, Frame(FrameType::data, 1, Buffer::copy_of("\xff\xff"),
                                        wire::flag::fin | wire::flag::outcome)));
}

// ---- credit ----

TEST_F(ForwarderTest, GrantsPassToTheOtherSideAndOnlyTheNewestWaits) {
    established(1, "1");
    accepts(east, window_frame(1, 2000));
    accepts(east, window_frame(1, 3000));
    accepts(east, window_frame(1, 2500));  // an old grant that comes late changes nothing
    EXPECT_EQ(all(west), (Lines{"WINDOW 1 3000 0"}));
    accepts(east, window_frame(1, 3000));
    EXPECT_EQ(all(west), Lines{}) << "nothing new";
}

TEST_F(ForwarderTest, GrantsMergeByTheLargerOfEachOffset) {
    established(1, "1");
    accepts(west, data_frame(1, "0123456789"));
    all(east);
    accepts(east, window_frame(1, 4000, 5));
    accepts(east, window_frame(1, 3000, 10));
    EXPECT_EQ(all(west), (Lines{"WINDOW 1 4000 10"}));
}

TEST_F(ForwarderTest, WhatTheReceiverHasNoRoomForWaitsHere) {
    established(1, "1", 4);
    accepts(west, data_frame(1, "1234"));
    EXPECT_EQ(next(east), "DATA 1 1234");
    accepts(east, window_frame(1, 8, 4));
    next(west);
    accepts(west, data_frame(1, "5678"));
    EXPECT_EQ(next(east), "DATA 1 5678");
    EXPECT_EQ(next(east), "nothing");
}

TEST_F(ForwarderTest, AnExhaustedPoolOfTheNextLinkMakesDataWaitForTheFirstGrant) {
    constexpr LinkId poor = 6;
    roads.add_link(poor, true, LinkKind::network, 6);
    roads.put_sign("poor-service", poor);
    accepts(west, open_frame(1, "poor-service", 100));
    accepts(west, data_frame(1, "0123456789", wire::flag::fin));
    const auto open = roads.pull(poor);
    ASSERT_TRUE(open);
    EXPECT_EQ(wire::decode<wire::Open>(open->body.bytes())->first_window(), 6U);
    EXPECT_EQ(next(poor), "DATA 1 012345") << "a frame is cut where credit ends";
    EXPECT_EQ(next(poor), "nothing");

    accepts(west, open_frame(3, "poor-service", 100));
    accepts(west, data_frame(3, "abc"));
    EXPECT_EQ(wire::decode<wire::Open>(roads.pull(poor)->body.bytes())->first_window(), 0U);
    EXPECT_EQ(next(poor), "nothing");

    accepts(poor, window_frame(1, 1000));
    accepts(poor, window_frame(3, 1000));
    EXPECT_EQ(all(poor), (Lines{"DATA 1 6789 FIN", "DATA 3 abc"}));
}

TEST_F(ForwarderTest, TheFirstGrantGivesTheFirstWindowBackToThePool) {
    constexpr LinkId poor = 6;
    roads.add_link(poor, true, LinkKind::network, 100);
    roads.put_sign("poor-service", poor);
    const auto first_window = [this](std::uint32_t label) {
        accepts(west, open_frame(label, "poor-service", 80));
        return wire::decode<wire::Open>(roads.pull(poor)->body.bytes())->first_window();
    };
    EXPECT_EQ(first_window(1), 80U);
    EXPECT_EQ(first_window(3), 20U);
    accepts(poor, window_frame(1, 200));
    EXPECT_EQ(first_window(5), 80U) << "after WINDOW";
    accepts(poor, nack_frame(5, Code::denied, "far"));
    EXPECT_EQ(first_window(7), 80U) << "after NACK";
    accepts(west, reset_frame(7));
    EXPECT_EQ(next(poor).substr(0, 7), "RESET 5") << "label 5 was free again after NACK";
    EXPECT_EQ(first_window(9), 80U) << "after RESET";
}

TEST_F(ForwarderTest, StreamsTakeTurns) {
    established(1, "1", 200'000);
    established(3, "3");
    for (const char letter : {'a', 'b', 'c'})
        accepts(west, data_frame(1, std::string(60'000, letter)));
    accepts(west, data_frame(3, "x"));
    EXPECT_EQ(all(east), (Lines{"DATA 1 (60000)", "DATA 1 (60000)", "DATA 3 x", "DATA 1 (60000)"}))
        << "after the first its share was not quite used";
}

TEST_F(ForwarderTest, ASlowLinkHasSmallFrames) {
    established(1, "1", 200'000);
    roads.forwarder().set_rate(east, 10'000'000);
    accepts(west, data_frame(1, std::string(12'000, 'a'), wire::flag::fin));
    EXPECT_EQ(all(east), (Lines{"DATA 1 (5000)", "DATA 1 (5000)", "DATA 1 (2000) FIN"}))
        << "half a millisecond each";
}

TEST_F(ForwarderTest, AnswersAndCreditsLeaveBeforeData) {
    established(1, "1");
    accepts(east, data_frame(1, "data"));
    accepts(west, open_frame(3, "nowhere"));
    accepts(east, window_frame(1, 5000));
    EXPECT_EQ(all(west),
              (Lines{"NACK 3 E-NO-SERVICE nobody offers it", "WINDOW 1 5000 0", "DATA 1 data"}));
}

TEST_F(ForwarderTest, TheSameBufferIsHandedOn) {
    established(1, "1");
    const Buffer payload = Buffer::copy_of("the very same bytes");
    accepts(west, Frame(FrameType::data, 1, payload, wire::flag::fin));
    const auto frame = roads.pull(east);
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->body.data(), payload.data());
    EXPECT_EQ(frame->header.flags, wire::flag::fin);
}

// ---- ends ----

TEST_F(ForwarderTest, AnEndIsAcknowledgedOnceAndOnlyBetweenRouters) {
    established(1, "1");
    refuses(east, fin_ack_frame(1), "without an end");
    accepts(west, fin_frame(1));
    refuses(east, fin_ack_frame(1), "without an end");  // it has not left yet
    EXPECT_EQ(next(east), "DATA 1 FIN");
    accepts(east, fin_ack_frame(1));
    refuses(east, fin_ack_frame(1), "without an end");
    constexpr LinkId local = 5;
    roads.add_link(local, false, LinkKind::local);
    accepts(local, open_frame(1, "east-service"));
    refuses(local, fin_ack_frame(1), "or here");
}

TEST_F(ForwarderTest, EachDirectionEndsOnItsOwnAndBothFreeTheLabels) {
    established(1, "1");
    accepts(west, data_frame(1, "bye", wire::flag::fin));
    EXPECT_EQ(next(east), "DATA 1 bye FIN");
    accepts(east, data_frame(1, "still here"));
    accepts(east, fin_frame(1));
    EXPECT_EQ(all(west), (Lines{"DATA 1 still here", "DATA 1 FIN"}));
    accepts(east, fin_ack_frame(1));
    EXPECT_EQ(all(west), (Lines{"FIN_ACK 1"}));
    EXPECT_EQ(roads.forwarder().streams_on(west), 1U) << "its end is not acknowledged";
    accepts(west, fin_ack_frame(1));
    EXPECT_EQ(all(east), (Lines{"FIN_ACK 1"}));
    EXPECT_EQ(roads.forwarder().streams_on(west), 0U);
    EXPECT_EQ(roads.forwarder().streams_on(east), 0U);
    accepts(west, window_frame(1, 9000));
    accepts(west, stop_frame(1));
    EXPECT_EQ(all(east), Lines{}) << "late frames of an ended stream";
    accepts(west, open_frame(1, "east-service"));
    EXPECT_EQ(next(east), "OPEN 3") << "our own label rests until something later was answered";
    accepts(east, opened_frame(3));
    accepts(west, open_frame(3, "east-service"));
    EXPECT_EQ(next(east), "OPEN 1");
}

TEST_F(ForwarderTest, AnOutcomeCrossesWithoutCreditAndIsNoStreamByte) {
    established(1, "1", 3);
    wire::Outcome outcome;
    outcome.set_has_status(true);
    outcome.set_status(3);
    accepts(west, data_frame(1, "abc"));
    accepts(west, Frame(FrameType::data, 1, wire::encode(outcome),
                        wire::flag::fin | wire::flag::outcome));
    EXPECT_EQ(next(east), "DATA 1 abc");
    const auto frame = roads.pull(east);
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->header.flags, wire::flag::fin | wire::flag::outcome);
    EXPECT_EQ(wire::decode<wire::Outcome>(frame->body.bytes())->status(), 3);
    EXPECT_EQ(roads.counts().bytes_in, 3U);
}

TEST_F(ForwarderTest, AnEndedStreamDrainsToItsSlowReader) {
    established(1, "1");
    accepts(west, data_frame(1, "last words", wire::flag::fin));
    accepts(east, fin_frame(1));
    EXPECT_EQ(next(west), "DATA 1 FIN");
    accepts(west, fin_ack_frame(1));
    EXPECT_EQ(all(east), (Lines{"FIN_ACK 1", "DATA 1 last words FIN"}));
    EXPECT_EQ(roads.forwarder().streams_on(east), 1U);
    accepts(east, fin_ack_frame(1));
    EXPECT_EQ(roads.forwarder().streams_on(east), 0U);
    EXPECT_EQ(roads.forwarder().streams_on(west), 1U) << "what it said last waits";
    EXPECT_EQ(next(west), "FIN_ACK 1");
    EXPECT_EQ(roads.forwarder().streams_on(west), 0U);
}

TEST_F(ForwarderTest, ResetEndsBothDirectionsAndDropsWhatWaits) {
    established(1, "1");
    accepts(west, data_frame(1, "dropped"));
    accepts(west, reset_frame(1));
    EXPECT_EQ(all(west), (Lines{"RESET_ACK 1"}));
    EXPECT_EQ(all(east), (Lines{"RESET 1 E-CANCELLED over"}));
    accepts(east, data_frame(1, "on its way"));
    EXPECT_EQ(roads.counts().bytes_discarded[Discard::reset], 7U);
    EXPECT_EQ(roads.counts().bytes_discarded[Discard::stale], 10U);
    EXPECT_EQ(roads.forwarder().streams_on(west), 0U);
    EXPECT_EQ(roads.forwarder().streams_on(east), 1U) << "until RESET_ACK";
    accepts(east, reset_ack_frame(1));
    EXPECT_EQ(roads.forwarder().streams_on(east), 0U);
    EXPECT_EQ(roads.counts().streams_reset, 1U);
}

TEST_F(ForwarderTest, ResetsFromBothSidesAreBothAnswered) {
    established(1, "1");
    accepts(west, reset_frame(1));
    EXPECT_EQ(next(east), "RESET 1 E-CANCELLED over");
    accepts(east, reset_frame(1));
    EXPECT_EQ(next(east), "RESET_ACK 1");
    EXPECT_EQ(roads.forwarder().streams_on(east), 1U);
    accepts(east, reset_ack_frame(1));
    EXPECT_EQ(roads.forwarder().streams_on(east), 0U);
    EXPECT_EQ(all(west), (Lines{"RESET_ACK 1"}));
}

TEST_F(ForwarderTest, AResetThatMeetsAWaitingResetIsOnlyAnswered) {
    established(1, "1");
    accepts(west, reset_frame(1));
    accepts(east, reset_frame(1));
    EXPECT_EQ(all(east), (Lines{"RESET_ACK 1"}));
    EXPECT_EQ(all(west), (Lines{"RESET_ACK 1"}));
    EXPECT_EQ(roads.forwarder().streams_on(east) + roads.forwarder().streams_on(west), 0U);
}

TEST_F(ForwarderTest, AStreamResetBeforeItsOpenLeftIsNeverHeardOf) {
    accepts(west, open_frame(1, "east-service", 10));
    accepts(west, data_frame(1, "x"));
    accepts(west, reset_frame(1));
    EXPECT_EQ(all(east), Lines{});
    EXPECT_EQ(roads.forwarder().streams_on(east), 0U);
}

TEST_F(ForwarderTest, AResetOnALabelThatWasRefusedMeanwhileIsAnswered) {
    accepts(west, open_frame(1, "nowhere"));
    EXPECT_EQ(next(west), "NACK 1 E-NO-SERVICE nobody offers it");
    accepts(west, reset_frame(1));
    EXPECT_EQ(next(west), "RESET_ACK 1");
}

TEST_F(ForwarderTest, AResetThatMeetsAWaitingRefusalTakesItsPlace) {
    accepts(west, open_frame(1, "nowhere"));
    accepts(west, reset_frame(1));
    EXPECT_EQ(all(west), (Lines{"RESET_ACK 1"}));
    EXPECT_EQ(roads.forwarder().streams_on(west), 0U);
}

TEST_F(ForwarderTest, ARefusalThatCrossesOurResetLeavesTheLabelToResetAck) {
    accepts(west, open_frame(1, "east-service"));
    next(east);
    accepts(west, reset_frame(1));
    EXPECT_EQ(next(east), "RESET 1 E-CANCELLED over");
    accepts(east, nack_frame(1, Code::denied, "far"));
    EXPECT_EQ(roads.forwarder().streams_on(east), 1U);
    accepts(east, reset_ack_frame(1));
    EXPECT_EQ(roads.forwarder().streams_on(east), 0U);
}

TEST_F(ForwarderTest, APeerThatResetsFreeLabelsWithoutReadingIsCutOff) {
    accepts(west, open_frame(1, "nowhere"));
    next(west);
    int answered = 0;
    while (roads.send(west, reset_frame(1))) ASSERT_LT(++answered, 100'000);
    EXPECT_EQ(answered, 1024);
}

TEST_F(ForwarderTest, StopLetsTheOtherSideFinishWhileItsDataIsDiscarded) {
    established(1, "1");
    accepts(west, data_frame(1, "waits"));
    accepts(east, stop_frame(1));
    EXPECT_EQ(next(west), "STOP 1 E-CLOSED enough");
    accepts(west, data_frame(1, "on its way"));
    accepts(east, data_frame(1, "the answer goes on"));
    accepts(west, data_frame(1, "x", wire::flag::fin));
    EXPECT_EQ(all(east), (Lines{"DATA 1 FIN"}));
    EXPECT_EQ(all(west), (Lines{"DATA 1 the answer goes on"}));
    EXPECT_EQ(roads.counts().bytes_discarded[Discard::unwanted], 16U);
}

TEST_F(ForwarderTest, StopKeepsAFinishThatWaitsForCredit) {
    established(1, "1", 4);
    roads.add_link(6, true, LinkKind::network, 0);
    roads.put_sign("slow", 6);
    accepts(west, open_frame(3, "slow", 100));
    accepts(west, data_frame(3, "no credit", wire::flag::fin));
    EXPECT_EQ(next(6), "OPEN 1");
    EXPECT_EQ(next(6), "nothing");
    accepts(6, opened_frame(1));
    accepts(6, stop_frame(1));
    EXPECT_EQ(next(6), "DATA 1 FIN");
    EXPECT_EQ(all(west), (Lines{"OPENED 3"})) << "it has finished: STOP would say nothing";
}

TEST_F(ForwarderTest, ALostLinkEndsItsStreamsWithTheReasonAndOurName) {
    established(1, "1");
    accepts(west, open_frame(3, "south-service"));
    next(south);
    accepts(west, data_frame(1, "dropped"));
    roads.forwarder().remove_link({}, east, Error(Code::closed, "connection reset"));
    const auto frame = roads.pull(west);
    ASSERT_TRUE(frame);
    EXPECT_EQ(shown(*frame), "RESET 1 E-CLOSED connection reset");
    EXPECT_EQ(wire::decode<wire::Reset>(frame->body.bytes())->machine(), "here");
    EXPECT_EQ(next(west), "nothing") << "the other stream lives";
    EXPECT_EQ(roads.counts().bytes_discarded[Discard::way_lost], 7U);
    EXPECT_FALSE(roads.send(east, data_frame(1, "x")));
    roads.add_link(east, true);
    accepts(west, open_frame(5, "east-service"));
    EXPECT_EQ(next(east), "OPEN 1") << "a new link begins with fresh labels";
}

TEST_F(ForwarderTest, ALostLinkTakesUnansweredOpensWithIt) {
    accepts(west, open_frame(1, "east-service"));
    roads.forwarder().remove_link({}, east, Error(Code::closed, "gone"));
    EXPECT_EQ(all(west), (Lines{"RESET 1 E-CLOSED gone"}));
    accepts(west, reset_ack_frame(1));
    EXPECT_EQ(roads.forwarder().streams_on(west), 0U);
}

TEST_F(ForwarderTest, ALostLinkEndsItsHairpins) {
    accepts(west, open_frame(1, "west-service"));
    next(west);
    accepts(west, open_frame(3, "west-service"));
    roads.forwarder().remove_link({}, west, Error(Code::closed, "gone"));
    EXPECT_TRUE(roads.forwarder().streams().empty());
}

TEST_F(ForwarderTest, AllStreamsOfALinkCanBeResetWhileItStays) {
    established(1, "1");
    roads.forwarder().reset_streams({}, east, Error(Code::peer_restarted, "a new epoch"));
    EXPECT_EQ(all(west), (Lines{"RESET 1 E-PEER-RESTARTED a new epoch"}));
    EXPECT_EQ(all(east), (Lines{"RESET 1 E-PEER-RESTARTED a new epoch"}));
}

// ---- memory ----

// ---- no way yet, or another one

/// As an ingress next to here writes it.
wire::Open from_an_ingress(const std::string& destination) {
    wire::Open open;
    open.set_destination(destination);
    open.mutable_id()->set_router(1);
    open.mutable_id()->set_epoch(1);
    open.set_egress(Signposts::here);
    open.add_route(1);
    open.add_route(Signposts::here);
    open.set_position(1);
    return open;
}

/// A stream of a process towards the east, whose way can break; then it goes south.
class GoingOn : public ForwarderTest {
protected:
    GoingOn() {
        roads.add_link(process, false, LinkKind::local);
        accepts(process, open_frame(1, "east-service", 100));
        EXPECT_EQ(all(east), (Lines{"OPEN 1"}));
        accepts(east, opened_frame(1));
        accepts(east, window_frame(1, 100));
        accepts(process, window_frame(1, 100));
        all(process);
        all(east);
    }
    void break_way() {
        roads.signposts().put_second("east-service", south);
        wire::Reset reset = wire::to_reset(Error(Code::closed, "the link is gone"), "far");
        reset.set_resumable(true);
        accepts(east, {FrameType::reset, 1, wire::encode(reset)});
        EXPECT_EQ(all(east), (Lines{"RESET_ACK 1"}));
    }
    wire::Open next_open(LinkId link) {
        const auto frame = roads.pull(link);
        EXPECT_TRUE(frame && frame->header.is(FrameType::open));
        return frame ? *wire::decode<wire::Open>(frame->body.bytes()) : wire::Open();
    }
    static Frame opened_with(std::uint32_t label, std::uint64_t received, bool finished = false) {
        wire::Opened opened;
        opened.set_received(received);
        opened.set_finished(finished);
        return {FrameType::opened, label, wire::encode(opened)};
    }

    static constexpr LinkId process = 5;
};

TEST_F(GoingOn, WhatTheEgressLacksIsSentAgainAndNothingElse) {
    accepts(process, data_frame(1, "hello "));
    accepts(process, data_frame(1, "world"));
    accepts(east, data_frame(1, "back"));
    EXPECT_EQ(all(east), (Lines{"DATA 1 hello ", "DATA 1 world"}));
    break_way();
    const wire::Open open = next_open(south);
    EXPECT_TRUE(open.resume());
    EXPECT_EQ(open.attempt(), 2U);
    EXPECT_EQ(open.received(), 4U);
    EXPECT_EQ(open.first_window(), 0U);
    EXPECT_EQ(all(south), (Lines{"WINDOW 1 100 0"})) << "what the process grants counts there too";
    accepts(process, fin_frame(1));
    EXPECT_EQ(all(south), Lines{}) << "not before the egress has said how much it has";
    accepts(south, opened_with(1, 8));
    accepts(south, window_frame(1, 100, 6));
    EXPECT_EQ(all(south), (Lines{"DATA 1 rld", "DATA 1 FIN"}));
    accepts(south, data_frame(1, " again", wire::flag::fin));
    EXPECT_EQ(all(process), (Lines{"WINDOW 1 100 6", "DATA 1 back", "DATA 1  again FIN"}));
    EXPECT_EQ(all(south), (Lines{"FIN_ACK 1"}));
    EXPECT_EQ(roads.forwarder().streams_on(process), 0U);
    EXPECT_EQ(roads.forwarder().streams_on(south), 1U);
    accepts(south, fin_ack_frame(1));
    EXPECT_EQ(roads.forwarder().streams_on(south), 0U);
}

TEST_F(GoingOn, TheEndIsSentAgainUntilItIsAcknowledged) {
    accepts(process, data_frame(1, "all", wire::flag::fin));
    EXPECT_EQ(all(east), (Lines{"DATA 1 all FIN"}));
    break_way();
    next_open(south);
    accepts(south, opened_with(1, 3, true));
    accepts(south, window_frame(1, 100, 3));
    EXPECT_EQ(all(south), (Lines{"WINDOW 1 100 0"})) << "it has the end";
    accepts(south, fin_ack_frame(1));
    refuses(south, data_frame(1, std::string(200, 'x')), "beyond");
}

TEST_F(GoingOn, AnEndThatHasArrivedIsSaidAgainWhenTheNextWayBreaksToo) {
    accepts(process, data_frame(1, "all", wire::flag::fin));
    EXPECT_EQ(all(east), (Lines{"DATA 1 all FIN"}));
    break_way();
    next_open(south);
    accepts(south, opened_with(1, 3, true));
    EXPECT_EQ(all(south), (Lines{"WINDOW 1 100 0"})) << "it has the end";
    wire::Reset broken = wire::to_reset(Error(Code::closed, "the link is gone"), "far");
    broken.set_resumable(true);
    accepts(south, {FrameType::reset, 1, wire::encode(broken)});
    EXPECT_EQ(next(south), "RESET_ACK 1");
    EXPECT_EQ(next_open(south).attempt(), 3U);
    accepts(south, opened_with(1, 3, true));
    accepts(south, fin_ack_frame(1));
    accepts(south, data_frame(1, "answer", wire::flag::fin));
    EXPECT_EQ(all(process), (Lines{"DATA 1 answer FIN"}));
    EXPECT_EQ(all(south), (Lines{"WINDOW 1 100 0", "FIN_ACK 1"}));
    EXPECT_EQ(roads.forwarder().streams().size(), 0U);
}

TEST_F(GoingOn, AnEgressWithTheEndMayLackWhatNobodyWantedThere) {
    accepts(process, data_frame(1, "wanted"));
    accepts(process, data_frame(1, "unwanted", wire::flag::fin));
    all(east);
    break_way();
    next_open(south);
    accepts(south, opened_with(1, 8, true));
    EXPECT_EQ(all(south), (Lines{"WINDOW 1 100 0"})) << "nothing is sent after its end";
    EXPECT_EQ(roads.forwarder().counts().bytes_queued, 0U);
    accepts(south, fin_ack_frame(1));
    accepts(south, data_frame(1, "answer", wire::flag::fin));
    EXPECT_EQ(all(process), (Lines{"DATA 1 answer FIN"}));
    EXPECT_EQ(all(south), (Lines{"FIN_ACK 1"}));
    EXPECT_EQ(roads.counts().bytes_discarded[Discard::unwanted], 6U);
}

TEST_F(GoingOn, AnEndThatHasArrivedLeavesAgainForAnEgressThatLacksIt) {
    accepts(process, data_frame(1, "all", wire::flag::fin));
    all(east);
    break_way();
    next_open(south);
    accepts(south, opened_with(1, 2));
    accepts(south, window_frame(1, 100, 2));
    EXPECT_EQ(all(south), (Lines{"WINDOW 1 100 0", "DATA 1 l FIN"}));
}

TEST_F(GoingOn, AnAttemptThatBeginsAgainBringsOnlyWhatIsNew) {
    wire::Open open = from_an_ingress("process-service");
    open.set_first_window(100);
    roads.put_sign("process-service", process);
    open.set_attempt(1);
    accepts(west, {FrameType::open, 1, wire::encode(open)});
    accepts(west, data_frame(1, "hello"));
    EXPECT_EQ(all(process), (Lines{"OPEN 2", "DATA 2 hello"}));
    open.set_attempt(2);
    accepts(west, {FrameType::open, 3, wire::encode(open)});
    accepts(west, data_frame(3, "he"));
    accepts(west, data_frame(3, ""));
    accepts(west, data_frame(3, "llo", wire::flag::fin));
    EXPECT_EQ(all(process), (Lines{"DATA 2 FIN"}));
    EXPECT_EQ(roads.counts().bytes_discarded[Discard::repeated], 5U);
}

TEST_F(GoingOn, AnEgressThatHasMoreThanWasSentEndsTheStream) {
    accepts(process, data_frame(1, "hello"));
    all(east);
    break_way();
    all(south);
    accepts(south, opened_with(1, 6));
    EXPECT_EQ(next(process).substr(0, 19), "RESET 1 E-PROTOCOL ");
    EXPECT_EQ(next(south).substr(0, 19), "RESET 1 E-PROTOCOL ");
}

TEST_F(GoingOn, AnEgressThatHasForgottenTheStreamSaysSo) {
    break_way();
    all(south);
    accepts(south, nack_frame(1, Code::outcome_unknown, "far"));
    EXPECT_EQ(next(process).substr(0, 26), "RESET 1 E-OUTCOME-UNKNOWN ");
    EXPECT_EQ(roads.forwarder().streams_on(south), 0U);
}

TEST_F(GoingOn, AWayThatRefusesIsNotAskedWithEveryNews) {
    break_way();
    for (int attempt = 0; attempt < 3; ++attempt) {
        next_open(south);
        accepts(south, nack_frame(1, Code::no_route, "far"));
    }
    EXPECT_EQ(roads.pull(south), std::nullopt) << "three at once";
    Time now{};
    int opens = 0;
    for (; now < Time(std::chrono::seconds(1)); now += std::chrono::milliseconds(1)) {
        roads.forwarder().retry(now);
        roads.forwarder().tick(now);
        if (const auto frame = roads.pull(south); frame && frame->header.is(FrameType::open)) {
            ++opens;
            accepts(south, nack_frame(1, Code::no_route, "far"));
        }
    }
    EXPECT_GE(opens, 15);
    EXPECT_LE(opens, 20) << "one in 50 ms";
}

TEST_F(ForwarderTest, AProcessDoesNotWriteWhatItsIngressWrites) {
    constexpr LinkId process = 5;
    roads.add_link(process, false, LinkKind::local);
    wire::Open open = from_an_ingress("east-service");
    open.set_resume(true);
    open.set_finished(true);
    refuses(process, {FrameType::open, 1, wire::encode(open)}, "an ingress's fields");
    EXPECT_EQ(roads.pull(east), std::nullopt);
}

class Patience : public ForwarderTest {
protected:
    static constexpr LinkId process = 9;
    const Time later{std::chrono::seconds(1)};

    Patience() {
        roads.add_link(process, false, LinkKind::local);
        roads.signposts().be_patient(later);
    }
    void a_way_appears() {
        roads.put_sign("later-service", east);
        roads.forwarder().retry({});
    }
    ~Patience() override {
        for (const LinkId link : {process, east, south})
            roads.forwarder().remove_link({}, link, Error(Code::closed, "over"));
        EXPECT_EQ(roads.signposts().under_way(), 0) << "each stream that began has ended";
    }
    std::vector<std::uint32_t> no_streams() {
        return std::vector<std::uint32_t>(roads.forwarder().streams().size());
    }
};

TEST_F(Patience, WhatComesMeanwhileIsKept) {
    accepts(process, open_frame(1, "later-service", 100));
    accepts(process, data_frame(1, "hello"));
    accepts(process, window_frame(1, 500));
    accepts(process, fin_frame(1));
    EXPECT_EQ(next(process), "nothing");
    EXPECT_EQ(roads.forwarder().next_deadline(), later);
    a_way_appears();
    EXPECT_EQ(all(east), (Lines{"OPEN 1", "WINDOW 1 500 0", "DATA 1 hello", "DATA 1 FIN"}));
    EXPECT_EQ(roads.forwarder().next_deadline(), Time::max());
    EXPECT_EQ(roads.counts().streams_opened, 1U);
}

TEST_F(Patience, ItEndsWithTheReason) {
    accepts(process, open_frame(1, "later-service", 100));
    accepts(process, data_frame(1, "hello"));
    roads.forwarder().tick(later - std::chrono::milliseconds(1));
    EXPECT_EQ(next(process), "nothing");
    roads.signposts().be_patient({});
    roads.forwarder().tick(later);
    EXPECT_EQ(next(process), "NACK 1 E-NO-SERVICE nobody offers it");
    EXPECT_TRUE(no_streams().empty());
    accepts(process, open_frame(1, "east-service"));
    EXPECT_EQ(next(east), "OPEN 1");
}

TEST_F(Patience, StreamsOfMachinesDoNotWait) {
    accepts(west, open_frame(1, "later-service"));
    EXPECT_EQ(next(west), "NACK 1 E-NO-SERVICE nobody offers it");
}

TEST_F(Patience, ACallerMayLeaveMeanwhile) {
    accepts(process, open_frame(1, "later-service", 100));
    accepts(process, data_frame(1, "hello"));
    accepts(process, reset_frame(1));
    EXPECT_EQ(next(process), "RESET_ACK 1");
    a_way_appears();
    EXPECT_EQ(next(east), "nothing");
    EXPECT_EQ(roads.forwarder().next_deadline(), Time::max());
}

TEST_F(Patience, ACallersProcessMayDieMeanwhile) {
    accepts(process, open_frame(1, "later-service", 100));
    accepts(process, data_frame(1, "hello"));
    roads.forwarder().remove_link({}, process, Error(Code::closed, "gone"));
    a_way_appears();
    EXPECT_EQ(next(east), "nothing");
}

TEST_F(Patience, ACallerThatStopsReadingTellsTheWayThatIsFound) {
    accepts(process, open_frame(1, "later-service"));
    accepts(process, stop_frame(1));
    a_way_appears();
    EXPECT_EQ(all(east), (Lines{"OPEN 1", "STOP 1 E-CLOSED nobody reads any more"}));
}

TEST_F(Patience, ARefusedStreamGoesTheSecondWayWithAllThatWasSent) {
    roads.signposts().put_second("east-service", south);
    accepts(process, open_frame(1, "east-service", 8));
    accepts(process, data_frame(1, "hello"));
    accepts(process, data_frame(1, "you", wire::flag::fin));
    EXPECT_EQ(all(east), (Lines{"OPEN 1", "DATA 1 hello", "DATA 1 you FIN"}));
    accepts(east, nack_frame(1, Code::no_route, "far"));
    EXPECT_EQ(all(south), (Lines{"OPEN 1", "DATA 1 hello", "DATA 1 you FIN"}));
    EXPECT_EQ(next(process), "nothing");
    accepts(south, opened_frame(1));
    EXPECT_EQ(next(process), "OPENED 1");
    accepts(east, open_frame(2, "south-service"));  // nothing is left of the first try
    EXPECT_EQ(roads.forwarder().streams_on(east), 1U);
}

TEST_F(Patience, ASecondRefusalIsFinal) {
    roads.signposts().put_second("east-service", south);
    roads.signposts().be_patient({});
    accepts(process, open_frame(1, "east-service"));
    all(east);
    accepts(east, nack_frame(1, Code::no_route, "far"));
    all(south);
    accepts(south, nack_frame(1, Code::denied, "farther"));
    EXPECT_EQ(next(process), "NACK 1 E-DENIED no");
    EXPECT_TRUE(no_streams().empty());
}

TEST_F(Patience, AnOpenThatDidNotLeaveItsDeadLinkGoesTheSecondWay) {
    roads.signposts().put_second("east-service", south);
    accepts(process, open_frame(1, "east-service", 100));
    accepts(process, data_frame(1, "hello"));
    roads.forwarder().remove_link({}, east, Error(Code::closed, "gone"));
    EXPECT_EQ(all(south), (Lines{"OPEN 1", "DATA 1 hello"}));
}

TEST_F(Patience, WhoeverGrantsBeforeAnsweringKeepsTheStream) {
    roads.signposts().put_second("east-service", south);
    roads.signposts().be_patient({});
    accepts(process, open_frame(1, "east-service", 100));
    accepts(process, data_frame(1, "hello"));
    all(east);
    accepts(east, window_frame(1, 500));
    accepts(east, nack_frame(1, Code::no_route, "far"));
    EXPECT_EQ(all(process), (Lines{"NACK 1 E-NO-ROUTE no"}));
    EXPECT_EQ(next(south), "nothing");
}

TEST_F(Patience, OpensThatAreTooMuchToKeepAreNotTriedAgain) {
    roads.signposts().put_second("east-service", south);
    roads.signposts().be_patient({});
    wire::Open large;
    large.set_destination("east-service");
    wire::Setting& setting = *large.add_settings();
    setting.set_key("x");
    setting.add_values(std::string(30'000, 'x'));
    std::uint32_t label = 1;
    for (std::size_t kept = 0; kept < 1024UL * 1024; kept += 30'000, label += 2)
        accepts(process, {wire::FrameType::open, label, wire::encode(large)});
    all(east);
    accepts(east, nack_frame(label - 2, Code::no_route, "far"));
    EXPECT_EQ(next(south), "nothing");
    accepts(east, nack_frame(1, Code::no_route, "far"));
    EXPECT_EQ(next(south), "OPEN 1");
}

class SmallMemory : public ForwarderTest {
protected:
    SmallMemory() : ForwarderTest(options()) {}
    static Options options() {
        Options options;
        options.memory = 30'000;
        return options;
    }
    static std::string bytes(std::size_t size) { return std::string(size, 'x'); }
};

TEST_F(SmallMemory, TheLargestBacklogIsResetBeyondTheHardLimit) {
    established(1, "1", 50'000);
    established(3, "3", 50'000);
    accepts(west, data_frame(1, bytes(9'000)));
    accepts(west, data_frame(3, bytes(15'000)));
    EXPECT_EQ(roads.counts().streams_reset, 0U);
    accepts(west, data_frame(1, bytes(9'000)));
    EXPECT_EQ(next(west), "RESET 1 E-PRESSURE here is out of memory for waiting data");
    EXPECT_EQ(all(east), (Lines{"RESET 1 E-PRESSURE here is out of memory for waiting data",
                                "DATA 3 (15000)"}));
    EXPECT_EQ(roads.counts().bytes_discarded[Discard::pressure], 18'000U);
}

TEST_F(SmallMemory, AFloodOfFramesWithOneByteIsBoundedToo) {
    established(1, "1", 50'000);
    int taken = 0;
    while (roads.counts().streams_reset == 0) {
        accepts(west, data_frame(1, "x"));
        ASSERT_LT(++taken, 10'000);
    }
    EXPECT_GT(taken, 400);
}

TEST_F(SmallMemory, AFrameWithoutAByteIsTakenAndDropped) {
    established(1, "1", 50'000);
    for (int i = 0; i < 10'000; ++i) accepts(west, data_frame(1, ""));
    accepts(west, data_frame(1, "x"));
    EXPECT_EQ(all(east), (Lines{"DATA 1 x"}));
    EXPECT_EQ(roads.counts().streams_reset, 0U);
}

TEST_F(ForwarderTest, StreamsBeyondTheBoundAreRefused) {
    for (std::uint32_t label = 1; label <= 2 * 4096; label += 2)
        accepts(west, open_frame(label, "east-service"));
    EXPECT_EQ(next(west), "nothing");
    accepts(west, open_frame(9001, "east-service"));
    EXPECT_EQ(next(west), "NACK 9001 E-PRESSURE too many streams are being opened");
}

TEST_F(ForwarderTest, AnOpenThatWouldFillAStalledLaneIsRefused) {
    wire::Open open;
    open.set_destination("east-service");
    auto* setting = open.add_settings();
    setting->set_key("k");
    setting->add_values(std::string(30'000, 'v'));
    std::uint32_t label = 1;
    std::string answer = "nothing";
    for (; answer == "nothing" && label < 200; label += 2) {
        accepts(west, Frame(FrameType::open, label, wire::encode(open)));
        answer = next(west);
    }
    EXPECT_NE(answer.find("E-PRESSURE"), std::string::npos) << answer;
    EXPECT_GT(label, 60U);
}

// ---- what people see ----

TEST_F(ForwarderTest, EventsNameTheTerminalsAndTheDestination) {
    established(1, "1");
    accepts(west, reset_frame(1));
    const auto& events = roads.actions().events;
    ASSERT_EQ(events.size(), 2U);
    EXPECT_EQ(events[0].kind, Event::Kind::stream_opened);
    EXPECT_EQ(events[0].subject, "t0 -> t1 (east-service)");
    EXPECT_EQ(events[1].kind, Event::Kind::stream_ended);
    EXPECT_EQ(events[1].detail, "E-CANCELLED over");
}

TEST_F(ForwarderTest, StreamsAreListedWithWhatLeftAndWhatWaits) {
    established(1, "1");
    accepts(west, data_frame(1, "12345"));
    next(east);
    accepts(west, data_frame(1, "678"));
    const auto streams = roads.forwarder().streams();
    ASSERT_EQ(streams.size(), 1U);
    EXPECT_EQ(streams[0].from, west);
    EXPECT_EQ(streams[0].to, east);
    EXPECT_EQ(streams[0].destination, "east-service");
    EXPECT_EQ(streams[0].forward_bytes, 5U);
    EXPECT_EQ(streams[0].queued, 3U);
}

TEST_F(ForwarderTest, EachReadyLinkIsNamedOnce) {
    established(1, "1");
    roads.actions().clear();
    for (int i = 0; i < 3; ++i) {
        accepts(west, data_frame(1, "x"));
        accepts(east, window_frame(1, 5000 + static_cast<std::uint64_t>(i)));
    }
    EXPECT_EQ(roads.actions().ready, (std::vector<LinkId>{east, west}));
    EXPECT_TRUE(roads.forwarder().has_frames(east));
    all(east);
    EXPECT_FALSE(roads.forwarder().has_frames(east));
}

}  // namespace
}  // namespace jetway::routing
