#include "services/gpu/box_glyphs.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

namespace jetway::gpu {
namespace {

/// One cell of coverage. Coordinates outside are cut off.
struct Drawing {
    std::vector<std::uint8_t>& coverage;
    int width;
    int height;
    int stride;
    int line;  // thickness of a light one

    void fill(int left, int top, int right, int bottom, std::uint8_t value = 255) const {
        for (int y = std::max(top, 0); y < std::min(bottom, height); ++y) {
            for (int x = std::max(left, 0); x < std::min(right, width); ++x) {
                at(x, y) = value;
            }
        }
    }
    std::uint8_t& at(int x, int y) const { return coverage[y * stride + x]; }
};

// ---- lines

// Weights of the arms left, up, right, down of U+2500 to U+257F: 0 none, 1 light, 2 heavy, 3
// double. Arcs and diagonals are 0000.
constexpr std::string_view arms =
    "1010202001010202"   // 2500
    "1010202001010202"   // 2504 dashed
    "1010202001010202"   // 2508 dashed
    "0011002100120022"   // 250c
    "1001200110022002"   // 2510
    "0110012002100220"   // 2514
    "1100210012002200"   // 2518
    "0111012102110112"   // 251c
    "0212022101220222"   // 2520
    "1101210112011102"   // 2524
    "1202220121022202"   // 2528
    "1011201110212021"   // 252c
    "1012201210222022"   // 2530
    "1110211011202120"   // 2534
    "1210221012202220"   // 2538
    "1111211111212121"   // 253c
    "1211111212122211"   // 2540
    "1221211211222221"   // 2544
    "2122221212222222"   // 2548
    "1010202001010202"   // 254c dashed
    "3030030300310013"   // 2550
    "0033300110033003"   // 2554
    "0130031003303100"   // 2558
    "1300330001310313"   // 255c
    "0333310113033303"   // 2560
    "3031101330333130"   // 2564
    "1310333031311313"   // 2568
    "3333000000000000"   // 256c
    "0000000000000000"   // 2570
    "1000010000100001"   // 2574
    "2000020000200002"   // 2578
    "1020010220100201";  // 257c
static_assert(arms.size() / 4 == 128);

enum Arm : std::size_t { left = 0, up = 1, right = 2, down = 3 };
using Weights = std::array<int, 4>;

Weights weights_of(char32_t point) {
    Weights weights{};
    for (std::size_t i = 0; i < 4; ++i)
        weights[i] = arms[std::size_t{point - 0x2500} * 4 + i] - '0';
    return weights;
}

/// The strip of an arm, `size` thick, from the cell's edge inwards: through the band of `reach`
/// pixels in the middle, up to the band of -`reach` pixels when negative, just to the middle when
/// 0.
void strip(const Drawing& drawing, Arm arm, int size, int reach, std::uint8_t value) {
    const auto centred = [](int whole, int part) { return (whole - part) / 2; };
    const int x = centred(drawing.width, size);
    const int y = centred(drawing.height, size);
    const int whole = arm == left || arm == right ? drawing.width : drawing.height;
    const int near = reach == 0 ? whole / 2 : centred(whole, std::abs(reach));
    const int far = reach == 0 ? whole / 2 : near + std::abs(reach);
    const bool from_low_side = arm == left || arm == up;
    const int end = (reach > 0) == from_low_side ? far : near;
    switch (arm) {
        case left:
            drawing.fill(0, y, end, y + size, value);
            break;
        case right:
            drawing.fill(end, y, drawing.width, y + size, value);
            break;
        case up:
            drawing.fill(x, 0, x + size, end, value);
            break;
        case down:
            drawing.fill(x, end, x + size, drawing.height, value);
            break;
    }
}

int size_of(const Drawing& drawing, int weight) {
    return weight == 0   ? 0
           : weight == 1 ? drawing.line
           : weight == 2 ? drawing.line * 2
                         : drawing.line * 3;
}

/// Double arms: a band of three lines' width, the middle one taken out again.
void double_arms(const Drawing& drawing, const Weights& weights) {
    const int line = drawing.line;
    const auto crosses = [&weights](Arm arm) {
        return weights[(arm + 1) % 4] == 3 || weights[(arm + 2) % 4] == 3 ||
               weights[(arm + 3) % 4] == 3;
    };
    for (const Arm arm : {left, up, right, down}) {
        if (weights[arm] == 3) strip(drawing, arm, line * 3, crosses(arm) ? line * 3 : line, 255);
    }
    for (const Arm arm : {left, up, right, down}) {
        if (weights[arm] == 3) strip(drawing, arm, line, crosses(arm) ? line : -line, 0);
    }
}

/// How far a single arm goes, given what crosses it; see strip().
int reach_of(const Drawing& drawing, const Weights& weights, Arm arm) {
    const int one = weights[(arm + 1) % 4];
    const int other = weights[(arm + 3) % 4];
    const bool goes_through = weights[(arm + 2) % 4] != 0;
    if (goes_through && (one == 3 || other == 3)) return 0;
    if (one == 3 && other == 3) return -drawing.line;
    if (one == 3 || other == 3) return drawing.line * 3;
    return std::max(size_of(drawing, one), size_of(drawing, other));
}

void single_arms(const Drawing& drawing, const Weights& weights) {
    for (const Arm arm : {left, up, right, down}) {
        if (weights[arm] == 1 || weights[arm] == 2) {
            strip(drawing, arm, size_of(drawing, weights[arm]), reach_of(drawing, weights, arm),
                  255);
        }
    }
}

int dashes_of(char32_t point) {
    if (point >= 0x2504 && point <= 0x2507) return 3;
    if (point >= 0x2508 && point <= 0x250b) return 4;
    if (point >= 0x254c && point <= 0x254f) return 2;
    return 1;
}

void cut_dashes(const Drawing& drawing, const Weights& weights, int dashes) {
    const int gap =
        std::max(1, (weights[left] != 0 ? drawing.width : drawing.height) / (dashes * 4));
    for (int i = 0; i < dashes; ++i) {
        const int x = (i + 1) * drawing.width / dashes;
        const int y = (i + 1) * drawing.height / dashes;
        if (weights[left] != 0) drawing.fill(x - gap, 0, x, drawing.height, 0);
        if (weights[up] != 0) drawing.fill(0, y - gap, drawing.width, y, 0);
    }
}

// ---- curves: coverage by sampling 4x4 points of each pixel

constexpr std::array<double, 4> points{0.125, 0.375, 0.625, 0.875};

template <typename Inside>
void sample(const Drawing& drawing, Inside inside) {
    for (int y = 0; y < drawing.height; ++y) {
        for (int x = 0; x < drawing.width; ++x) {
            int hits = 0;
            for (const double dy : points) {
                for (const double dx : points) hits += inside(x + dx, y + dy) ? 1 : 0;
            }
            std::uint8_t& pixel = drawing.at(x, y);
            pixel = std::max(pixel, static_cast<std::uint8_t>(hits * 255 / 16));
        }
    }
}

/// U+256D to U+2570: a quarter of a circle between two straight ends. `to_right`, `to_bottom`:
/// where the arms leave.
void arc(const Drawing& drawing, bool to_right, bool to_bottom) {
    const double line = drawing.line;
    // The ends lie on whole pixels, where strip() puts those of its neighbours.
    const int near_x = (drawing.width - drawing.line) / 2;
    const int near_y = (drawing.height - drawing.line) / 2;
    const double x0 = near_x + line / 2;
    const double y0 = near_y + line / 2;
    const double radius =
        std::min(drawing.width, drawing.height) / 2.0 - line;  // straight ends at the sides
    const double centre_x = to_right ? x0 + radius : x0 - radius;
    const double centre_y = to_bottom ? y0 + radius : y0 - radius;
    sample(drawing, [=](double x, double y) {
        const bool beyond_x = to_right ? x > centre_x : x < centre_x;
        const bool beyond_y = to_bottom ? y > centre_y : y < centre_y;
        if (beyond_x && beyond_y) return false;
        if (beyond_x) return std::abs(y - y0) <= line / 2;
        if (beyond_y) return std::abs(x - x0) <= line / 2;
        return std::abs(std::hypot(x - centre_x, y - centre_y) - radius) <= line / 2;
    });
}

void diagonal(const Drawing& drawing, bool rising) {
    const double width = drawing.width;
    const double height = drawing.height;
    const double half = drawing.line / 2.0;
    sample(drawing, [=](double x, double y) {
        const double along = rising ? width - x : x;
        return std::abs(along * height - y * width) / std::hypot(width, height) <= half;
    });
}

void box(const Drawing& drawing, char32_t point) {
    if (point >= 0x256d && point <= 0x2570) {
        return arc(drawing, point == 0x256d || point == 0x2570, point == 0x256d || point == 0x256e);
    }
    if (point == 0x2571 || point == 0x2573) diagonal(drawing, true);
    if (point == 0x2572 || point == 0x2573) diagonal(drawing, false);
    const Weights weights = weights_of(point);
    double_arms(drawing, weights);
    single_arms(drawing, weights);
    if (const int dashes = dashes_of(point); dashes > 1) cut_dashes(drawing, weights, dashes);
}

// ---- blocks and braille

/// Quadrants of U+2596 to U+259F: 1 upper left, 2 upper right, 4 lower left, 8 lower right.
constexpr std::array<unsigned, 10> quadrants{4, 8, 1, 13, 9, 7, 11, 2, 6, 14};

void block(const Drawing& drawing, char32_t point) {
    const int width = drawing.width;
    const int height = drawing.height;
    const auto eighth = [](int size, unsigned count) {
        return (size * static_cast<int>(count) + 4) / 8;
    };
    if (point == 0x2580) return drawing.fill(0, 0, width, height / 2);
    if (point <= 0x2588)
        return drawing.fill(0, height - eighth(height, point - 0x2580), width, height);
    if (point <= 0x258f) return drawing.fill(0, 0, eighth(width, 0x2590 - point), height);
    if (point == 0x2590) return drawing.fill(width / 2, 0, width, height);
    if (point <= 0x2593)
        return drawing.fill(0, 0, width, height,
                            static_cast<std::uint8_t>((point - 0x2590) * 64 - 1));
    if (point == 0x2594) return drawing.fill(0, 0, width, eighth(height, 1));
    if (point == 0x2595) return drawing.fill(width - eighth(width, 1), 0, width, height);
    const unsigned set = quadrants[point - 0x2596];
    if ((set & 1U) != 0) drawing.fill(0, 0, width / 2, height / 2);
    if ((set & 2U) != 0) drawing.fill(width / 2, 0, width, height / 2);
    if ((set & 4U) != 0) drawing.fill(0, height / 2, width / 2, height);
    if ((set & 8U) != 0) drawing.fill(width / 2, height / 2, width, height);
}

void braille(const Drawing& drawing, char32_t point) {
    constexpr std::array<int, 8> columns{0, 0, 0, 1, 1, 1, 0, 1};
    constexpr std::array<int, 8> rows{0, 1, 2, 0, 1, 2, 3, 3};
    const int size = std::max(1, std::min(drawing.width / 4, drawing.height / 8));
    for (std::size_t dot = 0; dot < 8; ++dot) {
        if ((point >> dot & 1U) == 0) continue;
        const int x = (columns[dot] * 2 + 1) * drawing.width / 4 - size / 2;
        const int y = (rows[dot] * 2 + 1) * drawing.height / 8 - size / 2;
        drawing.fill(x, y, x + size, y + size);
    }
}

}  // namespace

bool draw_box_glyph(char32_t point, const CellShape& cell, std::vector<std::uint8_t>& coverage) {
    const int stride = static_cast<int>(coverage.size() / cell.height);
    const Drawing drawing{coverage, static_cast<int>(cell.width), static_cast<int>(cell.height),
                          stride, static_cast<int>(cell.thickness)};
    if (point >= 0x2500 && point <= 0x257f) {
        box(drawing, point);
    } else if (point >= 0x2580 && point <= 0x259f) {
        block(drawing, point);
    } else if (point >= 0x2800 && point <= 0x28ff) {
        braille(drawing, point);
    } else {
        return false;
    }
    return true;
}

}  // namespace jetway::gpu
