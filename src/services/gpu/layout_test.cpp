#include "services/gpu/layout.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "screen/random_screen.hpp"

namespace jetway::gpu {
namespace {

Atlas make_atlas() {
    return Atlas(Font::open(std::string(default_font), 12).value());
}

screen::Screen one_cell(screen::Style style, char32_t text = U'x') {
    screen::Screen screen(4, 1);
    screen.cursor.visible = false;
    screen.rows[0].cells = {{text, style, 1, false}};
    return screen;
}

Paint paint_of(const screen::Screen& screen, std::size_t column = 0) {
    Atlas atlas = make_atlas();
    return lay_out(screen, atlas, screen.columns, screen.rows.size())[column];
}

TEST(Colours, AreXtermsAndTheStandardOnes) {
    EXPECT_EQ(rgb({}, 0x123456), 0x123456U);
    EXPECT_EQ(rgb(screen::Colour::index(16), 0), 0x000000U);
    EXPECT_EQ(rgb(screen::Colour::index(21), 0), 0x0000ffU);
    EXPECT_EQ(rgb(screen::Colour::index(202), 0), 0xff5f00U);
    EXPECT_EQ(rgb(screen::Colour::index(232), 0), 0x080808U);
    EXPECT_EQ(rgb(screen::Colour::index(255), 0), 0xeeeeeeU);
    EXPECT_EQ(rgb(screen::Colour::rgb(1, 2, 3), 0), 0x010203U);
}

TEST(Layout, InverseSwapsTheColours) {
    const Paint paint = paint_of(one_cell({{}, {}, screen::inverse}));
    EXPECT_EQ(paint.foreground, standard_background);
    EXPECT_EQ(paint.background, standard_foreground);
}

TEST(Layout, AttributesBecomeLines) {
    EXPECT_EQ(paint_of(one_cell({{}, {}, screen::underline})).lines, std::uint32_t{line_underline});
    EXPECT_EQ(paint_of(one_cell({{}, {}, screen::strike})).lines, std::uint32_t{line_strike});
    EXPECT_EQ(paint_of(one_cell({{}, {}, screen::double_underline})).lines,
              line_underline | line_double);
}

TEST(Layout, TheCursorShows) {
    screen::Screen screen = one_cell({});
    const Paint without = paint_of(screen);
    screen.cursor.visible = true;
    EXPECT_EQ(paint_of(screen).foreground, without.background);
    screen.cursor.shape = screen::Cursor::Shape::bar;
    EXPECT_EQ(paint_of(screen).lines, std::uint32_t{line_bar});
    screen.cursor.shape = screen::Cursor::Shape::underline;
    EXPECT_EQ(paint_of(screen).lines, std::uint32_t{line_foot});
    screen.cursor.column = 2;
    EXPECT_EQ(paint_of(screen), without);
}

TEST(Layout, AWideCharacterHasTwoHalves) {
    screen::Screen screen(4, 1);
    screen.rows[0].cells = {{U'日', {}, 2, false}, {U'\0', {}, 0, false}, {U'\0', {}, 0, false}};
    const Paint first = paint_of(screen, 0);
    EXPECT_EQ(paint_of(screen, 1).glyph, first.glyph + 1);
    EXPECT_EQ(paint_of(screen, 2).glyph, Atlas::blank);  // a second half of nothing
}

RC_GTEST_PROP(Differences, CoverExactlyWhatChangedOrALittleMore, (std::uint64_t seed)) {
    SeededRandom random(seed);
    const std::size_t columns = 1 + random.below(30);
    const std::size_t rows = 1 + random.below(20);
    std::vector<Paint> before(columns * rows);
    std::vector<Paint> after = before;
    for (std::uint64_t i = random.below(20); i > 0; --i)
        after[random.below(after.size())].glyph = 1;
    std::vector<int> covered(after.size());
    for (const Block& block : differences(before, after, columns)) {
        RC_ASSERT(block.columns > 0 && block.rows > 0);
        RC_ASSERT(block.column + block.columns <= columns && block.row + block.rows <= rows);
        for (std::size_t row = block.row; row < block.row + block.rows; ++row) {
            for (std::size_t column = block.column; column < block.column + block.columns;
                 ++column) {
                ++covered[row * columns + column];
            }
        }
    }
    for (std::size_t i = 0; i < after.size(); ++i) {
        RC_ASSERT(covered[i] <= 1);
        RC_ASSERT(covered[i] == 1 || before[i] == after[i]);
    }
}

TEST(Differences, OfMostCellsAreOneBlock) {
    const std::vector<Paint> before(100);
    std::vector<Paint> after = before;
    for (std::size_t i = 0; i < 60; ++i) after[i].glyph = 1;
    EXPECT_EQ(differences(before, after, 10), (std::vector<Block>{{0, 0, 10, 10}}));
    EXPECT_TRUE(differences(before, before, 10).empty());
}

}  // namespace
}  // namespace jetway::gpu
