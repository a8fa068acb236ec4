#include "services/gpu/font.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <numeric>

#include "services/gpu/atlas.hpp"

namespace jetway::gpu {
namespace {

using Coverage = std::vector<std::uint8_t>;

std::unique_ptr<Font> font(std::uint32_t size = 18) {
    auto opened = Font::open(std::string(default_font), size);
    EXPECT_TRUE(opened) << opened.error().line();
    return std::move(*opened);
}

unsigned ink(const Coverage& coverage) {
    return std::accumulate(coverage.begin(), coverage.end(), 0U);
}

/// The rows (or columns) of a cell at its four sides.
struct Sides {
    explicit Sides(const Coverage& coverage, const CellShape& cell) {
        for (std::uint32_t x = 0; x < cell.width; ++x) {
            top.push_back(coverage[x]);
            bottom.push_back(coverage[(cell.height - 1) * cell.width + x]);
        }
        for (std::size_t y = 0; y < cell.height; ++y) {
            left.push_back(coverage[y * cell.width]);
            right.push_back(coverage[y * cell.width + cell.width - 1]);
        }
    }
    Coverage left, top, right, bottom;
};

TEST(Font, HasEvenCellsAtEverySize) {
    for (std::uint32_t size = 6; size <= 96; ++size) {
        const CellShape cell = font(size)->cell();
        EXPECT_EQ(cell.width % 2, 0U);
        EXPECT_EQ(cell.height % 2, 0U);
        EXPECT_LE(cell.baseline, cell.height);
        EXPECT_LE(cell.underline + cell.thickness, cell.height);
        EXPECT_GE(cell.underline, 2 * cell.thickness);
    }
}

TEST(Font, ThatIsMissingSaysWhatToDo) {
    const auto opened = Font::open("/no/such/font.ttf", 18);
    EXPECT_EQ(opened.error().code, Code::io);
    EXPECT_NE(opened.error().detail.find("/no/such/font.ttf"), std::string::npos);
    EXPECT_FALSE(opened.error().next.empty());
    EXPECT_FALSE(Font::open("/etc/passwd", 18));
}

TEST(Font, DrawsLettersOfDifferentLooks) {
    const auto face = font();
    const Coverage plain = face->draw(U"a", {}, 1);
    EXPECT_GT(ink(plain), 1000U);
    EXPECT_EQ(ink(face->draw(U" ", {}, 1)), 0U);
    EXPECT_GT(ink(face->draw(U"a", {true, false}, 1)), ink(plain));
    EXPECT_NE(face->draw(U"a", {false, true}, 1), plain);
    EXPECT_NE(face->draw(U"e\u0301", {}, 1), face->draw(U"e", {}, 1));
}

TEST(Font, DrawsSomethingForWhatItDoesNotHave) {
    const auto face = font();
    EXPECT_GT(ink(face->draw(U"日", {}, 2)), 0U);
    EXPECT_EQ(face->draw(U"日", {}, 2).size(),
              std::size_t{2} * face->cell().width * face->cell().height);
}

TEST(BoxGlyphs, JoinTheirNeighbours) {
    const auto face = font();
    const CellShape& cell = face->cell();
    const auto sides = [&](char32_t point) { return Sides(face->draw({&point, 1}, {}, 1), cell); };
    const auto horizontal = sides(U'─');
    const auto vertical = sides(U'│');
    EXPECT_EQ(horizontal.left, horizontal.right);
    EXPECT_EQ(vertical.top, vertical.bottom);
    EXPECT_EQ(sides(U'┼').left, horizontal.left);
    EXPECT_EQ(sides(U'┼').top, vertical.top);
    EXPECT_EQ(sides(U'┌').right, horizontal.left);
    EXPECT_EQ(sides(U'┌').bottom, vertical.top);
    EXPECT_EQ(ink(sides(U'┌').left), 0U);
    EXPECT_EQ(ink(sides(U'┌').top), 0U);
    EXPECT_EQ(sides(U'╭').right, horizontal.left);
    EXPECT_EQ(sides(U'╭').bottom, vertical.top);
    EXPECT_EQ(sides(U'╯').left, horizontal.left);
    EXPECT_EQ(sides(U'╬').left, sides(U'═').right);
    EXPECT_EQ(sides(U'╔').bottom, sides(U'║').top);
}

TEST(BoxGlyphs, AreAllDrawnAndBlocksFill) {
    const auto face = font();
    const unsigned whole = face->cell().width * face->cell().height * 255;
    for (char32_t point = 0x2500; point <= 0x259f; ++point)
        EXPECT_GT(ink(face->draw({&point, 1}, {}, 1)), 0U) << std::uint32_t{point};
    for (char32_t point = 0x2801; point <= 0x28ff; ++point)
        EXPECT_GT(ink(face->draw({&point, 1}, {}, 1)), 0U) << std::uint32_t{point};
    EXPECT_EQ(ink(face->draw(U"█", {}, 1)), whole);
    EXPECT_EQ(ink(face->draw(U"▀", {}, 1)) + ink(face->draw(U"▄", {}, 1)), whole);
    EXPECT_EQ(ink(face->draw(U"▌", {}, 1)) + ink(face->draw(U"▐", {}, 1)), whole);
    EXPECT_EQ(ink(face->draw(U"▚", {}, 1)) + ink(face->draw(U"▞", {}, 1)), whole);
}

TEST(Atlas, KeepsEachGlyphOnce) {
    Atlas atlas(font());
    const std::uint32_t slot = atlas.slot(U"x", {}, false);
    EXPECT_NE(slot, Atlas::blank);
    EXPECT_EQ(atlas.slot(U"x", {}, false), slot);
    EXPECT_NE(atlas.slot(U"x", {true, false}, false), slot);
    EXPECT_EQ(atlas.slot(U" ", {}, false), Atlas::blank);
    const std::uint32_t wide = atlas.slot(U"日", {}, true);
    EXPECT_EQ(atlas.slot(U"y", {}, false), wide + 2);
    const std::uint32_t cluster = atlas.slot(U"e\u0301", {}, false);
    EXPECT_EQ(atlas.slot(U"e\u0301", {}, false), cluster);
    EXPECT_NE(atlas.slot(U"e\u0300", {}, false), cluster);
}

TEST(Atlas, ThatIsFullSaysSoAndCanStartOver) {
    Atlas atlas(font(6));
    std::u32string text = U"a\u0300\u0300\u0300";
    for (std::uint32_t i = 0; i <= Atlas::most_slots && !atlas.full(); ++i) {
        text[1] = static_cast<char32_t>(0x300 + i % 100);
        text[2] = static_cast<char32_t>(0x300 + i / 100 % 100);
        text[3] = static_cast<char32_t>(0x300 + i / 10000);
        atlas.slot(text, {}, false);
    }
    EXPECT_TRUE(atlas.full());
    EXPECT_EQ(atlas.slot(U"n", {}, false), Atlas::blank);
    const std::uint64_t generation = atlas.generation();
    atlas.clear();
    EXPECT_FALSE(atlas.full());
    EXPECT_NE(atlas.generation(), generation);
    EXPECT_EQ(atlas.slot(U"x", {}, false), 1U);
}

}  // namespace
}  // namespace jetway::gpu
