// libvterm as the oracle: for what programs usually write, our terminal shows what libvterm's does.
// Left out is where the two differ on purpose: broken bytes, halves of wide characters (none remain
// here), marks at the edge, characters inserted outside the scroll region, vertical
// moves that the region stops, what follows a character in the last column, and cursors saved on
// the alternate screen.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <vterm.h>

#include "base/random.hpp"
#include "services/parser/parser_core.hpp"

namespace jetway::parser {
namespace {

constexpr int columns = 40;
constexpr int rows = 12;

class Oracle {
public:
    Oracle() : terminal_(vterm_new(rows, columns)) {
        vterm_set_utf8(terminal_, 1);
        screen_ = vterm_obtain_screen(terminal_);
        vterm_screen_enable_altscreen(screen_, 1);
        vterm_screen_reset(screen_, 1);
    }
    ~Oracle() { vterm_free(terminal_); }
    void write(std::string_view text) { vterm_input_write(terminal_, text.data(), text.size()); }

    VTermPos cursor() const {
        VTermPos at;
        vterm_state_get_cursorpos(vterm_obtain_state(terminal_), &at);
        return at;
    }
    VTermScreenCell cell(int row, int column) const {
        VTermScreenCell cell;
        vterm_screen_get_cell(screen_, {row, column}, &cell);
        return cell;
    }

private:
    VTerm* terminal_;
    VTermScreen* screen_ = nullptr;
};

std::string describe(const VTermColor& colour) {
    if (VTERM_COLOR_IS_DEFAULT_FG(&colour) || VTERM_COLOR_IS_DEFAULT_BG(&colour)) return "-";
    if (VTERM_COLOR_IS_INDEXED(&colour)) return "#" + std::to_string(colour.indexed.idx);
    return std::to_string(colour.rgb.red) + "," + std::to_string(colour.rgb.green) + "," +
           std::to_string(colour.rgb.blue);
}

std::string describe(const screen::Colour& colour) {
    if (colour.kind == screen::Colour::Kind::standard) return "-";
    if (colour.kind == screen::Colour::Kind::indexed) return "#" + std::to_string(colour.red);
    return std::to_string(colour.red) + "," + std::to_string(colour.green) + "," +
           std::to_string(colour.blue);
}

/// A cell as a line of text: the character, the colours, bold, italic, underlined, inverse, struck.
/// On a blank only what shows.
std::string describe(const VTermScreenCell& cell) {
    std::string text;
    if (cell.chars[0] != 0xffffffffU) {
        for (std::size_t i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell.chars[i] != 0; ++i) {
            screen::append_utf8(text, cell.chars[i]);
        }
        if (text.empty()) text = " ";
    }
    if (text.empty() || text == " ") return text.empty() ? text : "  on " + describe(cell.bg);
    return text + " " + describe(cell.fg) + " on " + describe(cell.bg) +
           (cell.attrs.bold ? " bold" : "") + (cell.attrs.italic ? " italic" : "") +
           (cell.attrs.underline ? " underlined" : "") + (cell.attrs.reverse ? " inverse" : "") +
           (cell.attrs.strike ? " struck" : "");
}

std::string describe(const screen::Row& row, std::size_t column) {
    std::string text;
    for (const char32_t point : row.text(column)) screen::append_utf8(text, point);
    const screen::Style& style = row.at(column).style;
    if (text.empty() || text == " ")
        return text.empty() ? text : "  on " + describe(style.background);
    const auto has = [&style](unsigned attributes) { return (style.attributes & attributes) != 0; };
    return text + " " + describe(style.foreground) + " on " + describe(style.background) +
           (has(screen::bold) ? " bold" : "") + (has(screen::italic) ? " italic" : "") +
           (has(screen::underline | screen::double_underline) ? " underlined" : "") +
           (has(screen::inverse) ? " inverse" : "") + (has(screen::strike) ? " struck" : "");
}

/// Where the two differ; empty when nowhere.
std::string difference(const Oracle& oracle, const screen::Screen& screen) {
    for (int row = 0; row < rows; ++row) {
        for (int column = 0; column < columns; ++column) {
            const std::string expected = describe(oracle.cell(row, column));
            const std::string found = describe(screen.rows[static_cast<std::size_t>(row)],
                                               static_cast<std::size_t>(column));
            if (expected == found) continue;
            std::string text = std::to_string(row) + "," + std::to_string(column);
            text += ": libvterm has \"" + expected;
            text += "\", we have \"" + found + "\"";
            return text;
        }
    }
    const VTermPos cursor = oracle.cursor();
    if (cursor.row != screen.cursor.row || cursor.col != screen.cursor.column) {
        return "cursor: libvterm " + std::to_string(cursor.row) + "," + std::to_string(cursor.col) +
               ", we " + std::to_string(screen.cursor.row) + "," +
               std::to_string(screen.cursor.column);
    }
    return {};
}

/// Something a well-behaved program writes.
std::string piece(Random& random) {
    const auto number = [&random](std::uint64_t from, std::uint64_t to) {
        return std::to_string(from + random.below(to - from + 1));
    };
    switch (random.below(24)) {
        case 0:
            return "\033[" + number(1, rows) + ";" + number(1, columns) + "H";
        case 1:
            return "\033[" + number(30, 37) + ";" + number(40, 47) + "m";
        case 2:
            return "\033[38;2;" + number(0, 255) + ";" + number(0, 255) + ";" + number(0, 255) +
                   "m";
        case 3:
            return "\033[48;5;" + number(0, 255) + "m";
        case 4:
            return "\033[" + number(0, 2) + "J";
        case 5:
            return "\033[" + number(0, 2) + "K";
        case 6:
            return "\033[" + number(1, 5) + ";" + number(7, rows) + "r";
        case 7:
            return random.below(2) == 0 ? "\033[?1049l\033[?1049h" : "\033[?1049l";
        case 8:
            return "\033[r\033[" + number(1, rows) + "d\033[" + number(1, 4) +
                   std::string(1, "ABCDEFGX"[random.below(8)]);
        case 9:
            return "\r\033[" + std::string(1, "LM"[random.below(2)]);
        case 10:
            return "\033[" + std::string(1, "ST"[random.below(2)]);
        case 11:
            return "\r\n";
        case 12:
            return "\r" + std::string(1, "\b\t\r\n\007\013"[random.below(6)]);
        case 13:
            return std::string(random.below(60), 'w');
        case 14:
            return "\033[?1049l\0337\033[3;3H\033[31msaved\0338";
        case 15:
            return "\033[r\033[5;9H\033[" + number(1, 9) + std::string(1, "@P"[random.below(2)]);
        case 16:
            return "\033[2;3He\u0301 ─│┌┐";
        case 17:
            return "\033(0lqqk\033(B";
        case 18:
            return "\033[" + number(1, 9) + "m";
        case 19:
            return "\033[m";
        case 20:
            return random.below(2) == 0 ? "\r\033M" : "\r\033D";
        case 21:
            return "\033[" + number(1, rows) + "d";
        case 22:
            return "\033]0;title\007";
        default:
            return "text " + number(0, 1000) + " ";
    }
}

RC_GTEST_PROP(Libvterm, AgreesWithUs, (std::uint64_t seed)) {
    SeededRandom random(seed);
    Oracle oracle;
    ParserCore core(columns, rows);
    std::string written = "\0337";  // libvterm restores colours of its own when none were saved
    oracle.write(written);
    core.write({reinterpret_cast<const std::uint8_t*>(written.data()), written.size()});
    for (std::uint64_t i = 1 + random.below(40); i > 0; --i) {
        const std::string text = piece(random);
        written += text;
        oracle.write(text);
        core.write({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
        const std::string found = difference(oracle, core.screen());
        if (!found.empty()) RC_FAIL(found + " after " + testing::PrintToString(written));
    }
}

}  // namespace
}  // namespace jetway::parser
