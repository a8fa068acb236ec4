// Links that a NACK reported dead, believed for two seconds: time enough for the news to arrive by
// flooding.
#pragma once

#include <algorithm>
#include <vector>

#include "base/timer.hpp"
#include "routing/paths.hpp"

namespace jetway::routing {

class FailedEdges {
public:
    /// The oldest goes when there are too many.
    void add(Time now, NodeEdge edge) {
        forget(now);
        std::erase_if(edges_, [&](const Failed& failed) { return failed.edge == edge; });
        if (edges_.size() == most) edges_.erase(edges_.begin());
        edges_.push_back({edge, now + believed});
    }
    std::vector<NodeEdge> active(Time now) const {
        std::vector<NodeEdge> result;
        for (const Failed& failed : edges_) {
            if (now < failed.until) result.push_back(failed.edge);
        }
        return result;
    }
    /// The node's place belongs to another machine now.
    void drop(NodeIndex node) {
        std::erase_if(edges_, [&](const Failed& failed) {
            return failed.edge.from == node || failed.edge.to == node;
        });
    }

private:
    static constexpr std::size_t most = 64;
    static constexpr Duration believed = std::chrono::seconds(2);
    struct Failed {
        NodeEdge edge;
        Time until;
    };

    void forget(Time now) {
        std::erase_if(edges_, [&](const Failed& failed) { return now >= failed.until; });
    }

    std::vector<Failed> edges_;
};

}  // namespace jetway::routing
