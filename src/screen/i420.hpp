// The one definition of how RGB becomes I420 (BT.709, limited range, 8 bits, integers): the
// renderers, in C++ and in OpenCL, and to_i420() give the same bytes because they compute exactly
// this.
#pragma once

#include <cstdint>

namespace jetway::screen {

constexpr std::uint8_t luma(int red, int green, int blue) {
    return static_cast<std::uint8_t>(((47 * red + 157 * green + 16 * blue + 128) >> 8) + 16);
}
/// Of the means of a block of 2x2 pixels, each (sum of four + 2) / 4.
constexpr std::uint8_t chroma_blue(int red, int green, int blue) {
    return static_cast<std::uint8_t>(((-26 * red - 86 * green + 112 * blue + 128) >> 8) + 128);
}
constexpr std::uint8_t chroma_red(int red, int green, int blue) {
    return static_cast<std::uint8_t>(((112 * red - 102 * green - 10 * blue + 128) >> 8) + 128);
}

}  // namespace jetway::screen
