#include "simulate/shapes.hpp"

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

namespace jetway::simulate {

std::string member(std::size_t place) {
    return "m" + std::to_string(place);
}

std::string service_of(std::size_t place) {
    return "service-" + member(place);
}

void make_members(Mesh& mesh, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) mesh.add(member(i)).offer(service_of(i));
}

void make_line(Mesh& mesh, std::size_t count) {
    make_members(mesh, count);
    for (std::size_t i = 0; i + 1 < count; ++i) mesh.connect(member(i), member(i + 1));
}

void make_ring(Mesh& mesh, std::size_t count) {
    make_line(mesh, count);
    mesh.connect(member(count - 1), member(0));
}

void make_star(Mesh& mesh, std::size_t count) {
    make_members(mesh, count);
    for (std::size_t i = 1; i < count; ++i) mesh.connect(member(i), member(0));
}

void make_grid(Mesh& mesh, std::size_t width, std::size_t height, CableOptions options) {
    make_members(mesh, width * height);
    connect_grid(mesh, width, height, options);
}

void connect_grid(Mesh& mesh, std::size_t width, std::size_t height, CableOptions options) {
    for (std::size_t i = 0; i < width * height; ++i) {
        if (i % width + 1 < width) mesh.connect(member(i), member(i + 1), options);
        if (i + width < width * height) mesh.connect(member(i), member(i + width), options);
    }
}

void make_regular(Mesh& mesh, std::size_t count, std::size_t degree, CableOptions options) {
    make_members(mesh, count);
    // A ring that visits everybody keeps it together; further rings, each in another order, the
    // rest.
    for (std::size_t ring = 0; 2 * ring < degree; ++ring) {
        std::vector<std::size_t> order(count);
        std::iota(order.begin(), order.end(), 0);
        for (std::size_t i = count; ring > 0 && i > 1; --i)
            std::swap(order[i - 1], order[mesh.random().below(i)]);
        for (std::size_t i = 0; i < count; ++i) {
            const std::string a = member(order[i]);
            const std::string b = member(order[(i + 1) % count]);
            if (a != b && !mesh.is_connected(a, b)) mesh.connect(a, b, options);
        }
    }
}

void make_bridge(Mesh& mesh, std::size_t count) {
    make_members(mesh, count);
    const std::size_t half = count / 2;
    for (const auto& [begin, end] : {std::pair(std::size_t{0}, half), std::pair(half, count)}) {
        for (std::size_t i = begin; i + 1 < end; ++i) mesh.connect(member(i), member(i + 1));
        for (std::size_t i = begin; i + 2 < end; i += 2) mesh.connect(member(i), member(i + 2));
    }
    mesh.connect(member(0), member(half));
}

void make_random(Mesh& mesh, std::size_t count, std::size_t extra) {
    make_members(mesh, count);
    Random& random = mesh.random();
    std::set<std::pair<std::size_t, std::size_t>> cables;
    const auto join = [&](std::size_t a, std::size_t b) {
        if (a == b || !cables.insert(std::minmax(a, b)).second) return false;
        CableOptions options;
        options.latency = std::chrono::microseconds(100 + random.below(200) * 100);
        mesh.connect(member(a), member(b), options);
        return true;
    };
    for (std::size_t i = 1; i < count; ++i) join(i, random.below(i));
    while (extra > 0 && cables.size() < count * (count - 1) / 2) {
        if (join(random.below(count), random.below(count))) --extra;
    }
}

}  // namespace jetway::simulate
