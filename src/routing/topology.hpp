// What we know of machines: the newest record of each, and which links between them can be used. A
// machine is the only author of its record; a link is usable only while both its ends list each
// other, each with the other's epoch of now.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/buffer.hpp"
#include "routing/paths.hpp"
#include "routing/types.hpp"

namespace jetway::routing {

inline constexpr std::size_t max_origins = 20'000;

/// One machine as its own record has it.
struct Node {
    RouterId router = 0;
    Version version;
    std::string machine;
    std::uint32_t flags = 0;  // wire::NodeFlag
    std::uint32_t load = 0;
    std::uint64_t boot_nonce = 0;
    std::uint64_t boot_time_us = 0;
    Adjacents adjacents;
    Buffer body;               // as it came, to be handed on
    std::uint64_t digest = 0;  // of body

    bool reachable = false;
    Time since{};             // when `reachable` became what it is
    bool forgotten = false;   // unreachable for so long that its catalogue is gone
    std::string last_broken;  // "link machine-b>machine-c": the last link to it that was taken back

    bool draining() const { return (flags & wire::draining) != 0; }
    bool gone() const { return (flags & wire::gone) != 0; }
};

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
    /// A record that decode() let through, and its bytes. When all places are taken, the machine
    /// that has been unreachable longest makes room; reachable ones never do.
    Accepted accept(Time now, const wire::NodeRecord& record, const Buffer& body);

    NodeIndex find(RouterId router) const;
    /// Machines called `name` that were not forgotten.
    std::vector<NodeIndex> named(const std::string& name) const;
    std::size_t size() const { return nodes_.size(); }
    const Node& operator[](NodeIndex node) const { return nodes_[node]; }

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
    NodeIndex place_for(Time now, RouterId router, bool& recycled);
    NodeIndex oldest_unreachable() const;
    void take_over(Node& node, const wire::NodeRecord& record, const Buffer& body);
    void note_broken(const Node& node, const Adjacents& before);
    void note_came(NodeIndex index, const Node& before);

    std::vector<Node> nodes_;
    std::unordered_map<RouterId, NodeIndex> index_;
    std::vector<NodeEdge> came_;
};

}  // namespace jetway::routing
