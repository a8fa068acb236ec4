// What must hold of a quiet mesh, worked out from the links alone: who reaches whom, at what cost,
// by which way. The oracle knows every machine; the routers only know what they were told.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "simulate/mesh.hpp"

namespace jetway::simulate {

/// Everything that is wrong, as sentences; empty when the mesh is as it must be. Of each part of
/// the mesh: equal digests, every machine reached and every service resolved at the least cost over
/// links that exist, nothing that is gone is reached, streams are accounted for, and processes have
/// no complaints.
std::vector<std::string> violations(const Mesh& mesh);
/// The same of these machines only, each against everybody: the others are many.
std::vector<std::string> violations(const Mesh& mesh, const std::vector<std::string>& machines);

/// Runs a mesh that is in one part until all know the same, have found their paths by it, and
/// nothing is wrong of `machines`: how long that took, in steps of 1 ms. Nothing when `limit` has
/// passed first.
std::optional<Duration> run_until_converged(Mesh& mesh, const std::vector<std::string>& machines,
                                            Duration limit = std::chrono::seconds(30));

}  // namespace jetway::simulate
