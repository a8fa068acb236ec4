// How often news of one machine is handed on: a machine that says something new all the time, for
// whatever reason, costs the mesh no more than ten records a second. What it says meanwhile is
// taken in, and the newest is told when it is time.
#pragma once

#include <map>
#include <vector>

#include "routing/paths.hpp"
#include "routing/quota.hpp"
#include "routing/types.hpp"

namespace jetway::routing {

class OriginPace {
public:
    /// May news of the machine, which came over a link, be told now? If not it waits until due().
    bool take(Time now, NodeIndex node, LinkId from);
    struct News {
        NodeIndex node = no_node;
        LinkId from = no_link;  // where the newest came from
        bool operator==(const News&) const = default;
    };
    /// What may be told from now on.
    std::vector<News> due(Time now);
    bool waits(NodeIndex node) const;
    /// When due() has some; max when none waits.
    Time deadline() const { return deadline_; }
    void drop(NodeIndex node) { origins_.erase(node); }

private:
    struct Origin {
        Quota quota;
        LinkId from = no_link;
        Time at = Time::max();  // when what waits may be told
    };
    void forget_calm(Time now);

    std::map<NodeIndex, Origin> origins_;  // that spoke lately
    std::size_t forget_at_ = 0;            // so many
    Time deadline_ = Time::max();
};

}  // namespace jetway::routing
