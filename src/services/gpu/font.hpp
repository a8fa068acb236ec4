// Font: one pinned TrueType file as bitmaps of coverage for the cells of a grid. FreeType is seen
// only in font.cpp. Box drawing, blocks and braille are not taken from the file but drawn to the
// cell (box_glyphs.hpp), so that they join.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace jetway::gpu {

inline constexpr std::string_view default_font =
    "/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf";

/// In pixels. Width and height are even, so that a cell covers whole chroma samples.
struct CellShape {
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    std::uint32_t baseline = 0;   // from the top
    std::uint32_t thickness = 1;  // of lines
    std::uint32_t underline = 0;  // top of the line
    std::uint32_t strike = 0;     // top of the line
    bool operator==(const CellShape&) const = default;
};

struct FontStyle {
    bool bold = false;    // from the file with "-Bold" in its name, where there is one
    bool italic = false;  // slanted
};

class Font {
public:
    /// E-IO when the file is missing or no font. `size` is in pixels.
    static Result<std::unique_ptr<Font>> open(const std::string& path, std::uint32_t size);
    ~Font();

    const CellShape& cell() const { return cell_; }
    /// Coverage (0 to 255) of a character with its marks in `cells` cells side by side, rows from
    /// the top. What the font does not have becomes its box for missing glyphs.
    std::vector<std::uint8_t> draw(std::u32string_view text, FontStyle style, std::uint32_t cells);

private:
    Font();
    struct Faces;
    std::unique_ptr<Faces> faces_;
    CellShape cell_;
};

}  // namespace jetway::gpu
