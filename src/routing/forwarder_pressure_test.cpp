// What becomes of streams for which a router has no memory.
#include <gtest/gtest.h>

#include "routing/crossroads.hpp"

namespace jetway::routing {
namespace {

using wire::Frame;
using wire::FrameType;
using namespace std::chrono_literals;

constexpr LinkId west = 0;
constexpr LinkId east = 1;
constexpr LinkId process = 2;

Frame pressure_frame(std::uint32_t label) {
    wire::Reset reset = wire::to_reset(Error(Code::pressure, "no room"), "far");
    reset.set_resumable(true);
    return {FrameType::reset, label, wire::encode(reset)};
}

/// A forwarder with 30,000 bytes; streams to "east-service" go over the network, those to
/// "process-service" end here.
class Pressure : public testing::Test {
protected:
    Pressure() {
        roads.add_link(west, false);
        roads.add_link(east, true);
        roads.add_link(process, false, LinkKind::local);
        roads.put_sign("east-service", east);
        roads.put_sign("process-service", process);
        roads.signposts().put_second("east-service", east);
    }
    ~Pressure() override {
        EXPECT_TRUE(roads.balanced());
        EXPECT_LE(roads.forwarder().memory().waiting, options().memory);
    }
    static Options options() {
        Options options;
        options.memory = 30'000;
        return options;
    }

    void accepts(LinkId link, Frame frame) {
        const auto result = roads.send(link, std::move(frame));
        EXPECT_TRUE(result) << result.error().line();
    }
    /// The bytes of all DATA that leaves; the first frame of `type` is `found`.
    std::string data(LinkId link, FrameType type = FrameType::data) {
        std::string bytes;
        found.reset();
        while (auto frame = roads.pull(link)) {
            if (frame->header.is(FrameType::data)) bytes += frame->body.text();
            if (frame->header.is(type) && !found) found = std::move(frame);
        }
        return bytes;
    }
    std::optional<wire::Reset> reset_on(LinkId link) {
        data(link, FrameType::reset);
        if (!found) return std::nullopt;
        return *wire::decode<wire::Reset>(found->body.bytes());
    }
    std::optional<wire::Open> open_on(LinkId link) {
        data(link, FrameType::open);
        if (!found) return std::nullopt;
        return *wire::decode<wire::Open>(found->body.bytes());
    }
    /// A process's stream to the east, which was answered; both sides grant 60,000.
    void leave_for_the_east() {
        accepts(process, open_frame(1, "east-service", 100));
        data(east);
        accepts(east, opened_frame(1));
        accepts(east, window_frame(1, 60'000));
        accepts(process, window_frame(1, 60'000));
        data(process);
        data(east);
    }
    /// How long it takes until there is another attempt; which is answered.
    Duration back_off() {
        const Time start = now;
        for (; now < start + 40s; now += 1ms) {
            roads.forwarder().retry(now);
            roads.forwarder().tick(now);
            if (!open_on(east)) continue;
            wire::Frame opened = opened_frame(1);
            EXPECT_TRUE(roads.forwarder().receive(now, east, std::move(opened)));
            return now - start;
        }
        return Duration::max();
    }
    void press() { EXPECT_TRUE(roads.forwarder().receive(now, east, pressure_frame(1))); }
    static std::string text(std::size_t size) {
        std::string result(size, '\0');
        for (std::size_t i = 0; i < size; ++i) result[i] = static_cast<char>('a' + i * i % 23);
        return result;
    }
    void sends(LinkId link, std::uint32_t label, std::string_view bytes) {
        for (; !bytes.empty(); bytes.remove_prefix(std::min<std::size_t>(bytes.size(), 5'000)))
            accepts(link, data_frame(label, bytes.substr(0, 5'000)));
    }

    Crossroads roads{options()};
    std::optional<Frame> found;
    Time now{};
};

TEST_F(Pressure, InTransitBreaksTheWayOfTheLargestBacklogAndTheStreamMayGoOn) {
    accepts(west, open_frame(1, "east-service", 16'384));
    accepts(west, open_frame(3, "east-service", 16'384));
    sends(west, 1, text(13'000));
    sends(west, 3, text(16'000));
    EXPECT_EQ(roads.counts().streams_reset, 0U);
    sends(west, 1, text(1'000));
    EXPECT_EQ(roads.counts().streams_reset, 1U);
    const auto reset = reset_on(west);
    ASSERT_TRUE(reset && found->header.label == 3);
    EXPECT_EQ(static_cast<Code>(reset->code()), Code::pressure);
    EXPECT_TRUE(reset->resumable());
    EXPECT_EQ(data(east), text(13'000) + text(1'000));
}

TEST_F(Pressure, IsFollowedByABackOffThatDoublesWhileNothingMoves) {
    leave_for_the_east();
    Duration expected = 100ms;
    for (int i = 0; i < 7; ++i) {
        press();
        EXPECT_FALSE(open_on(east));
        const Duration waited = back_off();
        EXPECT_GE(waited, expected * 3 / 4 - 1ms);
        EXPECT_LE(waited, expected * 5 / 4 + 1ms);
        expected = std::min<Duration>(expected * 2, 3200ms);
    }
}

TEST_F(Pressure, ForAsLongAsAStreamGoesOnEndsItWithTheTrueCause) {
    leave_for_the_east();
    const Time start = now;
    std::optional<wire::Reset> told;
    while (!told && now < start + 60s) {
        press();
        back_off();
        told = reset_on(process);
    }
    ASSERT_TRUE(told);
    EXPECT_EQ(static_cast<Code>(told->code()), Code::pressure);
    EXPECT_NE(told->detail().find("no room"), std::string::npos) << told->detail();
}

TEST_F(Pressure, OnAWayThatCarriedSomethingBeginsWithAShortBackOff) {
    leave_for_the_east();
    accepts(process, data_frame(1, "hello"));
    for (int i = 0; i < 3; ++i) {
        press();
        back_off();
    }
    accepts(east, window_frame(1, 60'000));
    EXPECT_EQ(data(east), "hello");
    accepts(east, window_frame(1, 60'000, 5));
    press();
    EXPECT_LE(back_off(), 126ms);
}

TEST_F(Pressure, AtTheIngressAnAnswerThatNobodyTakesIsSaidAgain) {
    leave_for_the_east();
    accepts(process, data_frame(1, "question"));
    data(east);
    sends(east, 1, text(40'000));
    const auto reset = reset_on(east);
    ASSERT_TRUE(reset);
    EXPECT_TRUE(reset->resumable());
    accepts(east, reset_ack_frame(1));
    now += 200ms;
    roads.forwarder().tick(now);
    const auto open = open_on(east);
    ASSERT_TRUE(open);
    EXPECT_TRUE(open->resume());
    EXPECT_EQ(open->received(), 0U);
    accepts(east, opened_frame(found->header.label));
    const std::uint32_t label = found->header.label;
    accepts(east, window_frame(label, 60'000));
    EXPECT_EQ(data(east), "question");
    sends(east, label, text(20'000));
    EXPECT_EQ(data(process), text(20'000));
}

TEST_F(Pressure, AtTheEgressWhatTheServiceDoesNotTakeIsSaidAgain) {
    wire::Open open;
    open.set_destination("process-service");
    open.mutable_id()->set_router(1);
    open.mutable_id()->set_epoch(1);
    open.set_attempt(1);
    open.set_egress(Signposts::here);
    for (const RouterId router : {RouterId{1}, Signposts::here}) open.add_route(router);
    open.set_position(1);
    accepts(west, {FrameType::open, 1, wire::encode(open)});
    data(process, FrameType::open);
    const std::uint32_t label = found->header.label;
    accepts(process, opened_frame(label));
    accepts(process, window_frame(label, 60'000));
    accepts(process, data_frame(label, ""));
    data(west);
    sends(west, 1, text(10'000));
    EXPECT_EQ(data(process), text(10'000));
    sends(west, 1, text(40'000).substr(10'000));
    const auto reset = reset_on(west);
    ASSERT_TRUE(reset);
    EXPECT_TRUE(reset->resumable());
    EXPECT_EQ(roads.forwarder().memory().waiting, 0U);
    accepts(west, reset_ack_frame(1));

    open.set_attempt(2);
    open.set_resume(true);
    accepts(west, {FrameType::open, 3, wire::encode(open)});
    data(west, FrameType::opened);
    ASSERT_TRUE(found);
    EXPECT_EQ(wire::decode<wire::Opened>(found->body.bytes())->received(), 10'000U);
    sends(west, 3, text(40'000).substr(10'000, 20'000));
    EXPECT_EQ(data(process), text(30'000).substr(10'000));
}

TEST_F(Pressure, OfBytesThatOnlyThisMachineHasEndsTheirStream) {
    accepts(process, open_frame(1, "east-service", 0));
    data(east);
    accepts(east, opened_frame(1));
    accepts(east, window_frame(1, 60'000));
    data(process);
    sends(process, 1, text(40'000));
    const auto told = reset_on(process);
    ASSERT_TRUE(told);
    EXPECT_EQ(static_cast<Code>(told->code()), Code::pressure);
    const auto reset = reset_on(east);
    ASSERT_TRUE(reset);
    EXPECT_FALSE(reset->resumable());
}

}  // namespace
}  // namespace jetway::routing
