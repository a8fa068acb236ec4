// Pictures: an image as a value, and how images travel: whole, as tiles that changed, or as "the
// same again". One message of the stream is one PictureUpdate. gpu-server produces them,
// mp4-encoder takes them.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/buffer.hpp"
#include "base/result.hpp"
#include "screen/stamp.hpp"

namespace jetway::screen {

inline constexpr std::string_view picture_content_type = "application/x-jetway-picture";
inline constexpr std::uint32_t max_side = 8192;  // pixels
inline constexpr std::size_t max_tiles = 65536;

/// rgba8: four bytes a pixel, rows from the top. i420: the Y plane, then U, then V of half the
/// width and height; BT.709, limited range; width and height are even.
enum class Format : std::uint8_t { rgba8 = 1, i420 = 2 };

/// Bytes of an image of that size.
std::size_t picture_bytes(Format format, std::uint32_t width, std::uint32_t height);

/// An image.
struct Picture {
    Format format = Format::i420;
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    std::vector<std::uint8_t> pixels;  // picture_bytes() of them

    Picture() = default;
    /// All black.
    Picture(Format pixel_format, std::uint32_t pixel_width, std::uint32_t pixel_height);
    /// XXH64 over the pixels, seeded with format and size: the same picture has the same hash on
    /// every machine.
    std::uint64_t hash() const;
    bool operator==(const Picture&) const = default;
};

/// A rectangle that changed; in an i420 picture all four are even.
struct Tile {
    std::uint16_t x = 0;
    std::uint16_t y = 0;
    std::uint16_t width = 0;
    std::uint16_t height = 0;
    bool operator==(const Tile&) const = default;
};

struct PictureUpdate {
    enum class Kind : std::uint8_t {
        full = 1,    // `data` is the whole picture; the size may be a new one
        tiles = 2,   // `data` is the tiles in order, each laid out as a picture of its size
        repeat = 3,  // the picture before this one, again
    };
    Stamp stamp;              // us: when the picture is to be shown
    std::uint64_t n = 0;      // counts this stream's pictures; a hole: some were skipped (live)
    std::uint64_t state = 0;  // of the screen it shows
    Kind kind = Kind::full;
    Format format = Format::i420;
    std::uint32_t width = 0;  // of the whole picture
    std::uint32_t height = 0;
    std::uint64_t hash = 0;  // of the whole picture after this update
    std::vector<Tile> tiles;
    Buffer data;
};

Buffer encode(const PictureUpdate& update);
/// Total, as decode_pty: sizes and tiles are within the limits, tiles inside the picture, `data`
/// exactly theirs. `data` shares the block of `message`.
Result<PictureUpdate> decode_picture(const Buffer& message);
/// The largest message of a picture of that size.
std::size_t max_picture_message(std::uint32_t width, std::uint32_t height);

/// Makes `picture` what the update says. E-PROTOCOL when tiles or a repeat meet a picture of
/// another size or format. The hash is not checked.
Result<> apply(Picture& picture, const PictureUpdate& update);

/// i420 from either format. An odd side is padded with the last column or row.
Picture to_i420(const Picture& picture);

/// XXH64 (Collet 2012, specification 0.1.1).
std::uint64_t xxh64(Bytes bytes, std::uint64_t seed);

}  // namespace jetway::screen
