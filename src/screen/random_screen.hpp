// Screens by chance, for tests here and in the services: the same seed gives the same screen.
#pragma once

#include "base/random.hpp"
#include "screen/screen.hpp"

namespace jetway::screen {

inline Colour random_colour(Random& random) {
    const auto byte = [&random] { return static_cast<std::uint8_t>(random.below(256)); };
    switch (random.below(3)) {
        case 0:
            return {};
        case 1:
            return Colour::index(byte());
        default:
            return Colour::rgb(byte(), byte(), byte());
    }
}

inline Style random_style(Random& random) {
    return {random_colour(random), random_colour(random),
            static_cast<std::uint8_t>(random.below(256))};
}

inline char32_t random_point(Random& random) {
    switch (random.below(6)) {
        case 0:
            return static_cast<char32_t>(0x2500 + random.below(0xa0));  // box drawing, blocks
        case 1:
            return static_cast<char32_t>(0xa1 + random.below(0x500));
        case 2:
            return static_cast<char32_t>(0x2800 + random.below(0x100));  // braille
        default:
            return static_cast<char32_t>(0x20 + random.below(0x5f));
    }
}

/// A row of up to `columns` cells with wide characters and clusters among them.
inline Row random_row(Random& random, std::uint16_t columns) {
    Row row;
    const std::size_t length = random.below(columns + 1U);
    Style style = random_style(random);
    while (row.cells.size() < length) {
        if (random.below(5) == 0) style = random_style(random);
        Cell cell;
        cell.text = random_point(random);
        cell.style = style;
        if (random.below(12) == 0) {
            cell.clustered = true;
            row.clusters.push_back(
                {static_cast<std::uint16_t>(row.cells.size()), {cell.text, U'\u0301'}});
        }
        cell.width = random.below(10) == 0 && row.cells.size() + 2 <= length ? 2 : 1;
        row.cells.push_back(cell);
        if (cell.width == 2) row.cells.push_back({U'\0', style, 0, false});
    }
    row.trim();
    return row;
}

inline Screen random_screen(Random& random, std::uint16_t columns, std::uint16_t rows) {
    Screen screen(columns, rows);
    for (Row& row : screen.rows) row = random_row(random, columns);
    screen.cursor.row = static_cast<std::uint16_t>(random.below(rows));
    screen.cursor.column = static_cast<std::uint16_t>(random.below(columns));
    screen.cursor.visible = random.below(2) == 0;
    screen.cursor.shape = static_cast<Cursor::Shape>(1 + random.below(3));
    screen.modes = static_cast<std::uint32_t>(random.below(4));
    screen.title = std::string(random.below(20), 't');
    screen.bells = random.below(10);
    return screen;
}

}  // namespace jetway::screen
