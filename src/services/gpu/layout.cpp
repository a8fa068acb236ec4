#include "services/gpu/layout.hpp"

#include <algorithm>
#include <array>
#include <cassert>

namespace jetway::gpu {
namespace {

constexpr std::array<std::uint32_t, 16> named{
    0x000000, 0xcd3131, 0x0dbc79, 0xe5e510, 0x2472c8, 0xbc3fbc, 0x11a8cd, 0xe5e5e5,
    0x666666, 0xf14c4c, 0x23d18b, 0xf5f543, 0x3b8eea, 0xd670d6, 0x29b8db, 0xffffff};

std::uint32_t indexed(std::uint32_t index) {
    if (index < 16) return named[index];
    if (index >= 232) return (8 + (index - 232) * 10) * 0x010101U;
    const auto level = [](std::uint32_t step) { return step == 0 ? 0U : 55 + step * 40; };
    const std::uint32_t cube = index - 16;
    return level(cube / 36) << 16U | level(cube / 6 % 6) << 8U | level(cube % 6);
}

std::uint32_t halfway(std::uint32_t one, std::uint32_t other) {
    return ((one ^ other) & 0xfefefeU) / 2 + (one & other);
}

std::uint32_t lines_of(std::uint8_t attributes) {
    std::uint32_t lines = 0;
    if ((attributes & screen::underline) != 0) lines |= line_underline;
    if ((attributes & screen::double_underline) != 0) lines |= line_underline | line_double;
    if ((attributes & screen::strike) != 0) lines |= line_strike;
    return lines;
}

Paint colours_of(const screen::Style& style) {
    Paint paint;
    paint.foreground = rgb(style.foreground, standard_foreground);
    paint.background = rgb(style.background, standard_background);
    if ((style.attributes & screen::inverse) != 0) std::swap(paint.foreground, paint.background);
    if ((style.attributes & screen::faint) != 0)
        paint.foreground = halfway(paint.foreground, paint.background);
    paint.lines = lines_of(style.attributes);
    return paint;
}

FontStyle font_style(const screen::Style& style) {
    return {(style.attributes & screen::bold) != 0, (style.attributes & screen::italic) != 0};
}

void lay_out_row(const screen::Row& row, Atlas& atlas, Paint* paints, std::size_t columns) {
    std::uint32_t second_half = Atlas::blank;
    for (std::size_t column = 0; column < columns; ++column) {
        const screen::Cell& cell = row.at(column);
        Paint& paint = paints[column] = colours_of(cell.style);
        if (cell.width == 0) {
            paint.glyph = std::exchange(second_half, Atlas::blank);
            continue;
        }
        const bool wide = cell.width == 2;
        paint.glyph = atlas.slot(row.text(column), font_style(cell.style), wide);
        second_half = wide && paint.glyph != Atlas::blank ? paint.glyph + 1 : Atlas::blank;
    }
}

void lay_out_cursor(const screen::Screen& screen, std::vector<Paint>& paints, std::size_t columns,
                    std::size_t rows) {
    const screen::Cursor& cursor = screen.cursor;
    if (!cursor.visible || cursor.row >= rows || cursor.column >= columns) return;
    const bool wide = screen.rows[cursor.row].at(cursor.column).width == 2;
    for (std::size_t i = 0; i < (wide ? 2U : 1U) && cursor.column + i < columns; ++i) {
        Paint& paint = paints[cursor.row * columns + cursor.column + i];
        if (cursor.shape == screen::Cursor::Shape::block)
            std::swap(paint.foreground, paint.background);
        if (cursor.shape == screen::Cursor::Shape::underline) paint.lines |= line_foot;
        if (cursor.shape == screen::Cursor::Shape::bar && i == 0) paint.lines |= line_bar;
    }
}

constexpr std::size_t joined_gap = 4;  // cells: a tile of its own costs about as much

/// The stretches of a row in which the two differ.
std::vector<Block> stretches(const Paint* before, const Paint* after, std::size_t columns,
                             std::size_t row) {
    std::vector<Block> result;
    for (std::size_t column = 0; column < columns; ++column) {
        if (before[column] == after[column]) continue;
        if (!result.empty() &&
            column - (result.back().column + result.back().columns) < joined_gap) {
            result.back().columns = static_cast<std::uint32_t>(column + 1) - result.back().column;
        } else {
            result.push_back(
                {static_cast<std::uint32_t>(column), static_cast<std::uint32_t>(row), 1, 1});
        }
    }
    return result;
}

/// Adds to a block that ends just above, when it has the same columns.
void add(std::vector<Block>& blocks, const Block& stretch) {
    const auto above = std::find_if(blocks.rbegin(), blocks.rend(), [&stretch](const Block& block) {
        return block.row + block.rows == stretch.row && block.column == stretch.column &&
               block.columns == stretch.columns;
    });
    if (above == blocks.rend()) {
        blocks.push_back(stretch);
    } else {
        ++above->rows;
    }
}

}  // namespace

std::uint32_t rgb(const screen::Colour& colour, std::uint32_t standard) {
    switch (colour.kind) {
        case screen::Colour::Kind::indexed:
            return indexed(colour.red);
        case screen::Colour::Kind::rgb:
            return std::uint32_t{colour.red} << 16U | std::uint32_t{colour.green} << 8U |
                   colour.blue;
        default:
            return standard;
    }
}

std::vector<Paint> lay_out(const screen::Screen& screen, Atlas& atlas, std::size_t columns,
                           std::size_t rows) {
    assert(columns <= screen.columns && rows <= screen.rows.size());
    std::vector<Paint> paints(columns * rows);
    for (std::size_t row = 0; row < rows; ++row) {
        lay_out_row(screen.rows[row], atlas, paints.data() + row * columns, columns);
    }
    lay_out_cursor(screen, paints, columns, rows);
    return paints;
}

std::vector<Block> differences(const std::vector<Paint>& before, const std::vector<Paint>& after,
                               std::size_t columns) {
    assert(before.size() == after.size() && columns > 0);
    std::vector<Block> blocks;
    std::size_t cells = 0;
    const std::size_t rows = after.size() / columns;
    for (std::size_t row = 0; row < rows; ++row) {
        const std::size_t at = row * columns;
        for (const Block& stretch :
             stretches(before.data() + at, after.data() + at, columns, row)) {
            add(blocks, stretch);
            cells += stretch.columns;
        }
    }
    if (cells * 2 > after.size() || blocks.size() > screen::max_tiles) {
        return {{0, 0, static_cast<std::uint32_t>(columns), static_cast<std::uint32_t>(rows)}};
    }
    return blocks;
}

}  // namespace jetway::gpu
