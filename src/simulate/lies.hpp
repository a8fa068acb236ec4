// What a neighbour could say that means harm, or has a bug: well formed, and untrue.
#pragma once

#include <vector>

#include "simulate/mesh.hpp"

namespace jetway::simulate {

/// Something that is not so, about anybody: records that their machine never wrote, two contents of
/// one version, machines that do not exist, services that nobody has, or more than a link may
/// carry. Frames on label 0.
std::vector<wire::Frame> lie(const Mesh& mesh, const std::string& liar, Random& random);

}  // namespace jetway::simulate
