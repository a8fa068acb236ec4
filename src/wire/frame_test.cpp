#include "wire/frame.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <string>
#include <vector>

#include "base/counting/counting.hpp"
#include "base/random.hpp"
#include "wire/samples.hpp"

namespace jetway::wire {
namespace {

std::string bytes_of(const Frame& frame) {
    std::string result(header_size, '\0');
    frame.header.write(reinterpret_cast<std::uint8_t*>(result.data()));
    return result.append(frame.body.text());
}

std::vector<Frame> drain(FrameSplitter& splitter) {
    std::vector<Frame> frames;
    while (auto frame = splitter.next()) frames.push_back(std::move(*frame));
    return frames;
}

bool same(const Frame& a, const Frame& b) {
    return a.header == b.header && a.body.text() == b.body.text();
}

TEST(Frame, HeaderIsLittleEndian) {
    const FrameHeader header{0x0102, 0x03, 0x04, 0x05060708};
    std::uint8_t bytes[header_size];
    header.write(bytes);
    EXPECT_EQ((std::vector<int>(bytes, bytes + header_size)),
              (std::vector<int>{2, 1, 3, 4, 8, 7, 6, 5}));
    EXPECT_EQ(FrameHeader::read(bytes), header);
    EXPECT_EQ(FrameHeader::unpack(header.pack()), header);
}

TEST(Frame, TakesItsLengthFromTheBody) {
    const Frame frame(FrameType::data, 7, Buffer::copy_of("abc"), flag::fin | flag::outcome);
    EXPECT_EQ(frame.header, (FrameHeader{3, 4, 5, 7}));
    EXPECT_TRUE(frame.header.is(FrameType::data));
    EXPECT_FALSE(frame.header.is(FrameType::open));
    EXPECT_EQ(Frame(FrameType::data, 1, Buffer::allocate(max_payload)).header.length, max_payload);
}

TEST(FrameDeathTest, ABodyThatDoesNotFitIsOurMistake) {
    EXPECT_DEATH(Frame(FrameType::data, 1, Buffer::allocate(max_payload + 1)), "max_payload");
}

TEST(Window, IsTwoLittleEndianNumbers) {
    const Window window{0x0102030405060708, 0x1112131415161718};
    const Buffer bytes = encode(window);
    EXPECT_EQ(bytes.text(), "\x08\x07\x06\x05\x04\x03\x02\x01\x18\x17\x16\x15\x14\x13\x12\x11");
    EXPECT_EQ(decode_window(bytes.bytes()).value(), window);
}

TEST(Window, OfAnyOtherSizeIsRefused) {
    const Buffer bytes = Buffer::copy_of(std::string(64, 'x'));
    for (std::size_t size = 0; size <= 64; ++size) {
        const auto window = decode_window(bytes.bytes().first(size));
        EXPECT_EQ(window.has_value(), size == 16) << size;
        if (!window) EXPECT_EQ(window.error().code, Code::protocol);
    }
}

TEST(FrameSplitter, HandsOutSlicesOfWhatCameIn) {
    FrameSplitter splitter;
    const Buffer input =
        Buffer::copy_of(bytes_of(Frame(FrameType::data, 1, Buffer::copy_of("first"))) +
                        bytes_of(Frame(FrameType::reset_ack, 2)) +
                        bytes_of(Frame(FrameType::data, 3, Buffer::copy_of("second"))));
    splitter.push(input);
    const std::vector<Frame> frames = drain(splitter);
    ASSERT_EQ(frames.size(), 3U);
    EXPECT_EQ(frames[0].body.text(), "first");
    EXPECT_EQ(frames[0].body.data(), input.data() + header_size);
    EXPECT_TRUE(frames[1].body.empty());
    EXPECT_EQ(frames[1].body.block_size(), 0U);  // an empty body keeps nothing alive
    EXPECT_EQ(frames[2].body.text(), "second");
    EXPECT_EQ(splitter.pending(), 0U);
}

TEST(FrameSplitter, LetsGoOfABufferOnceItIsUsedUp) {
    FrameSplitter splitter;
    Buffer input = Buffer::copy_of(bytes_of(Frame(FrameType::reset_ack, 2)));
    splitter.push(input);
    EXPECT_EQ(drain(splitter).size(), 1U);
    EXPECT_TRUE(input.unique());
}

TEST(FrameSplitter, CopiesAFrameThatStraddlesIntoABufferOfItsOwnSize) {
    const std::string bytes = bytes_of(Frame(FrameType::data, 1, Buffer::copy_of("straddles")));
    for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
        FrameSplitter splitter;
        splitter.push(Buffer::copy_of(bytes.substr(0, cut)));
        EXPECT_FALSE(splitter.next());
        EXPECT_EQ(splitter.pending(), cut);
        splitter.push(Buffer::copy_of(bytes.substr(cut)));
        const auto frame = splitter.next();
        ASSERT_TRUE(frame);
        EXPECT_EQ(frame->body.text(), "straddles");
        EXPECT_EQ(frame->body.block_size(), 9U);
        EXPECT_EQ(splitter.pending(), 0U);
    }
}

TEST(FrameSplitter, KnowsWhenAPeerDiedInTheMiddleOfAFrame) {
    FrameSplitter splitter;
    splitter.push(Buffer::copy_of(std::string_view("\xFF\xFF\x04\0\1\0\0\0only this", 17)));
    EXPECT_FALSE(splitter.next());
    EXPECT_EQ(splitter.pending(), 17U);
}

TEST(FrameSplitter, AllocatesNothingForFramesThatLieInOneBuffer) {
    std::string bytes;
    for (std::uint32_t i = 0; i < 100; ++i)
        bytes += bytes_of(Frame(FrameType::data, i, Buffer::copy_of("payload")));
    const Buffer input = Buffer::copy_of(bytes);
    FrameSplitter splitter;
    const std::size_t before = allocations().count;
    for (int round = 0; round < 10; ++round) {
        splitter.push(input);
        int count = 0;
        while (splitter.next()) ++count;
        ASSERT_EQ(count, 100);
    }
    EXPECT_EQ(allocations().count, before);
}

TEST(FrameSplitter, AllocatesOnceForAFrameThatArrivesByteByByte) {
    const std::string bytes = bytes_of(Frame(FrameType::data, 1, Buffer::allocate(5000)));
    std::vector<Buffer> pieces;
    for (const char c : bytes) pieces.push_back(Buffer::copy_of(std::string_view(&c, 1)));
    FrameSplitter splitter;
    const std::size_t before = allocations().count;
    std::optional<Frame> frame;
    for (Buffer& piece : pieces) {
        EXPECT_FALSE(frame);
        splitter.push(std::move(piece));
        frame = splitter.next();
    }
    EXPECT_TRUE(frame);
    EXPECT_EQ(allocations().count, before + 1);
}

TEST(FrameSplitter, TakesPushesThatWereNotDrainedInOrder) {
    const std::string bytes = bytes_of(Frame(FrameType::data, 1, Buffer::copy_of("one"))) +
                              bytes_of(Frame(FrameType::data, 2, Buffer::copy_of("two")));
    FrameSplitter splitter;
    for (const char c : bytes) splitter.push(Buffer::copy_of(std::string_view(&c, 1)));
    splitter.push({});
    EXPECT_EQ(splitter.pending(), bytes.size());
    const std::vector<Frame> frames = drain(splitter);
    ASSERT_EQ(frames.size(), 2U);
    EXPECT_EQ(frames[1].body.text(), "two");
    EXPECT_EQ(splitter.pending(), 0U);
}

/// Random bodies, now and then a large one.
std::vector<Frame> random_frames(Random& random) {
    Sampler sampler(random);
    std::vector<Frame> frames(sampler.below(12));
    for (Frame& frame : frames) {
        frame.body = Buffer::copy_of(sampler.bytes(sampler.below(8) == 0 ? max_payload : 40));
        frame.header = FrameHeader::unpack(random.next());
        frame.header.length = static_cast<std::uint16_t>(frame.body.size());
    }
    return frames;
}

RC_GTEST_PROP(FrameSplitter, GivesTheSameFramesHoweverTheBytesAreCut, (std::uint64_t seed)) {
    SeededRandom random(seed);
    const std::vector<Frame> sent = random_frames(random);
    std::string bytes;
    for (const Frame& frame : sent) bytes += bytes_of(frame);
    const std::uint64_t longest = random.below(2) == 0 ? 12 : 100'000;

    FrameSplitter splitter;
    std::vector<Frame> received;
    for (std::size_t at = 0; at < bytes.size();) {
        const std::size_t size =
            std::min<std::size_t>(bytes.size() - at, random.below(longest) + 1);
        splitter.push(Buffer::copy_of(std::string_view(bytes).substr(at, size)));
        at += size;
        if (random.below(4) == 0) continue;
        for (Frame& frame : drain(splitter)) received.push_back(std::move(frame));
    }
    for (Frame& frame : drain(splitter)) received.push_back(std::move(frame));

    RC_ASSERT(received.size() == sent.size());
    for (std::size_t i = 0; i < sent.size(); ++i) RC_ASSERT(same(received[i], sent[i]));
    RC_ASSERT(splitter.pending() == 0U);
}

}  // namespace
}  // namespace jetway::wire
