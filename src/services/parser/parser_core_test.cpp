#include "services/parser/parser_core.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "services/parser/terminal_text.hpp"

namespace jetway::parser {
namespace {

Bytes as_bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

screen::Screen screen_of(std::string_view text, std::uint16_t columns = 20,
                         std::uint16_t rows = 4) {
    ParserCore core(columns, rows);
    core.write(as_bytes(text));
    return core.screen();
}

std::string first_line(std::string_view text) {
    const std::string all = screen_of(text).text();
    return all.substr(0, all.find('\n'));
}

RC_GTEST_PROP(ParserCore, GivesTheSameScreenWhereverTheBytesAreCut, (std::uint64_t seed)) {
    SeededRandom random(seed);
    const std::string text = random_terminal_text(random, 1 + random.below(200));
    const auto columns = static_cast<std::uint16_t>(1 + random.below(40));
    const auto rows = static_cast<std::uint16_t>(1 + random.below(12));
    ParserCore whole(columns, rows);
    whole.write(as_bytes(text));
    ParserCore pieces(columns, rows);
    ParserCore bytes(columns, rows);
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t size = 1 + random.below(10);
        pieces.write(as_bytes(std::string_view(text).substr(at, size)));
        at += size;
    }
    for (std::size_t at = 0; at < text.size(); ++at)
        bytes.write(as_bytes(std::string_view(text).substr(at, 1)));
    RC_ASSERT(whole.screen() == pieces.screen());
    RC_ASSERT(whole.screen() == bytes.screen());
}

RC_GTEST_PROP(ParserCore, LookingAtTheScreenOnTheWayChangesNothing, (std::uint64_t seed)) {
    SeededRandom random(seed);
    ParserCore looked_at(30, 10);
    ParserCore alone(30, 10);
    for (int i = 0; i < 60; ++i) {
        const std::string text = random_terminal_text(random, 1 + random.below(5));
        looked_at.write(as_bytes(text));
        alone.write(as_bytes(text));
        RC_ASSERT(!looked_at.screen().rows.empty());
    }
    RC_ASSERT(looked_at.screen() == alone.screen());
}

TEST(ParserCore, ShowsTextAndMovesTheCursor) {
    const screen::Screen screen = screen_of("one\r\ntwo\033[4;10Hx");
    EXPECT_EQ(screen.text(), "one\ntwo\n\n         x\n");
    EXPECT_EQ(screen.cursor.row, 3);
    EXPECT_EQ(screen.cursor.column, 10);
}

TEST(ParserCore, KeepsColoursAsTheProgramNamedThem) {
    const screen::Screen screen =
        screen_of("a\033[31mb\033[38;5;200mc\033[38;2;1;2;3;48;2;4;5;6md\033[0me");
    const auto& cells = screen.rows[0].cells;
    EXPECT_EQ(cells[0].style, screen::Style());
    EXPECT_EQ(cells[1].style.foreground, screen::Colour::index(1));
    EXPECT_EQ(cells[2].style.foreground, screen::Colour::index(200));
    EXPECT_EQ(cells[3].style.foreground, screen::Colour::rgb(1, 2, 3));
    EXPECT_EQ(cells[3].style.background, screen::Colour::rgb(4, 5, 6));
    EXPECT_EQ(cells[4].style, screen::Style());
}

TEST(ParserCore, KeepsAttributes) {
    const auto style = [](std::string_view code) {
        return screen_of("\033[" + std::string(code) + "mx").rows[0].cells[0].style.attributes;
    };
    EXPECT_EQ(style("1"), screen::bold);
    EXPECT_EQ(style("3"), screen::italic);
    EXPECT_EQ(style("4"), screen::underline);
    EXPECT_EQ(style("21"), screen::double_underline);
    EXPECT_EQ(style("5"), screen::blink);
    EXPECT_EQ(style("7"), screen::inverse);
    EXPECT_EQ(style("9"), screen::strike);
    EXPECT_EQ(style("1;3;4;7"),
              screen::bold | screen::italic | screen::underline | screen::inverse);
}

TEST(ParserCore, WideCharactersTakeTwoCells) {
    const screen::Screen screen = screen_of("日x");
    EXPECT_EQ(screen.rows[0].cells[0].width, 2);
    EXPECT_EQ(screen.rows[0].cells[1].width, 0);
    EXPECT_EQ(screen.rows[0].cells[2].text, U'x');
}

TEST(ParserCore, MarksJoinTheCharacterBeforeThemAlsoInTheLastColumn) {
    const screen::Screen screen = screen_of("abce\u0301", 4, 2);
    EXPECT_EQ(screen.text(), "abce\u0301\n\n");
    EXPECT_EQ(screen.rows[0].text(3), U"e\u0301");
    EXPECT_TRUE(screen.rows[0].cells[3].clustered);
}

TEST(ParserCore, TheAlternateScreenComesAndGoes) {
    const std::string_view enter = "main\033[?1049h\033[Hother";
    EXPECT_EQ(first_line(enter), "other");
    EXPECT_EQ(screen_of(enter).modes & screen::alternate_screen, screen::alternate_screen);
    const std::string left = std::string(enter) + "\033[?1049l";
    EXPECT_EQ(first_line(left), "main");
    EXPECT_EQ(screen_of(left).modes & screen::alternate_screen, 0U);
}

TEST(ParserCore, ScrollRegionsScroll) {
    EXPECT_EQ(screen_of("a\r\nb\r\nc\r\nd\033[2;3r\033[3;1H\n").text(), "a\nc\n\nd\n");
}

TEST(ParserCore, TheCursorHidesAndChangesItsShape) {
    EXPECT_TRUE(screen_of("x").cursor.visible);
    EXPECT_FALSE(screen_of("\033[?25l").cursor.visible);
    EXPECT_EQ(screen_of("\033[5 q").cursor.shape, screen::Cursor::Shape::bar);
    EXPECT_EQ(screen_of("\033[4 q").cursor.shape, screen::Cursor::Shape::underline);
    EXPECT_FALSE(screen_of("\033[4 q").cursor.blinks);
}

TEST(ParserCore, TitlesAreWholeAndClean) {
    const std::string title(200, 't');
    EXPECT_EQ(screen_of("\033]2;" + title + "\007").title, title);
    EXPECT_EQ(screen_of("\033]0;a\001b\xff"
                        "c\007")
                  .title,
              "a\ufffdb\ufffdc");
    EXPECT_LE(screen_of("\033]0;" + std::string(4000, 'x') + "\007").title.size(),
              screen::max_title);
}

TEST(ParserCore, CountsBells) {
    EXPECT_EQ(screen_of("\007\007").bells, 2U);
}

TEST(ParserCore, BackgroundOfErasedCellsStays) {
    const screen::Screen screen = screen_of("\033[44m\033[2J");
    EXPECT_EQ(screen.rows[3].at(19).style.background, screen::Colour::index(4));
}

TEST(ParserCore, SpacesAndNothingLookTheSame) {
    EXPECT_EQ(screen_of("x   ").rows, screen_of("x").rows);
}

TEST(ParserCore, AWideCharacterOnAScreenOfOneColumnDoesNoHarm) {
    EXPECT_EQ(screen_of("日本", 1, 3).columns, 1);
    EXPECT_EQ(screen_of("x\r\ny", 1, 3).text(), "x\ny\n\n");
}

TEST(ParserCore, AResizedScreenKeepsWhatFits) {
    ParserCore core(10, 4);
    core.write(as_bytes("0123456789\r\nab"));
    core.resize(5, 2);
    EXPECT_EQ(core.screen().columns, 5);
    EXPECT_EQ(core.screen().height(), 2);
    EXPECT_EQ(core.screen().text(), "01234\nab\n");
    core.resize(12, 6);
    core.write(as_bytes("\033[6;12Hz"));
    EXPECT_EQ(core.screen().rows[5].at(11).text, U'z');
}

TEST(ParserCore, NoSizeOrOutputBringsItDown) {
    SeededRandom random(7);
    ParserCore core(80, 24);
    for (int i = 0; i < 300; ++i) {
        core.write(as_bytes(random_terminal_text(random, 20)));
        if (i % 3 == 0) {
            core.resize(static_cast<std::uint16_t>(1 + random.below(100)),
                        static_cast<std::uint16_t>(1 + random.below(50)));
        }
        EXPECT_EQ(core.screen().rows.size(), core.screen().height());
    }
}

}  // namespace
}  // namespace jetway::parser
