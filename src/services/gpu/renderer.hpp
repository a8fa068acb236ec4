// Renderer: cells to pixels, with integers only. Two of them: a scalar one in C++, the reference,
// and one that runs an OpenCL kernel (opencl_renderer.hpp). For equal jobs they write equal bytes.
//
// A pixel's coverage c is 255 on a line, else the glyph's; each of its three colours is
// (foreground * c + background * (255 - c) + 127) / 255. I420 as in screen/i420.hpp.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/result.hpp"
#include "services/gpu/atlas.hpp"
#include "services/gpu/layout.hpp"

namespace jetway::gpu {

/// A cell and where its pixels go in the output: byte offsets of its first pixel (rgba8), or of its
/// first samples of Y, U and V (i420; the chroma rows are `stride` / 2 apart). The kernels read it
/// as eight uints.
struct Job {
    Paint paint;
    std::uint32_t at = 0;
    std::uint32_t stride = 0;
    std::uint32_t at_u = 0;
    std::uint32_t at_v = 0;
};

class Renderer {
public:
    virtual ~Renderer() = default;
    /// For people: "scalar", or the device.
    virtual std::string name() const = 0;
    /// Draws every job's cell into `out`. The jobs lie inside it and their glyphs in the atlas
    /// (ours to get right). E-IO when the device fails: `out` may then hold anything.
    virtual Result<> draw(const Atlas& atlas, screen::Format format, std::span<const Job> jobs,
                          std::span<std::uint8_t> out) = 0;
};

std::unique_ptr<Renderer> make_scalar_renderer();

}  // namespace jetway::gpu
