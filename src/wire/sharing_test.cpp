#include "wire/sharing.hpp"

#include <gtest/gtest.h>

namespace jetway::wire {
namespace {

TEST(Sharing, AReferenceIsEightBytes) {
    const SharedData shared{127, 63, 0xfffe, 0x00ff0102};
    const SharedDataBytes bytes = encode(shared);
    EXPECT_EQ(bytes, (SharedDataBytes{127, 63, 0xfe, 0xff, 0x02, 0x01, 0xff, 0x00}));
    EXPECT_EQ(decode_shared_data(bytes).value(), shared);
}

TEST(Sharing, AReferenceStaysWithinItsLimits) {
    for (const SharedData& wrong : {SharedData{128, 0, 1, 0}, {0, 64, 1, 0}, {0, 0, 0, 0}}) {
        const auto decoded = decode_shared_data(encode(wrong));
        ASSERT_FALSE(decoded);
        EXPECT_EQ(decoded.error().code, Code::protocol);
    }
    EXPECT_FALSE(decode_shared_data({}));
    EXPECT_FALSE(decode_shared_data(std::array<std::uint8_t, 9>{}));
}

TEST(Sharing, ReturnedReferencesAreBits) {
    const References references{std::uint64_t{1} << 63U | 1U, 2};
    const ReferencesBytes bytes = encode(references);
    EXPECT_EQ(bytes, (ReferencesBytes{1, 0, 0, 0, 0, 0, 0, 0x80, 2}));
    EXPECT_EQ(decode_references(bytes).value(), references);
    EXPECT_FALSE(decode_references(std::array<std::uint8_t, 15>{}));
}

TEST(Sharing, AnArenaIsANumberAndAnAnswer) {
    EXPECT_EQ(encode(Arena{63, true}), (ArenaBytes{63, 1}));
    EXPECT_EQ(decode_arena(ArenaBytes{7, 0}).value(), (Arena{7, false}));
    EXPECT_FALSE(decode_arena(ArenaBytes{64, 0}));
    EXPECT_FALSE(decode_arena(ArenaBytes{0, 2}));
    EXPECT_FALSE(decode_arena({}));
}

}  // namespace
}  // namespace jetway::wire
