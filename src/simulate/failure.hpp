// What may break in a deployment, and what then cannot reach what, worked out from the file alone:
// the links that are left, and who is joined by them. The simulation must find the same.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "deployment/deployment.hpp"

namespace jetway::simulate {

/// A machine's place in the file.
using Place = std::size_t;
/// The smaller place first.
using LinkEnds = std::pair<Place, Place>;

/// A deployment as a graph.
struct Plan {
    std::vector<std::string> machines;
    std::vector<LinkEnds> links;                         // each pair once, in the order of the file
    std::map<std::string, std::vector<Place>> services;  // and who offers each
};
Plan plan_of(const deployment::Deployment& deployment);

/// Links that are cut and machines that die, together.
struct Failure {
    std::string name;  // "link a,b", "machine a", "partition a,b/c"
    std::set<LinkEnds> links;
    std::set<Place> machines;
};

/// "a,b" is the link between two machines, "a" a machine. E-USAGE that says what there is.
Result<Failure> parse_failure(const Plan& plan, std::string_view text);
/// "a,b/c,d": the groups do not hear each other. A machine that is not named belongs to the last
/// group.
Result<Failure> parse_partition(const Plan& plan, std::string_view text);
/// What an expectation names: "any-one-link", "any-one-machine", or one of the above.
Result<std::vector<Failure>> parse_failures(const Plan& plan, std::string_view text);
/// Each link, then each machine.
std::vector<Failure> single_failures(const Plan& plan);
std::vector<Failure> double_failures(const Plan& plan);

/// A service, and the machines that run and cannot reach it.
struct Unreachable {
    std::string service;
    std::vector<Place> from;
    bool operator==(const Unreachable&) const = default;
};
std::vector<Unreachable> unreachable(const Plan& plan, const Failure& failure);
/// Machines with the same number are joined; the dead have none.
inline constexpr std::size_t apart = ~std::size_t{0};
std::vector<std::size_t> groups(const Plan& plan, const Failure& failure);

/// Of all single failures, those that put a service out of somebody's reach.
std::vector<Failure> single_points_of_failure(const Plan& plan);
/// The one link, or the one further instance of a service, after which the fewest services are out
/// of reach, over all single failures; empty when nothing helps or there is nothing to mend. Not
/// looked for in plans of more than `most_for_advice` machines.
inline constexpr std::size_t most_for_advice = 40;
std::string advice(const Plan& plan);

}  // namespace jetway::simulate
