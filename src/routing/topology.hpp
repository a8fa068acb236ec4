// What we know of machines: the newest record of each, and which links between them can be used. A
// machine is the only author of its record; a link is usable only while both its ends list each
// other, each with the other's epoch of now.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "routing/node.hpp"
#include "routing/paths.hpp"
#include "routing/router_index.hpp"
#include "routing/types.hpp"

namespace jetway::routing {

inline constexpr std::size_t max_origins = 20'000;

class Topology {
public:
    /// `self` is node 0, without a record until the first accept().
    Topology(RouterId self, std::string machine, Time now);

    enum class News : std::uint8_t {
        older,  // we know better
        same,
        newer,
        conflict,  // one version exists with two contents: somebody lies or is cloned
        refused,   // no room for another machine
    };
    struct Accepted {
        News news = News::refused;
        NodeIndex node = no_node;
        /// It is the record of now: `newer`, or the greater digest of a conflict.
        bool taken = false;
        bool bad = false;        // a link or the machine went: tell at once
        bool moved = false;      // usable edges may have changed
        bool restarted = false;  // a newer epoch: what was known of the last one is void
        bool recycled = false;   // the place belonged to another machine
    };
    /// When all places are taken, the machine that has been unreachable longest makes room;
    /// reachable ones never do.
    Accepted accept(Time now, const NodePtr& fresh);
    /// Makes room for so many machines in all.
    void reserve(std::size_t machines);

    NodeIndex find(RouterId router) const;
    /// Machines called `name` that were not forgotten.
    std::vector<NodeIndex> named(const std::string& name) const;
    std::size_t size() const { return nodes_.size(); }
    /// What the machine says of itself.
    const Node& operator[](NodeIndex node) const { return *nodes_[node]; }
    NodePtr share(NodeIndex node) const { return nodes_[node]; }
    /// What we see of it: can it be reached, and when did that become so?
    bool reachable(NodeIndex node) const { return reachable_[node]; }
    Time since(NodeIndex node) const { return since_[node]; }
    /// Unreachable for so long that its catalogue is gone.
    bool forgotten(NodeIndex node) const { return forgotten_[node]; }
    /// "link machine-b>machine-c": the last link to it that was taken back; empty: none was.
    std::string last_broken(NodeIndex node) const;
    /// Does a link lead from the one to the other, as far as its ends say?
    bool joined(NodeIndex from, NodeIndex to) const;

    Graph graph() const;
    /// Edges that records began to list since the last call, the first few of them.
    std::vector<NodeEdge> take_came() { return std::exchange(came_, {}); }

    struct Changes {
        std::vector<NodeIndex> reached;
        std::vector<NodeIndex> lost;
        std::vector<NodeIndex> long_lost;  // of `reached`: were unreachable for more than a minute
    };
    /// Takes over which machines `paths` reaches.
    Changes reach(Time now, const Paths& paths);
    /// Machines unreachable for 15 minutes are forgotten (once); their records stay, so that
    /// nothing older is believed.
    std::vector<NodeIndex> forget(Time now);

private:
    struct Joined;
    std::vector<Joined> links() const;
    NodeIndex free_place(Time now, bool& recycled);
    NodeIndex oldest_unreachable() const;
    void note_broken(NodeIndex by, const Adjacents& before);
    void note_came(NodeIndex index, const Node& before);

    // By NodeIndex; apart, because it is much: a router of a large simulation has 16 bytes and two
    // bits for each machine here, and the index 4 to 11.
    Nodes nodes_;
    std::vector<Time> since_;
    std::vector<bool> reachable_;
    std::vector<bool> forgotten_;
    RouterIndex index_;
    std::map<NodeIndex, NodeIndex> broken_by_;  // who took back the last link to it that was
    std::vector<NodeEdge> came_;
};

}  // namespace jetway::routing
