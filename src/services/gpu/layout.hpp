// From a screen to what each of its cells looks like: a glyph, two colours, lines. The last step
// before pixels, and the same for both renderers.
#pragma once

#include <cstdint>
#include <vector>

#include "screen/picture.hpp"
#include "screen/screen.hpp"
#include "services/gpu/atlas.hpp"

namespace jetway::gpu {

enum Line : std::uint32_t {
    line_underline = 1,
    line_double = 2,
    line_strike = 4,
    line_bar = 8,
    line_foot = 16
};

/// One cell. Colours are 0xRRGGBB. The kernels read it as four uints.
struct Paint {
    std::uint32_t glyph = Atlas::blank;
    std::uint32_t foreground = 0;
    std::uint32_t background = 0;
    std::uint32_t lines = 0;  // of Line, in the foreground's colour
    bool operator==(const Paint&) const = default;
};

inline constexpr std::uint32_t standard_foreground = 0xd7dae0;
inline constexpr std::uint32_t standard_background = 0x14161b;

/// 0xRRGGBB. Indexed colours are xterm's 256.
std::uint32_t rgb(const screen::Colour& colour, std::uint32_t standard);

/// Rows of `columns` paints from the top left; `columns` and `rows` are at most the screen's.
std::vector<Paint> lay_out(const screen::Screen& screen, Atlas& atlas, std::size_t columns,
                           std::size_t rows);

/// A rectangle of cells.
struct Block {
    std::uint32_t column = 0;
    std::uint32_t row = 0;
    std::uint32_t columns = 0;
    std::uint32_t rows = 0;
    bool operator==(const Block&) const = default;
};

/// Rectangles that cover all cells in which the two differ; near ones are joined. One of everything
/// when most differ.
std::vector<Block> differences(const std::vector<Paint>& before, const std::vector<Paint>& after,
                               std::size_t columns);

}  // namespace jetway::gpu
