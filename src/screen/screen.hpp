// The state of a terminal's screen as a value: compare it, copy it, keep it. Made by parser-server,
// drawn by gpu-server and the live page. Rows carry their own styles and clusters, so that a row
// can be compared or moved alone.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "screen/bytes.hpp"

namespace jetway::screen {

inline constexpr std::size_t max_cluster = 8;   // code points of one cell
inline constexpr std::size_t max_title = 1024;  // bytes of UTF-8

/// A colour as the program named it. The palette belongs to whoever draws.
struct Colour {
    enum class Kind : std::uint8_t { standard, indexed, rgb };
    Kind kind = Kind::standard;
    std::uint8_t red = 0;  // or the index
    std::uint8_t green = 0;
    std::uint8_t blue = 0;
    static constexpr Colour index(std::uint8_t number) { return {Kind::indexed, number, 0, 0}; }
    static constexpr Colour rgb(std::uint8_t r, std::uint8_t g, std::uint8_t b) {
        return {Kind::rgb, r, g, b};
    }
    bool operator==(const Colour&) const = default;
};

enum Attribute : std::uint8_t {
    bold = 1,
    italic = 2,
    underline = 4,
    double_underline = 8,
    blink = 16,
    inverse = 32,
    strike = 64,
    faint = 128,
};

struct Style {
    Colour foreground;
    Colour background;
    std::uint8_t attributes = 0;  // of Attribute
    bool operator==(const Style&) const = default;
};

/// One place on the grid. A wide character has width 2; a cell of width 0 and text 0 follows it.
struct Cell {
    char32_t text = U' ';  // first code point; more of them: see Row::clusters
    Style style;
    std::uint8_t width = 1;
    bool clustered = false;  // Row::clusters has the whole text
    bool operator==(const Cell&) const = default;
};

struct Cluster {
    std::uint16_t column = 0;
    std::u32string text;  // 2 to max_cluster code points, the first is the cell's
    bool operator==(const Cluster&) const = default;
};

/// Cells beyond the last one are blank; a row kept in a Screen never ends in a blank cell (trim()),
/// so that equal looks are equal values.
struct Row {
    std::vector<Cell> cells;
    std::vector<Cluster> clusters;  // by column, only of cells with `clustered`

    const Cell& at(std::size_t column) const;
    /// The text of a cell: one code point or a cluster; empty for the second half of a wide
    /// character.
    std::u32string_view text(std::size_t column) const;
    void trim();
    bool operator==(const Row&) const = default;
};

struct Cursor {
    enum class Shape : std::uint8_t { block = 1, underline = 2, bar = 3 };
    std::uint16_t row = 0;
    std::uint16_t column = 0;
    bool visible = true;
    bool blinks = true;
    Shape shape = Shape::block;
    bool operator==(const Cursor&) const = default;
};

enum Mode : std::uint32_t { alternate_screen = 1, mouse_reports = 2 };

struct Screen {
    std::uint16_t columns = 80;
    std::vector<Row> rows = std::vector<Row>(24);
    Cursor cursor;
    std::uint32_t modes = 0;  // of Mode
    std::string title;        // UTF-8
    std::uint64_t bells = 0;  // rung so far

    Screen() = default;
    Screen(std::uint16_t column_count, std::uint16_t row_count)
        : columns(column_count), rows(row_count) {}
    std::uint16_t height() const { return static_cast<std::uint16_t>(rows.size()); }
    /// Drops or adds rows at the bottom and cuts what is right of the last column. The cursor stays
    /// inside.
    void resize(std::uint16_t column_count, std::uint16_t row_count);
    /// The rows as UTF-8 lines without trailing blanks: for people and tests.
    std::string text() const;
    bool operator==(const Screen&) const = default;
};

/// UTF-8; what is no scalar value becomes U+FFFD.
void append_utf8(std::string& out, char32_t point);

}  // namespace jetway::screen
