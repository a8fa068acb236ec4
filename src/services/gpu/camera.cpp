#include "services/gpu/camera.hpp"

#include <algorithm>

namespace jetway::gpu {
namespace {

std::size_t visible(std::size_t cells, std::uint32_t size) {
    return std::min<std::size_t>(cells, screen::max_side / size);
}

}  // namespace

/// Fills paints_; forgets before_ when it cannot be compared.
void Camera::lay_out_screen(const screen::Screen& screen, std::size_t columns, std::size_t rows) {
    paints_ = lay_out(screen, atlas_, columns, rows);
    if (atlas_.full()) {
        atlas_.clear();
        paints_ = lay_out(screen, atlas_, columns, rows);
    }
    if (columns != columns_ || paints_.size() != before_.size() ||
        generation_ != atlas_.generation())
        before_.clear();
    columns_ = columns;
    generation_ = atlas_.generation();
}

screen::PictureUpdate Camera::prepare(const screen::Snapshot& screen) const {
    screen::PictureUpdate update;
    update.stamp = screen.stamp;
    update.stamp.sequence = update.n = shot_;
    update.state = screen.state;
    update.format = format_;
    update.width = static_cast<std::uint32_t>(columns_) * atlas_.cell().width;
    update.height = static_cast<std::uint32_t>(paints_.size() / columns_) * atlas_.cell().height;
    return update;
}

/// The cells of the blocks, each block laid out as a picture of its own, one after the other.
std::vector<Job> Camera::jobs(const std::vector<Block>& blocks) const {
    const CellShape& cell = atlas_.cell();
    const bool rgba = format_ == screen::Format::rgba8;
    std::vector<Job> result;
    std::size_t start = 0;
    for (const Block& block : blocks) {
        const std::uint32_t stride = block.columns * cell.width * (rgba ? 4 : 1);
        const std::size_t luma = std::size_t{block.columns} * cell.width * block.rows * cell.height;
        for (std::uint32_t row = 0; row < block.rows; ++row) {
            for (std::uint32_t column = 0; column < block.columns; ++column) {
                const std::size_t chroma = start + luma +
                                           std::size_t{row} * (cell.height / 2) * (stride / 2) +
                                           std::size_t{column} * (cell.width / 2);
                Job job;
                job.paint = paints_[(block.row + row) * columns_ + block.column + column];
                job.stride = stride;
                job.at =
                    static_cast<std::uint32_t>(start + std::size_t{row} * cell.height * stride +
                                               std::size_t{column} * cell.width * (rgba ? 4 : 1));
                job.at_u = static_cast<std::uint32_t>(chroma);
                job.at_v = static_cast<std::uint32_t>(chroma + luma / 4);
                result.push_back(job);
            }
        }
        start +=
            screen::picture_bytes(format_, block.columns * cell.width, block.rows * cell.height);
    }
    return result;
}

Result<screen::PictureUpdate> Camera::shoot(const screen::Snapshot& screen, Renderer& renderer) {
    const CellShape& cell = atlas_.cell();
    lay_out_screen(screen.screen, visible(screen.screen.columns, cell.width),
                   visible(screen.screen.rows.size(), cell.height));
    screen::PictureUpdate update = prepare(screen);
    std::vector<Block> blocks{
        {0, 0, static_cast<std::uint32_t>(columns_), update.height / cell.height}};
    if (!before_.empty()) blocks = differences(before_, paints_, columns_);
    const bool whole =
        before_.empty() ||
        (blocks.size() == 1 && std::size_t{blocks[0].columns} * blocks[0].rows == paints_.size());
    using Kind = screen::PictureUpdate::Kind;
    update.kind = whole ? Kind::full : blocks.empty() ? Kind::repeat : Kind::tiles;
    std::size_t size = 0;
    for (const Block& block : blocks) {
        const std::uint32_t width = block.columns * cell.width;
        const std::uint32_t height = block.rows * cell.height;
        size += screen::picture_bytes(format_, width, height);
        if (update.kind != Kind::tiles) continue;
        update.tiles.push_back({static_cast<std::uint16_t>(block.column * cell.width),
                                static_cast<std::uint16_t>(block.row * cell.height),
                                static_cast<std::uint16_t>(width),
                                static_cast<std::uint16_t>(height)});
    }
    update.data = Buffer::allocate(size);
    before_.clear();
    if (size > 0) {
        JETWAY_TRY(
            renderer.draw(atlas_, format_, jobs(blocks), {update.data.mutable_data(), size}));
    }
    JETWAY_TRY(screen::apply(picture_, update));
    if (size > 0) hash_ = picture_.hash();
    update.hash = hash_;
    before_ = std::move(paints_);
    ++shot_;
    return update;
}

}  // namespace jetway::gpu
