// The reference: plain loops, one cell after the other.
#include <cstring>

#include "screen/i420.hpp"
#include "services/gpu/renderer.hpp"

namespace jetway::gpu {
namespace {

struct Rgb {
    int red;
    int green;
    int blue;
};

Rgb split(std::uint32_t colour) {
    return {static_cast<int>(colour >> 16U), static_cast<int>(colour >> 8U & 0xffU),
            static_cast<int>(colour & 0xffU)};
}

bool within(std::uint32_t y, std::uint32_t top, std::uint32_t size) {
    return y >= top && y < top + size;
}

class CellPainter {
public:
    CellPainter(const CellShape& cell, const std::uint8_t* coverage, const Paint& paint)
        : cell_(cell),
          glyph_(coverage + std::size_t{paint.glyph} * cell.width * cell.height),
          lines_(paint.lines),
          foreground_(split(paint.foreground)),
          background_(split(paint.background)) {}

    Rgb pixel(std::uint32_t x, std::uint32_t y) const {
        const int c = on_line(x, y) ? 255 : glyph_[y * cell_.width + x];
        if (c == 0) return background_;
        if (c == 255) return foreground_;
        return {mix(foreground_.red, background_.red, c),
                mix(foreground_.green, background_.green, c),
                mix(foreground_.blue, background_.blue, c)};
    }

private:
    static int mix(int foreground, int background, int c) {
        return (foreground * c + background * (255 - c) + 127) / 255;
    }

    bool on_line(std::uint32_t x, std::uint32_t y) const {
        if (lines_ == 0) return false;
        const std::uint32_t t = cell_.thickness;
        return ((lines_ & line_underline) != 0 && within(y, cell_.underline, t)) ||
               ((lines_ & line_double) != 0 && within(y, cell_.underline - 2 * t, t)) ||
               ((lines_ & line_strike) != 0 && within(y, cell_.strike, t)) ||
               ((lines_ & line_bar) != 0 && x < 2 * t) ||
               ((lines_ & line_foot) != 0 && y >= cell_.height - 2 * t);
    }

    const CellShape& cell_;
    const std::uint8_t* glyph_;
    std::uint32_t lines_;
    Rgb foreground_;
    Rgb background_;
};

void draw_rgba(const CellShape& cell, const CellPainter& painter, const Job& job,
               std::uint8_t* out) {
    for (std::uint32_t y = 0; y < cell.height; ++y) {
        std::uint8_t* row = out + job.at + std::size_t{y} * job.stride;
        for (std::uint32_t x = 0; x < cell.width; ++x, row += 4) {
            const Rgb colour = painter.pixel(x, y);
            row[0] = static_cast<std::uint8_t>(colour.red);
            row[1] = static_cast<std::uint8_t>(colour.green);
            row[2] = static_cast<std::uint8_t>(colour.blue);
            row[3] = 255;
        }
    }
}

void draw_block(const CellPainter& painter, const Job& job, std::uint8_t* out, std::uint32_t x,
                std::uint32_t y) {
    Rgb sum{2, 2, 2};
    for (std::uint32_t i = 0; i < 4; ++i) {
        const std::uint32_t px = x + (i & 1U);
        const std::uint32_t py = y + (i >> 1U);
        const Rgb colour = painter.pixel(px, py);
        sum.red += colour.red;
        sum.green += colour.green;
        sum.blue += colour.blue;
        out[job.at + std::size_t{py} * job.stride + px] =
            screen::luma(colour.red, colour.green, colour.blue);
    }
    const std::size_t chroma = std::size_t{y / 2} * (job.stride / 2) + x / 2;
    out[job.at_u + chroma] = screen::chroma_blue(sum.red >> 2, sum.green >> 2, sum.blue >> 2);
    out[job.at_v + chroma] = screen::chroma_red(sum.red >> 2, sum.green >> 2, sum.blue >> 2);
}

/// A cell of one colour.
void draw_plain(const CellShape& cell, const Job& job, std::uint8_t* out) {
    const Rgb colour = split(job.paint.background);
    const std::uint8_t y = screen::luma(colour.red, colour.green, colour.blue);
    const std::uint8_t u = screen::chroma_blue(colour.red, colour.green, colour.blue);
    const std::uint8_t v = screen::chroma_red(colour.red, colour.green, colour.blue);
    for (std::size_t row = 0; row < cell.height; ++row)
        std::memset(out + job.at + row * job.stride, y, cell.width);
    for (std::size_t row = 0; row < cell.height / 2; ++row) {
        std::memset(out + job.at_u + row * (job.stride / 2), u, cell.width / 2);
        std::memset(out + job.at_v + row * (job.stride / 2), v, cell.width / 2);
    }
}

class ScalarRenderer final : public Renderer {
public:
    std::string name() const override { return "scalar"; }

    Result<> draw(const Atlas& atlas, screen::Format format, std::span<const Job> jobs,
                  std::span<std::uint8_t> out) override {
        const CellShape& cell = atlas.cell();
        for (const Job& job : jobs) {
            const CellPainter painter(cell, atlas.coverage().data(), job.paint);
            if (format == screen::Format::rgba8) {
                draw_rgba(cell, painter, job, out.data());
            } else if (job.paint.glyph == Atlas::blank && job.paint.lines == 0) {
                draw_plain(cell, job, out.data());
            } else {
                for (std::uint32_t y = 0; y < cell.height; y += 2) {
                    for (std::uint32_t x = 0; x < cell.width; x += 2)
                        draw_block(painter, job, out.data(), x, y);
                }
            }
        }
        return success();
    }
};

}  // namespace

std::unique_ptr<Renderer> make_scalar_renderer() {
    return std::make_unique<ScalarRenderer>();
}

}  // namespace jetway::gpu
