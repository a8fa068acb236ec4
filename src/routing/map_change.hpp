// How the paths of now differ from those of before, and what did it: for people. Works on what is
// there anyway: the paths of before and now, and the records of now.
#pragma once

#include <string>
#include <vector>

#include "routing/links.hpp"
#include "routing/map.hpp"
#include "routing/topology.hpp"

namespace jetway::routing {

class MapChange {
public:
    /// All references outlive it. `came`: edges that were not listed before.
    MapChange(const Topology& topology, const Links& links, const Paths& before, const Paths& now,
              std::vector<NodeEdge> came)
        : topology_(topology), links_(links), before_(before), now_(now), came_(std::move(came)) {}

    /// Machines that were reached before and are now, by another way. One pass over all machines.
    std::vector<NodeIndex> moved() const;

    /// "a > d > c, cost 46, was a > b > c, cost 20", each when there is one. Long ways are
    /// shortened.
    std::string ways(NodeIndex node) const;
    /// Why the way is another, there at last, or gone: "link b>c is dead, says b". Empty when it
    /// cannot be told.
    std::string cause(NodeIndex node) const;

private:
    std::string way(const Paths& paths, NodeIndex node) const;
    std::string broken(const Route& route) const;
    std::string broken(NodeEdge edge) const;
    std::string dearer(const Route& route) const;
    std::string better(const Route& route) const;
    std::string name_of(NodeEdge edge) const;

    const Topology& topology_;
    const Links& links_;
    const Paths& before_;
    const Paths& now_;
    std::vector<NodeEdge> came_;
};

}  // namespace jetway::routing
