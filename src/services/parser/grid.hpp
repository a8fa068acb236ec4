// Grid: the cells of one screen (the main or the alternate one) and what can be done to them. Rows
// are kept at full width. Never leaves half of a wide character behind, and remembers which rows
// changed.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "screen/screen.hpp"

namespace jetway::parser {

/// Positions are inside the grid and ranges are [from, to): ours to get right.
class Grid {
public:
    Grid(std::size_t columns, std::size_t rows);

    std::size_t columns() const { return columns_; }
    std::size_t height() const { return rows_.size(); }
    const screen::Row& row(std::size_t number) const { return rows_[number]; }

    /// Writes one cell for each letter; there is room for all.
    void put(std::size_t row, std::size_t column, std::string_view ascii,
             const screen::Style& style);
    /// One character of `width` 1 or 2, for which there is room.
    void put(std::size_t row, std::size_t column, char32_t point, int width,
             const screen::Style& style);
    /// Adds a mark to the character there; more than a cell holds are dropped.
    void join(std::size_t row, std::size_t column, char32_t mark);
    /// Blanks of that background.
    void erase(std::size_t row, std::size_t from, std::size_t to, screen::Colour background);
    /// Moves the rest of the row by `count` cells; blanks come in.
    void insert(std::size_t row, std::size_t column, std::size_t count, screen::Colour background);
    void remove(std::size_t row, std::size_t column, std::size_t count, screen::Colour background);
    /// Rows [top, bottom) move up by `lines`, down when negative; blanks come in.
    void scroll(std::size_t top, std::size_t bottom, int lines, screen::Colour background);
    /// Rows go and come at the bottom, columns at the right.
    void resize(std::size_t columns, std::size_t rows);

    bool changed(std::size_t row) const { return changed_[row]; }
    void forget_changes() { changed_.assign(rows_.size(), false); }
    void change_all() { changed_.assign(rows_.size(), true); }

private:
    void cut(screen::Row& row, std::size_t column) const;
    screen::Row& open(std::size_t row, std::size_t from, std::size_t to);
    screen::Row blank_row(screen::Colour background) const;

    std::size_t columns_;
    std::vector<screen::Row> rows_;
    std::vector<bool> changed_;
};

}  // namespace jetway::parser
