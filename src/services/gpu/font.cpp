#include "services/gpu/font.hpp"

#include <ft2build.h>
#include FT_FREETYPE_H
#include FT_OUTLINE_H

#include <algorithm>
#include <filesystem>

#include "services/gpu/box_glyphs.hpp"

namespace jetway::gpu {
namespace {

constexpr FT_Fixed slant = 0x3000;  // 0.1875 in 16.16

struct CloseLibrary {
    void operator()(FT_Library library) const { FT_Done_FreeType(library); }
};
struct CloseFace {
    void operator()(FT_Face face) const { FT_Done_Face(face); }
};
using Library = std::unique_ptr<FT_LibraryRec_, CloseLibrary>;
using Face = std::unique_ptr<FT_FaceRec_, CloseFace>;

Result<Face> open_face(FT_Library library, const std::string& path, std::uint32_t size) {
    FT_Face raw = nullptr;
    if (FT_New_Face(library, path.c_str(), 0, &raw) != 0) {
        return Error(Code::io, "cannot read the font " + path)
            .then("install fonts-dejavu-core, or name another file in the setting `font`");
    }
    Face face(raw);
    if (FT_Set_Pixel_Sizes(raw, 0, size) != 0 || !FT_IS_SCALABLE(raw)) {
        return Error(Code::io, "the font " + path + " cannot be scaled");
    }
    return face;
}

std::uint32_t even(std::uint32_t size) {
    return (size + 1) / 2 * 2;
}

std::uint32_t pixels(FT_Pos fixed) {
    return static_cast<std::uint32_t>(std::max<FT_Pos>(0, (fixed + 32) >> 6));
}

/// The width is the advance of '0': the largest advance of a face may be of some odd symbol.
CellShape measure(FT_Face face) {
    CellShape cell;
    FT_Load_Char(face, '0', FT_LOAD_TARGET_LIGHT);
    const auto& metrics = face->size->metrics;
    const std::uint32_t ascent = pixels(metrics.ascender);
    const std::uint32_t natural = ascent + pixels(-metrics.descender);
    cell.width = std::max(2U, even(pixels(face->glyph->advance.x)));
    cell.height = std::max(4U, even(natural));
    cell.baseline = ascent + (cell.height - natural) / 2;
    cell.thickness = std::max(1U, cell.height / 16);
    cell.underline = std::min(cell.baseline + cell.thickness, cell.height - cell.thickness);
    cell.strike = cell.baseline - std::min(cell.baseline, cell.height / 4);
    return cell;
}

/// Joiners and variation selectors have no looks of their own.
bool is_silent(char32_t point) {
    return (point >= 0x200b && point <= 0x200f) || (point >= 0xfe00 && point <= 0xfe0f) ||
           point == 0x2060;
}

struct Canvas {
    std::vector<std::uint8_t>& coverage;
    std::uint32_t width;
    std::uint32_t height;
};

/// What lies outside the canvas is cut off.
void blend(const Canvas& canvas, const FT_Bitmap& bitmap, int left, int top) {
    for (int y = 0; y < static_cast<int>(bitmap.rows); ++y) {
        for (int x = 0; x < static_cast<int>(bitmap.width); ++x) {
            const int to_x = left + x;
            const int to_y = top + y;
            if (to_x < 0 || to_y < 0 || to_x >= static_cast<int>(canvas.width) ||
                to_y >= static_cast<int>(canvas.height)) {
                continue;
            }
            std::uint8_t& pixel = canvas.coverage[static_cast<std::size_t>(to_y) * canvas.width +
                                                  static_cast<std::size_t>(to_x)];
            pixel = std::max(pixel, bitmap.buffer[y * bitmap.pitch + x]);
        }
    }
}

}  // namespace

struct Font::Faces {
    Library library;
    Face regular;
    Face bold;  // empty: there is none
};

Font::Font() : faces_(std::make_unique<Faces>()) {}
Font::~Font() = default;

Result<std::unique_ptr<Font>> Font::open(const std::string& path, std::uint32_t size) {
    std::unique_ptr<Font> font(new Font);
    FT_Library library = nullptr;
    if (FT_Init_FreeType(&library) != 0) return Error(Code::io, "FreeType does not start");
    font->faces_->library.reset(library);
    JETWAY_ASSIGN(font->faces_->regular, open_face(library, path, size));
    const std::filesystem::path file(path);
    const auto bold =
        file.parent_path() / (file.stem().string() + "-Bold" + file.extension().string());
    if (std::filesystem::exists(bold)) {
        JETWAY_ASSIGN(font->faces_->bold, open_face(library, bold.string(), size));
    }
    font->cell_ = measure(font->faces_->regular.get());
    return font;
}

std::vector<std::uint8_t> Font::draw(std::u32string_view text, FontStyle style,
                                     std::uint32_t cells) {
    std::vector<std::uint8_t> coverage(std::size_t{cells} * cell_.width * cell_.height);
    if (text.size() == 1 && draw_box_glyph(text.front(), cell_, coverage)) return coverage;
    const Canvas canvas{coverage, cells * cell_.width, cell_.height};
    FT_Face face = style.bold && faces_->bold ? faces_->bold.get() : faces_->regular.get();
    for (const char32_t point : text) {
        if (is_silent(point)) continue;
        if (FT_Load_Glyph(face, FT_Get_Char_Index(face, point),
                          FT_LOAD_TARGET_LIGHT | FT_LOAD_NO_BITMAP) != 0)
            continue;
        FT_GlyphSlot glyph = face->glyph;
        const int advance = static_cast<int>(pixels(glyph->advance.x));
        const FT_Matrix matrix{0x10000, slant, 0, 0x10000};
        if (style.italic) FT_Outline_Transform(&glyph->outline, &matrix);
        if (FT_Render_Glyph(glyph, FT_RENDER_MODE_NORMAL) != 0) continue;
        const int margin = std::max(0, (static_cast<int>(canvas.width) - advance) / 2);
        blend(canvas, glyph->bitmap, margin + glyph->bitmap_left,
              static_cast<int>(cell_.baseline) - glyph->bitmap_top);
    }
    return coverage;
}

}  // namespace jetway::gpu
