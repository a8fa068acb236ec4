// Box drawing (U+2500 to U+257F), block elements (U+2580 to U+259F) and braille patterns (U+2800 to
// U+28FF), drawn to the size of the cell so that neighbours join without gaps.
#pragma once

#include <cstdint>
#include <vector>

#include "services/gpu/font.hpp"

namespace jetway::gpu {

/// Draws into `coverage`, which holds one cell (or more; then the first). False: not one of these
/// characters.
bool draw_box_glyph(char32_t point, const CellShape& cell, std::vector<std::uint8_t>& coverage);

}  // namespace jetway::gpu
