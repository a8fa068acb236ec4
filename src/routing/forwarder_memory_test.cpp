// What a forwarder may hold, and how much of a grant passes.
#include <algorithm>
#include <gtest/gtest.h>

#include "base/random.hpp"
#include "routing/crossroads.hpp"

namespace jetway::routing {
namespace {

using wire::Frame;
using wire::FrameType;

constexpr std::uint64_t kibibyte = 1024;
constexpr std::uint64_t basic = 256 * kibibyte;
constexpr LinkId in = 0;
constexpr LinkId out = 1;

/// Streams that cross one router, from senders that use all they are granted to receivers that
/// grant more or less and read, or do not. In steps at random.
class Load {
public:
    struct Shape {
        LinkKind from = LinkKind::network;  // local: the router is their ingress
        std::size_t streams = 8;
        std::uint64_t memory = 0;
        int stopped_in_100 = 30;  // receivers
        int pulls = 2;            // frames that the link takes in a step, at most
    };

    Load(std::uint64_t seed, const Shape& shape) : shape_(shape), random_(seed), roads_(options()) {
        roads_.add_link(in, false, shape.from);
        roads_.add_link(out, true);
        roads_.put_sign("far", out);
        for (std::size_t i = 0; i < shape.streams; ++i) open(static_cast<std::uint32_t>(2 * i + 1));
    }

    void step() {
        Stream& stream = any();
        if (random_.below(3) == 0) {
            read(stream, 1 + random_.below(512 * kibibyte));
        } else {
            write(stream);
        }
        for (auto left = random_.below(shape_.pulls + 1UL); left > 0; --left) take_one();
        hear();
    }
    /// Everybody reads, until everything that was written has been read.
    void settle() {
        for (auto& [label, stream] : streams_) stream.stopped = false;
        for (int round = 0; round < 3000 && !over(); ++round) {
            for (auto& [label, stream] : streams_) write(stream);
            while (take_one()) {
            }
            for (auto& [label, stream] : streams_) read(stream, stream.received);
            hear();
        }
        for (auto& [label, stream] : streams_) grant(stream);
    }
    bool over() const {
        return std::all_of(streams_.begin(), streams_.end(),
                           [](const auto& each) { return each.second.consumed == to_write; });
    }
    MemoryUse memory() { return roads_.forwarder().memory(); }
    const ForwarderCounts& counts() const { return roads_.counts(); }

    static constexpr std::uint64_t to_write = 32UL * 1024 * kibibyte;

private:
    struct Stream {
        std::uint32_t label = 0;  // on both links
        std::uint64_t window = basic;
        bool stopped = false;
        std::uint64_t sent = 0, credit = 0;
        std::uint64_t received = 0, consumed = 0, granted = 0;
    };

    Options options() const {
        Options result;
        result.memory = shape_.memory;
        return result;
    }
    void open(std::uint32_t label) {
        ASSERT_TRUE(roads_.send(in, open_frame(label, "far")));
        Stream& stream = streams_[label];
        stream.label = label;
        stream.window = basic << random_.below(7);
        stream.stopped = random_.below(100) < static_cast<std::uint64_t>(shape_.stopped_in_100);
        ASSERT_EQ(roads_.pull(out)->header.label, label);
        ASSERT_TRUE(roads_.send(out, opened_frame(label)));
        grant(stream);
    }
    Stream& any() {
        return streams_[static_cast<std::uint32_t>(2 * random_.below(shape_.streams) + 1)];
    }
    void write(Stream& stream) {
        const std::uint64_t size = std::min({stream.credit - stream.sent, to_write - stream.sent,
                                             kibibyte + random_.below(63 * kibibyte)});
        if (size == 0) return;
        stream.sent += size;
        send(in, {FrameType::data, stream.label, bytes_.slice(0, size)});
    }
    void read(Stream& stream, std::uint64_t most) {
        if (stream.stopped) return;
        stream.consumed += std::min(most, stream.received - stream.consumed);
        if (stream.consumed + stream.window - stream.granted >= basic / 2) grant(stream);
    }
    void grant(Stream& stream) {
        stream.granted = stream.consumed + stream.window;
        send(out, window_frame(stream.label, stream.granted, stream.consumed));
    }
    bool take_one() {
        const auto frame = roads_.pull(out);
        if (!frame) return false;
        expect_bounded();
        if (!frame->header.is(FrameType::data)) return true;
        Stream& stream = streams_[frame->header.label];
        stream.received += frame->body.size();
        EXPECT_LE(stream.received, stream.granted) << "more than was granted";
        return true;
    }
    /// What the senders are told.
    void hear() {
        while (const auto frame = roads_.pull(in)) {
            if (!frame->header.is(FrameType::window)) continue;
            const auto window = wire::decode_window(frame->body.bytes()).value();
            Stream& stream = streams_[frame->header.label];
            EXPECT_LE(window.up_to, std::max(stream.granted, stream.credit)) << "minted";
            stream.credit = std::max(stream.credit, window.up_to);
        }
    }
    void send(LinkId link, Frame frame) {
        const auto result = roads_.send(link, std::move(frame));
        EXPECT_TRUE(result) << result.error().line();
        expect_bounded();
    }
    void expect_bounded() {
        const MemoryUse use = memory();
        EXPECT_LE(use.waiting, use.budget);
        EXPECT_LE(use.wide, use.budget / 2);
    }

    Shape shape_;
    SeededRandom random_;
    Crossroads roads_;
    std::map<std::uint32_t, Stream> streams_;
    Buffer bytes_ = Buffer::copy_of(std::string(64 * kibibyte, 'x'));
};

void run(const Load::Shape& shape, bool resets) {
    for (std::uint64_t seed = 1; seed <= 5 && !testing::Test::HasFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Load load(seed, shape);
        std::size_t most = 0;
        for (int step = 0; step < 5000 && !testing::Test::HasFailure(); ++step) {
            load.step();
            most = std::max(most, load.memory().waiting);
        }
        EXPECT_GT(most, shape.memory / 4) << "the test is too kind";
        if (resets) continue;
        load.settle();
        EXPECT_TRUE(load.over()) << "a sender waits for ever";
        EXPECT_EQ(load.counts().streams_reset, 0U);
        EXPECT_EQ(load.memory().waiting, 0U);
    }
}

// Of 12 streams half the budget and 12 * 256 KiB can wait, and 64 for each KiB: 7.2 MiB.
constexpr std::uint64_t enough_for_12 = 8UL * 1024 * kibibyte;

TEST(ForwarderMemory, NobodyIsResetInTransitWhileBasicWindowsFit) {
    run({.streams = 12, .memory = enough_for_12, .pulls = 1}, false);
}

TEST(ForwarderMemory, NobodyIsResetAtTheIngressWhileBasicWindowsFit) {
    run({.from = LinkKind::local, .streams = 12, .memory = enough_for_12, .pulls = 2}, false);
}

TEST(ForwarderMemory, IsNeverMoreThanTheBudgetHoweverManyStreamsWaitForADeadLink) {
    run({.streams = 200, .memory = enough_for_12, .pulls = 0}, true);
    run({.from = LinkKind::local, .streams = 200, .memory = enough_for_12, .pulls = 0}, true);
}

TEST(ForwarderMemory, IsNeverMoreThanTheBudgetWhenNobodyConfirms) {
    run({.from = LinkKind::local,
         .streams = 200,
         .memory = enough_for_12,
         .stopped_in_100 = 100,
         .pulls = 8},
        true);
}

TEST(ForwarderMemory, OfAnIdleStreamIsSmall) {
    // And the names of its ends, and four bytes on each of its links.
    EXPECT_LE(sizeof(Crossing), 768U);
}

TEST(ForwarderMemory, IsNotMoreThanTheBudgetWhenFramesAreCutAndKept) {
    Options options;
    options.memory = 30'000;
    Crossroads roads(options);
    roads.add_link(in, false, LinkKind::local);
    roads.add_link(out, true);
    roads.put_sign("far", out);
    roads.forwarder().set_rate(out, 1);
    ASSERT_TRUE(roads.send(in, open_frame(1, "far")));
    roads.pull_all(out);
    ASSERT_TRUE(roads.send(out, opened_frame(1)));
    ASSERT_TRUE(roads.send(out, window_frame(1, 29'500)));
    roads.pull_all(in);
    ASSERT_TRUE(roads.send(in, data_frame(1, std::string(29'500, 'x'))));
    std::size_t left = 0;
    while (const auto frame = roads.pull(out)) {
        left += frame->body.size();
        ASSERT_LE(roads.forwarder().memory().waiting, options.memory);
    }
    EXPECT_EQ(left, 29'500U);
}

/// M is 4 MiB: 2 MiB for wide windows.
class Grants : public testing::Test {
protected:
    Grants() {
        roads.add_link(in, false);
        roads.add_link(out, true);
        roads.put_sign("far", out);
    }
    static Options options() {
        Options result;
        result.memory = 4096 * kibibyte;
        return result;
    }
    /// The receiver grants `up_to`. Returns how far the sender may go.
    std::uint64_t granted(std::uint32_t label, std::uint64_t up_to, std::uint64_t consumed = 0) {
        EXPECT_TRUE(roads.send(out, window_frame(label, up_to, consumed)));
        return heard();
    }
    std::uint64_t heard() {
        std::uint64_t result = 0;
        for (const Frame& frame : roads.pull_all(in)) {
            if (frame.header.is(FrameType::window))
                result = wire::decode_window(frame.body.bytes())->up_to;
        }
        return result;
    }
    void opened(std::uint32_t label) {
        EXPECT_TRUE(roads.send(in, open_frame(label, "far")));
        roads.pull_all(out);
        EXPECT_TRUE(roads.send(out, opened_frame(label)));
    }
    void sent(std::uint32_t label, std::uint64_t bytes) {
        for (; bytes > 0; bytes -= std::min(bytes, 32 * kibibyte)) {
            const std::string piece(std::min(bytes, 32 * kibibyte), 'x');
            EXPECT_TRUE(roads.send(in, data_frame(label, piece)));
        }
    }

    Crossroads roads{options()};
    static constexpr std::uint64_t wish = 16UL * 1024 * kibibyte;
};

TEST_F(Grants, BeyondTheBasicWindowReachHalfOfWhatOthersLeave) {
    for (const std::uint32_t label : {1U, 3U, 5U}) opened(label);
    EXPECT_EQ(granted(1, wish), basic + 1024 * kibibyte);
    EXPECT_EQ(granted(3, wish), basic + 512 * kibibyte);
    EXPECT_EQ(granted(5, basic), basic);
}

TEST_F(Grants, OfAStreamThatEndedServeOthers) {
    opened(1);
    granted(1, wish);
    EXPECT_TRUE(roads.send(in, reset_frame(1)));
    EXPECT_EQ(roads.forwarder().memory().wide, 0U);
}

TEST_F(Grants, PassOnAsBytesLeave) {
    opened(1);
    const std::uint64_t first = granted(1, wish);
    sent(1, 96 * kibibyte);
    EXPECT_EQ(heard(), 0U);
    roads.pull_all(out);
    EXPECT_EQ(heard(), first + 96 * kibibyte);
}

TEST_F(Grants, OfAWideStreamShrinkWhenAnotherComes) {
    opened(1);
    opened(3);
    const std::uint64_t first = granted(1, wish);
    const std::uint64_t second = granted(3, wish) - basic;
    sent(1, first);
    roads.pull_all(out);
    const std::uint64_t now = heard() - first - basic;
    EXPECT_EQ(now, (2048 * kibibyte - second) / 2);
    EXPECT_LT(now, first - basic);
}

TEST_F(Grants, ReachAFirstWindowBeyondWhatLeftWhileMemoryIsShort) {
    for (const std::uint32_t label : {1U, 3U, 5U, 7U}) opened(label);
    sent(1, granted(1, wish));
    sent(3, granted(3, wish));
    sent(5, granted(5, basic));
    ASSERT_GT(roads.forwarder().memory().waiting, 2048 * kibibyte);
    EXPECT_EQ(granted(7, basic), wire::first_window);
    EXPECT_EQ(roads.counts().streams_reset, 0U);
    roads.pull_all(out);
    EXPECT_GT(heard(), 0U);
    EXPECT_EQ(granted(7, basic + 1), basic + 1);
}

TEST_F(Grants, CarryWhatWasConsumedEvenWhenTheyPassInPart) {
    opened(1);
    const std::uint64_t first = granted(1, wish);
    sent(1, 32 * kibibyte);
    roads.pull_all(out);
    heard();
    EXPECT_TRUE(roads.send(out, window_frame(1, wish + 10, 10)));
    const auto window = wire::decode_window(roads.pull(in)->body.bytes()).value();
    EXPECT_EQ(window.consumed, 10U);
    EXPECT_EQ(window.up_to, first + 32 * kibibyte);
}

}  // namespace
}  // namespace jetway::routing
