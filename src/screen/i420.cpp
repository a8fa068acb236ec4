#include "screen/i420.hpp"

#include <algorithm>

#include "screen/picture.hpp"

namespace jetway::screen {
namespace {

/// The pixel at (x, y); beyond the sides the last column or row.
const std::uint8_t* pixel(const Picture& picture, std::uint32_t x, std::uint32_t y) {
    const std::size_t row = std::min(y, picture.height - 1);
    return picture.pixels.data() + (row * picture.width + std::min(x, picture.width - 1)) * 4;
}

void convert_block(const Picture& from, Picture& to, std::uint32_t x, std::uint32_t y) {
    int red = 2;
    int green = 2;
    int blue = 2;
    for (const std::uint32_t i : {0U, 1U, 2U, 3U}) {
        const std::uint8_t* rgba = pixel(from, x + (i & 1U), y + (i >> 1U));
        red += rgba[0];
        green += rgba[1];
        blue += rgba[2];
        to.pixels[std::size_t{y + (i >> 1U)} * to.width + x + (i & 1U)] =
            luma(rgba[0], rgba[1], rgba[2]);
    }
    const std::size_t plane = std::size_t{to.width} * to.height;
    const std::size_t at = plane + std::size_t{y / 2} * (to.width / 2) + x / 2;
    to.pixels[at] = chroma_blue(red >> 2, green >> 2, blue >> 2);
    to.pixels[at + plane / 4] = chroma_red(red >> 2, green >> 2, blue >> 2);
}

}  // namespace

Picture to_i420(const Picture& picture) {
    if (picture.format == Format::i420) return picture;
    Picture result(Format::i420, (picture.width + 1) / 2 * 2, (picture.height + 1) / 2 * 2);
    for (std::uint32_t y = 0; y < result.height; y += 2) {
        for (std::uint32_t x = 0; x < result.width; x += 2) convert_block(picture, result, x, y);
    }
    return result;
}

}  // namespace jetway::screen
