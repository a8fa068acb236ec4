// The kernels, OpenCL C 1.2. Each work item draws a block of 2x2 pixels of one cell. The arithmetic
// is that of scalar_renderer.cpp, line by line.
#pragma once

#include <string_view>

namespace jetway::gpu {

inline constexpr std::string_view kernel_source = R"CL(
typedef struct {
    uint glyph, foreground, background, lines;
    uint at, stride, at_u, at_v;
} Job;

typedef struct {
    uint width, height, baseline, thickness, underline, strike;
} Cell;

int3 split(uint colour) { return (int3)(colour >> 16, colour >> 8 & 0xff, colour & 0xff); }

bool within(uint y, uint top, uint size) { return y >= top && y < top + size; }

bool on_line(const Cell* cell, uint lines, uint x, uint y) {
    uint t = cell->thickness;
    return ((lines & 1u) && within(y, cell->underline, t)) ||
           ((lines & 2u) && within(y, cell->underline - 2 * t, t)) ||
           ((lines & 4u) && within(y, cell->strike, t)) ||
           ((lines & 8u) && x < 2 * t) ||
           ((lines & 16u) && y >= cell->height - 2 * t);
}

int3 pixel(const Cell* cell, __global const uchar* coverage, const Job* job, uint x, uint y) {
    int c = on_line(cell, job->lines, x, y)
                ? 255 : coverage[(size_t)job->glyph * cell->width * cell->height + y * cell->width + x];
    return (split(job->foreground) * c + split(job->background) * (255 - c) + 127) / 255;
}

__kernel void draw_rgba(Cell cell, __global const uchar* coverage, __global const Job* jobs, __global uchar* out) {
    Job job = jobs[get_global_id(1)];
    uint half_width = cell.width / 2;
    uint x = get_global_id(0) % half_width * 2;
    uint y = get_global_id(0) / half_width * 2;
    for (uint i = 0; i < 4; ++i) {
        uint px = x + (i & 1), py = y + (i >> 1);
        int3 colour = pixel(&cell, coverage, &job, px, py);
        __global uchar* to = out + job.at + (size_t)py * job.stride + px * 4;
        to[0] = colour.x;
        to[1] = colour.y;
        to[2] = colour.z;
        to[3] = 255;
    }
}

__kernel void draw_i420(Cell cell, __global const uchar* coverage, __global const Job* jobs, __global uchar* out) {
    Job job = jobs[get_global_id(1)];
    uint half_width = cell.width / 2;
    uint x = get_global_id(0) % half_width * 2;
    uint y = get_global_id(0) / half_width * 2;
    int3 sum = (int3)(2, 2, 2);
    for (uint i = 0; i < 4; ++i) {
        uint px = x + (i & 1), py = y + (i >> 1);
        int3 c = pixel(&cell, coverage, &job, px, py);
        sum += c;
        out[job.at + (size_t)py * job.stride + px] = ((47 * c.x + 157 * c.y + 16 * c.z + 128) >> 8) + 16;
    }
    sum >>= 2;
    size_t chroma = (size_t)(y / 2) * (job.stride / 2) + x / 2;
    out[job.at_u + chroma] = ((-26 * sum.x - 86 * sum.y + 112 * sum.z + 128) >> 8) + 128;
    out[job.at_v + chroma] = ((112 * sum.x - 102 * sum.y - 10 * sum.z + 128) >> 8) + 128;
}
)CL";

}  // namespace jetway::gpu
