#include "screen/bytes.hpp"

#include <gtest/gtest.h>

#include "screen/assembly.hpp"

namespace jetway::screen {
namespace {

constexpr Stamp stamp{0x1122334455667788U, 7, 9, 1'000'001, 4242, true};

template <typename T>
T round_trip(const T& body) {
    const auto decoded = decode_pty(encode(PtyMessage{stamp, body}));
    EXPECT_TRUE(decoded) << decoded.error().line();
    EXPECT_EQ(decoded->stamp, stamp);
    return std::get<T>(decoded->body);
}

TEST(PtyMessage, EveryKindComesBackAsItWas) {
    EXPECT_EQ(round_trip(PtyOut{Buffer::copy_of("hello")}).bytes.text(), "hello");
    EXPECT_EQ(round_trip(PtyOut{}).bytes.size(), 0U);
    EXPECT_EQ(round_trip(PtySize{132, 43}).columns, 132);
    EXPECT_EQ(round_trip(PtySize{132, 43}).rows, 43);
    EXPECT_EQ(round_trip(PtyMark{"here"}).label, "here");
    EXPECT_EQ(round_trip(PtyExit{-1, 9}).status, -1);
    EXPECT_EQ(round_trip(PtyExit{137, 9}).signal, 9);
}

TEST(PtyMessage, IsLaidOutAsTheHeaderSays) {
    const Buffer bytes = encode(PtyMessage{stamp, PtySize{80, 24}});
    const std::vector<std::uint8_t> expected{
        1,    2,    1,    0,    7,    0,    0,    0,     // version, kind, flags, epoch
        0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11,  // session
        9,    0,    0,    0,    0,    0,    0,    0,     // sequence
        0x41, 0x42, 0x0f, 0,    0,    0,    0,    0,     // us
        0x92, 0x10, 0,    0,    0,    0,    0,    0,     // off
        80,   0,    24,   0};
    EXPECT_EQ(std::vector<std::uint8_t>(bytes.bytes().begin(), bytes.bytes().end()), expected);
}

TEST(PtyMessage, CutAnywhereIsRefused) {
    const Buffer whole = encode(PtyMessage{stamp, PtyExit{1, 0}});
    for (std::size_t size = 0; size < whole.size(); ++size) {
        EXPECT_FALSE(decode_pty(whole.slice(0, size))) << size;
    }
}

TEST(PtyMessage, AnotherVersionSaysSo) {
    Buffer bytes = encode(PtyMessage{stamp, PtySize{80, 24}});
    bytes.mutable_data()[0] = 2;
    EXPECT_EQ(decode_pty(bytes).error().code, Code::version);
}

TEST(PtyMessage, SizesAndLengthsOutOfRangeAreRefused) {
    EXPECT_FALSE(decode_pty(encode(PtyMessage{stamp, PtySize{0, 24}})));
    EXPECT_FALSE(decode_pty(encode(PtyMessage{stamp, PtySize{80, 0}})));
    EXPECT_FALSE(decode_pty(encode(PtyMessage{stamp, PtySize{max_columns + 1, 24}})));
    Buffer large = Buffer::allocate(max_pty_message + 1);
    const Buffer out = encode(PtyMessage{stamp, PtyOut{}});
    std::memset(large.mutable_data(), 'x', large.size());
    std::memcpy(large.mutable_data(), out.data(), out.size());
    EXPECT_FALSE(decode_pty(large));
    EXPECT_TRUE(decode_pty(large.slice(0, max_pty_message)));
}

TEST(Assembly, PutsPiecesTogetherAndCountsWhatItTook) {
    Assembly assembly(100);
    assembly.add(Buffer::copy_of("one"), true);
    assembly.add(Buffer::copy_of("tw"), false);
    std::size_t consumed = 0;
    EXPECT_EQ((*assembly.next(consumed))->text(), "one");
    EXPECT_EQ(consumed, 3U);
    EXPECT_FALSE(assembly.next(consumed)->has_value());
    EXPECT_EQ(consumed, 5U);
    assembly.add(Buffer::copy_of("o"), true);
    EXPECT_EQ((*assembly.next(consumed))->text(), "two");
    EXPECT_EQ(consumed, 6U);
}

TEST(Assembly, RefusesAMessageLargerThanItsLimit) {
    Assembly assembly(4);
    assembly.add(Buffer::copy_of("abc"), false);
    assembly.add(Buffer::copy_of("de"), true);
    std::size_t consumed = 0;
    EXPECT_EQ(assembly.next(consumed).error().code, Code::too_large);
}

}  // namespace
}  // namespace jetway::screen
