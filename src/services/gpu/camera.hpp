// Camera: one stream's screens to its pictures. Draws only the cells that changed since the picture
// before.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.hpp"
#include "screen/diff.hpp"
#include "screen/picture.hpp"
#include "services/gpu/atlas.hpp"
#include "services/gpu/renderer.hpp"

namespace jetway::gpu {

class Camera {
public:
    /// The atlas may be shared by cameras of the same loop; it outlives them.
    Camera(Atlas& atlas, screen::Format format) : atlas_(atlas), format_(format) {}

    /// The picture of `screen`, stamped as the screen is. A screen larger than the largest picture
    /// is cut at the right and the bottom. E-IO when the device fails: the next picture will be a
    /// whole one.
    Result<screen::PictureUpdate> shoot(const screen::Snapshot& screen, Renderer& renderer);
    const screen::Picture& picture() const { return picture_; }

private:
    void lay_out_screen(const screen::Screen& screen, std::size_t columns, std::size_t rows);
    screen::PictureUpdate prepare(const screen::Snapshot& screen) const;
    std::vector<Job> jobs(const std::vector<Block>& blocks) const;

    Atlas& atlas_;
    screen::Format format_;
    screen::Picture picture_;
    std::vector<Paint> before_;  // of the last picture; empty: none
    std::vector<Paint> paints_;
    std::size_t columns_ = 0;
    std::uint64_t generation_ = 0;  // of the atlas that before_ speaks of
    std::uint64_t shot_ = 0;
    std::uint64_t hash_ = 0;  // of picture_
};

}  // namespace jetway::gpu
