#include "screen/picture.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "screen/codec.hpp"

namespace jetway::screen {
namespace {

bool is_size(Format format, std::uint32_t width, std::uint32_t height) {
    if (width < 1 || width > max_side || height < 1 || height > max_side) return false;
    return format == Format::rgba8 || (width % 2 == 0 && height % 2 == 0);
}

bool fits(const Tile& tile, const PictureUpdate& update) {
    if (tile.width < 1 || tile.height < 1) return false;
    if (tile.x + tile.width > update.width || tile.y + tile.height > update.height) return false;
    return update.format == Format::rgba8 ||
           ((tile.x | tile.y | tile.width | tile.height) & 1U) == 0;
}

/// A rectangle of one plane: `source` rows of `bytes` bytes, into `plane` at byte `at`, `stride`
/// apart.
void copy_rows(std::uint8_t* plane, std::size_t at, std::size_t stride, const std::uint8_t*& source,
               std::size_t bytes, std::size_t rows) {
    for (std::size_t row = 0; row < rows; ++row, source += bytes) {
        std::memcpy(plane + at + row * stride, source, bytes);
    }
}

void copy_tile(Picture& picture, const Tile& tile, const std::uint8_t*& source) {
    std::uint8_t* plane = picture.pixels.data();
    if (picture.format == Format::rgba8) {
        const std::size_t stride = std::size_t{picture.width} * 4;
        copy_rows(plane, tile.y * stride + tile.x * 4UL, stride, source, tile.width * 4UL,
                  tile.height);
        return;
    }
    const std::size_t luma = std::size_t{picture.width} * picture.height;
    const std::size_t stride = picture.width / 2;
    const std::size_t at = tile.y / 2 * stride + tile.x / 2;
    copy_rows(plane, std::size_t{tile.y} * picture.width + tile.x, picture.width, source,
              tile.width, tile.height);
    copy_rows(plane + luma, at, stride, source, tile.width / 2, tile.height / 2);
    copy_rows(plane + luma + luma / 4, at, stride, source, tile.width / 2, tile.height / 2);
}

/// What `data` must measure; nothing when the tiles do not fit.
std::optional<std::size_t> data_size(const PictureUpdate& update) {
    if (update.kind == PictureUpdate::Kind::full)
        return picture_bytes(update.format, update.width, update.height);
    std::size_t size = 0;
    for (const Tile& tile : update.tiles) {
        if (!fits(tile, update)) return std::nullopt;
        size += picture_bytes(update.format, tile.width, tile.height);
    }
    return size;
}

Result<> read_tiles(Reader& reader, PictureUpdate& update) {
    const std::size_t count = reader.u32();
    const bool wanted = update.kind == PictureUpdate::Kind::tiles;
    if (count > max_tiles || count > reader.left() / 8 || (count > 0) != wanted)
        return malformed("tiles");
    update.tiles.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        Tile tile;
        tile.x = reader.u16();
        tile.y = reader.u16();
        tile.width = reader.u16();
        tile.height = reader.u16();
        update.tiles.push_back(tile);
    }
    return success();
}

}  // namespace

std::size_t picture_bytes(Format format, std::uint32_t width, std::uint32_t height) {
    const std::size_t pixels = std::size_t{width} * height;
    return format == Format::rgba8 ? pixels * 4 : pixels + pixels / 2;
}

Picture::Picture(Format pixel_format, std::uint32_t pixel_width, std::uint32_t pixel_height)
    : format(pixel_format), width(pixel_width), height(pixel_height) {
    assert(is_size(format, width, height));
    pixels.assign(picture_bytes(format, width, height), 0);
    if (format == Format::i420) {
        const auto chroma =
            pixels.begin() + static_cast<std::ptrdiff_t>(std::size_t{width} * height);
        std::fill(pixels.begin(), chroma, std::uint8_t{16});
        std::fill(chroma, pixels.end(), std::uint8_t{128});
    } else {
        for (std::size_t i = 3; i < pixels.size(); i += 4) pixels[i] = 255;
    }
}

std::uint64_t Picture::hash() const {
    const std::uint64_t seed =
        std::uint64_t{width} << 32U | std::uint64_t{height} << 8U | static_cast<unsigned>(format);
    return xxh64(pixels, seed);
}

Buffer encode(const PictureUpdate& update) {
    Writer writer(update.stamp, MessageKind::picture);
    writer.u64(update.n);
    writer.u64(update.state);
    writer.u64(update.hash);
    writer.u8(static_cast<std::uint8_t>(update.kind));
    writer.u8(static_cast<std::uint8_t>(update.format));
    writer.u16(update.width);
    writer.u16(update.height);
    writer.u32(static_cast<std::uint32_t>(update.tiles.size()));
    for (const Tile& tile : update.tiles) {
        writer.u16(tile.x);
        writer.u16(tile.y);
        writer.u16(tile.width);
        writer.u16(tile.height);
    }
    return writer.finish(update.data.bytes());
}

Result<PictureUpdate> decode_picture(const Buffer& message) {
    Reader reader(message.bytes());
    MessageKind kind{};
    PictureUpdate update;
    JETWAY_ASSIGN(update.stamp, read_stamp(reader, kind));
    if (kind != MessageKind::picture) return malformed("not a picture");
    update.n = reader.u64();
    update.state = reader.u64();
    update.hash = reader.u64();
    const std::uint8_t update_kind = reader.u8();
    const std::uint8_t format = reader.u8();
    update.width = reader.u16();
    update.height = reader.u16();
    if (!reader.ok() || update_kind < 1 || update_kind > 3 || format < 1 || format > 2)
        return malformed("picture");
    update.kind = static_cast<PictureUpdate::Kind>(update_kind);
    update.format = static_cast<Format>(format);
    if (!is_size(update.format, update.width, update.height))
        return malformed("picture size out of range");
    JETWAY_TRY(read_tiles(reader, update));
    if (!reader.ok() || data_size(update) != reader.left())
        return malformed("picture data of another length");
    update.data = message.slice(reader.offset());
    return update;
}

std::size_t max_picture_message(std::uint32_t width, std::uint32_t height) {
    return stamp_size + 64 + max_tiles * 8 + picture_bytes(Format::rgba8, width, height);
}

Result<> apply(Picture& picture, const PictureUpdate& update) {
    const bool same = picture.format == update.format && picture.width == update.width &&
                      picture.height == update.height;
    if (update.kind == PictureUpdate::Kind::full) {
        picture.format = update.format;
        picture.width = update.width;
        picture.height = update.height;
        picture.pixels.assign(update.data.bytes().begin(), update.data.bytes().end());
        return success();
    }
    if (!same) return Error(Code::protocol, "part of a picture of another size");
    const std::uint8_t* source = update.data.data();
    for (const Tile& tile : update.tiles) copy_tile(picture, tile, source);
    return success();
}

}  // namespace jetway::screen
