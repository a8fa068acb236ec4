// Meshes of a given shape, each machine named by its place ("m0", "m1", ...) and offering a service
// of its own
// ("service-m0").
#pragma once

#include <cstddef>
#include <string>

#include "simulate/mesh.hpp"

namespace jetway::simulate {

/// "m7".
std::string member(std::size_t place);
/// What member(place) offers.
std::string service_of(std::size_t place);

void make_members(Mesh& mesh, std::size_t count);
/// m0 - m1 - ... - m(count-1).
void make_line(Mesh& mesh, std::size_t count);
void make_ring(Mesh& mesh, std::size_t count);
/// m0 in the middle.
void make_star(Mesh& mesh, std::size_t count);
/// Row by row. The cables alone, between members that are there; and the whole.
void connect_grid(Mesh& mesh, std::size_t width, std::size_t height, CableOptions options = {});
void make_grid(Mesh& mesh, std::size_t width, std::size_t height, CableOptions options = {});
/// Everybody has about `degree` cables, to whoever comes.
void make_regular(Mesh& mesh, std::size_t count, std::size_t degree, CableOptions options = {});
/// Two halves, each with more cables than it needs, and one between them.
void make_bridge(Mesh& mesh, std::size_t count);
/// A random tree and `extra` more cables, with latencies from 0.1 to 20 ms.
void make_random(Mesh& mesh, std::size_t count, std::size_t extra);

}  // namespace jetway::simulate
