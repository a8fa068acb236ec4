// What must hold of a quiet mesh, worked out from the links alone: who reaches whom, at what cost,
// by which way. The oracle knows every machine; the routers only know what they were told.
#pragma once

#include <string>
#include <vector>

#include "simulate/mesh.hpp"

namespace jetway::simulate {

/// Everything that is wrong, as sentences; empty when the mesh is as it must be. Of each part of
/// the mesh: equal digests, every machine reached and every service resolved at the least cost over
/// links that exist, nothing that is gone is reached, streams are accounted for, and processes have
/// no complaints.
std::vector<std::string> violations(const Mesh& mesh);

}  // namespace jetway::simulate
