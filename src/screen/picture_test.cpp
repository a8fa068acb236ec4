#include "screen/picture.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/random.hpp"

namespace jetway::screen {
namespace {

Picture random_picture(Random& random, Format format, std::uint32_t width, std::uint32_t height) {
    Picture picture(format, width, height);
    for (auto& byte : picture.pixels) byte = static_cast<std::uint8_t>(random.next());
    return picture;
}

PictureUpdate whole(const Picture& picture) {
    PictureUpdate update;
    update.stamp.us = 33333;
    update.n = 1;
    update.format = picture.format;
    update.width = picture.width;
    update.height = picture.height;
    update.hash = picture.hash();
    update.data = Buffer::copy_of(Bytes(picture.pixels));
    return update;
}

PictureUpdate tile_update(const Picture& of, std::vector<Tile> tiles, const Picture& content) {
    PictureUpdate update = whole(of);
    update.kind = PictureUpdate::Kind::tiles;
    update.tiles = std::move(tiles);
    update.data = Buffer::copy_of(Bytes(content.pixels));
    return update;
}

TEST(Xxh64, GivesThePublishedValues) {
    EXPECT_EQ(xxh64({}, 0), 0xef46db3751d8e999U);
    const std::string_view text = "Nobody inspects the spammish repetition";
    EXPECT_EQ(xxh64(Bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()), 0),
              0xfbcea83c8a378bf1U);
}

TEST(Picture, OfAnotherSizeWithTheSameBytesHasAnotherHash) {
    EXPECT_NE(Picture(Format::i420, 4, 8).hash(), Picture(Format::i420, 8, 4).hash());
    EXPECT_EQ(Picture(Format::i420, 4, 8).hash(), Picture(Format::i420, 4, 8).hash());
}

RC_GTEST_PROP(PictureUpdate, ComesBackFromItsBytes, (std::uint64_t seed)) {
    SeededRandom random(seed);
    const Format format = random.below(2) == 0 ? Format::i420 : Format::rgba8;
    const auto side = [&random] { return static_cast<std::uint32_t>(2 + 2 * random.below(20)); };
    const Picture picture = random_picture(random, format, side(), side());
    const auto update = decode_picture(encode(whole(picture)));
    RC_ASSERT(update.has_value());
    Picture follower;
    RC_ASSERT(apply(follower, *update).has_value());
    RC_ASSERT(follower == picture);
    RC_ASSERT(update->hash == follower.hash());
    RC_ASSERT(update->stamp.us == 33333U);
}

RC_GTEST_PROP(PictureUpdate, OfATileChangesThatTileAlone, (std::uint64_t seed)) {
    SeededRandom random(seed);
    const Format format = random.below(2) == 0 ? Format::i420 : Format::rgba8;
    Picture picture = random_picture(random, format, 40, 20);
    const Picture before = picture;
    const Picture content = random_picture(random, format, 6, 4);
    const auto update = decode_picture(encode(tile_update(picture, {{10, 8, 6, 4}}, content)));
    RC_ASSERT(update.has_value());
    RC_ASSERT(apply(picture, *update).has_value());
    const auto luma_or_rgba = [format](const Picture& p, std::uint32_t x, std::uint32_t y) {
        return p.pixels[(std::size_t{y} * p.width + x) * (format == Format::rgba8 ? 4 : 1)];
    };
    for (std::uint32_t y = 0; y < 20; ++y) {
        for (std::uint32_t x = 0; x < 40; ++x) {
            const bool inside = x >= 10 && x < 16 && y >= 8 && y < 12;
            const auto expected =
                inside ? luma_or_rgba(content, x - 10, y - 8) : luma_or_rgba(before, x, y);
            RC_ASSERT(luma_or_rgba(picture, x, y) == expected);
        }
    }
    if (format == Format::i420) {  // the last byte of the tile is its last V sample, at (7, 5) of a
                                   // plane 20 wide
        RC_ASSERT(picture.pixels[800 + 200 + 5 * 20 + 7] == content.pixels.back());
    }
}

TEST(PictureUpdate, CutOrLongerIsRefused) {
    const Picture picture(Format::i420, 4, 4);
    const Buffer bytes = encode(whole(picture));
    for (std::size_t size = 0; size < bytes.size(); ++size)
        EXPECT_FALSE(decode_picture(bytes.slice(0, size))) << size;
    Buffer longer = Buffer::allocate(bytes.size() + 1);
    std::memcpy(longer.mutable_data(), bytes.data(), bytes.size());
    longer.mutable_data()[bytes.size()] = 0;
    EXPECT_FALSE(decode_picture(longer));
}

TEST(PictureUpdate, TilesMustLieInsideAndOnEvenPixels) {
    const Picture picture(Format::i420, 8, 8);
    const Picture content(Format::i420, 4, 4);
    EXPECT_TRUE(decode_picture(encode(tile_update(picture, {{4, 4, 4, 4}}, content))));
    EXPECT_FALSE(decode_picture(encode(tile_update(picture, {{6, 4, 4, 4}}, content))));
    EXPECT_FALSE(decode_picture(encode(tile_update(picture, {{3, 4, 4, 4}}, content))));
    EXPECT_FALSE(decode_picture(encode(tile_update(picture, {{4, 4, 0, 4}}, content))));
    EXPECT_FALSE(decode_picture(encode(tile_update(picture, {}, content))));
}

TEST(PictureUpdate, PartOfAnotherPictureIsRefused) {
    const Picture large(Format::i420, 16, 16);
    Picture small(Format::i420, 8, 8);
    auto update = whole(large);
    update.kind = PictureUpdate::Kind::repeat;
    update.data = {};
    EXPECT_EQ(apply(small, update).error().code, Code::protocol);
    Picture same = large;
    EXPECT_TRUE(apply(same, update));
}

TEST(PictureUpdate, SizesOutOfRangeAreRefused) {
    for (const auto& [width, height] :
         {std::pair{0U, 2U}, {3U, 2U}, {2U, 3U}, {max_side + 2, 2U}}) {
        PictureUpdate update;
        update.width = width;
        update.height = height;
        update.data = Buffer::allocate(picture_bytes(Format::i420, width, height));
        EXPECT_FALSE(decode_picture(encode(update))) << width << "x" << height;
    }
}

TEST(ToI420, BlackAndWhiteAreTheEndsOfTheLimitedRange) {
    Picture rgba(Format::rgba8, 2, 2);
    EXPECT_EQ(to_i420(rgba), Picture(Format::i420, 2, 2));
    rgba.pixels.assign(16, 255);
    EXPECT_EQ(to_i420(rgba).pixels, (std::vector<std::uint8_t>{235, 235, 235, 235, 128, 128}));
}

TEST(ToI420, OddSidesArePaddedWithTheLastPixels) {
    Picture rgba(Format::rgba8, 3, 1);
    rgba.pixels.assign(12, 255);
    const Picture result = to_i420(rgba);
    EXPECT_EQ(result.width, 4U);
    EXPECT_EQ(result.height, 2U);
    for (std::size_t i = 0; i < 8; ++i) EXPECT_EQ(result.pixels[i], 235);
}

}  // namespace
}  // namespace jetway::screen
