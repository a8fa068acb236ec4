#include "routing/topology.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "routing/flaw.hpp"

namespace jetway::routing {

namespace {

using std::chrono::minutes;

constexpr Duration forget_after = minutes(15);
constexpr Duration long_time = minutes(1);
constexpr std::size_t most_came = 64;

Adjacents sorted(const wire::NodeRecord& record) {
    Adjacents result;
    result.reserve(static_cast<std::size_t>(record.adjacencies_size()));
    for (const wire::Adjacency& adjacency : record.adjacencies()) {
        result.push_back({adjacency.peer(), adjacency.peer_epoch(), adjacency.cost()});
    }
    std::ranges::sort(result, {}, &Adjacent::peer);
    return result;
}

const Adjacent* find_peer(const Adjacents& adjacents, RouterId peer) {
    const auto found = std::ranges::lower_bound(adjacents, peer, {}, &Adjacent::peer);
    return found != adjacents.end() && found->peer == peer ? &*found : nullptr;
}

/// Does the second list lack a peer of the first, or know it in another epoch?
bool lost_some(const Adjacents& before, const Adjacents& after) {
    return std::ranges::any_of(before, [&](const Adjacent& old) {
        const Adjacent* now = find_peer(after, old.peer);
        return now == nullptr || now->peer_epoch != old.peer_epoch;
    });
}

/// The bytes of a record, without keeping a whole socket buffer alive for them.
Buffer compact(const Buffer& body) {
    return body.block_size() > 2 * body.size() + 64 ? Buffer::copy_of(body.bytes()) : body;
}

/// Is the adjacency with the life of the peer that we know?
bool is_life(const Adjacent& adjacency, const Node& peer) {
    return flawed(Flaw::skip_peer_epoch) || adjacency.peer_epoch == peer.version.epoch;
}

bool transits(const Node& node) {
    return (node.flags & (wire::no_transit | wire::draining | wire::gone)) == 0;
}

}  // namespace

Topology::Topology(RouterId self, std::string machine, Time now) {
    Node node;
    node.router = self;
    node.machine = std::move(machine);
    node.reachable = true;
    node.since = now;
    nodes_.push_back(std::move(node));
    index_.emplace(self, 0);
}

Topology::Accepted Topology::accept(Time now, const wire::NodeRecord& record, const Buffer& body) {
    Accepted result;
    result.node = place_for(now, record.router(), result.recycled);
    if (result.node == no_node) return result;
    Node& node = nodes_[result.node];
    const Version version{record.epoch(), record.sequence()};
    const std::uint64_t digest = wire::digest(body.bytes());
    const bool conflict = version == node.version && digest != node.digest;
    result.news = conflict                  ? News::conflict
                  : version < node.version  ? News::older
                  : version == node.version ? News::same
                                            : News::newer;
    if (version < node.version || (version == node.version && digest <= node.digest)) return result;

    const Node before = std::exchange(node, Node{});
    node.router = before.router;
    node.reachable = before.reachable;
    node.since = before.since;
    node.forgotten = before.forgotten;
    node.last_broken = before.last_broken;
    node.digest = digest;
    take_over(node, record, body);
    result.taken = true;
    result.restarted = before.version.epoch != 0 && node.version.epoch > before.version.epoch;
    result.bad = result.restarted || lost_some(before.adjacents, node.adjacents) ||
                 (node.flags & ~before.flags) != 0;
    result.moved = result.bad || node.flags != before.flags || node.adjacents != before.adjacents;
    note_broken(node, before.adjacents);
    note_came(result.node, before);
    return result;
}

void Topology::take_over(Node& node, const wire::NodeRecord& record, const Buffer& body) {
    node.version = {record.epoch(), record.sequence()};
    node.machine = record.machine();
    node.flags = record.flags();
    node.load = record.load();
    node.boot_nonce = record.boot_nonce();
    node.boot_time_us = record.boot_time_us();
    node.adjacents = sorted(record);
    node.body = compact(body);
}

void Topology::note_broken(const Node& node, const Adjacents& before) {
    for (const Adjacent& old : before) {
        if (find_peer(node.adjacents, old.peer) != nullptr) continue;
        const NodeIndex peer = find(old.peer);
        if (peer == no_node) continue;
        nodes_[peer].last_broken = "link " + node.machine + ">" + nodes_[peer].machine;
    }
}

void Topology::note_came(NodeIndex index, const Node& before) {
    const Node& node = nodes_[index];
    for (const Adjacent& now : node.adjacents) {
        if (came_.size() == most_came) return;
        const Adjacent* old = find_peer(before.adjacents, now.peer);
        const bool known = old != nullptr && old->peer_epoch == now.peer_epoch &&
                           before.version.epoch == node.version.epoch;
        const NodeIndex peer = known ? no_node : find(now.peer);
        if (peer != no_node) came_.push_back({index, peer});
    }
}

NodeIndex Topology::find(RouterId router) const {
    const auto found = index_.find(router);
    return found == index_.end() ? no_node : found->second;
}

NodeIndex Topology::place_for(Time now, RouterId router, bool& recycled) {
    if (const NodeIndex known = find(router); known != no_node) return known;
    NodeIndex place = static_cast<NodeIndex>(nodes_.size());
    if (nodes_.size() < max_origins) {
        nodes_.emplace_back();
    } else {
        place = oldest_unreachable();
        if (place == no_node) return no_node;
        recycled = true;
        index_.erase(nodes_[place].router);
        nodes_[place] = Node{};
    }
    nodes_[place].router = router;
    nodes_[place].since = now;
    index_.emplace(router, place);
    return place;
}

NodeIndex Topology::oldest_unreachable() const {
    NodeIndex oldest = no_node;
    for (NodeIndex node = 1; node < nodes_.size(); ++node) {
        if (nodes_[node].reachable) continue;
        if (oldest == no_node || nodes_[node].since < nodes_[oldest].since) oldest = node;
    }
    return oldest;
}

std::vector<NodeIndex> Topology::named(const std::string& name) const {
    std::vector<NodeIndex> result;
    for (NodeIndex node = 0; node < nodes_.size(); ++node) {
        if (nodes_[node].machine == name && !nodes_[node].forgotten) result.push_back(node);
    }
    return result;
}

Graph Topology::graph() const {
    Graph graph;
    graph.router.reserve(nodes_.size());
    for (NodeIndex index = 0; index < nodes_.size(); ++index) {
        const Node& node = nodes_[index];
        graph.router.push_back(node.router);
        graph.transit.push_back(transits(node) ? 1 : 0);
        for (const Adjacent& adjacency : node.adjacents) {
            const NodeIndex peer = find(adjacency.peer);
            if (peer == no_node || !is_life(adjacency, nodes_[peer])) continue;
            const Adjacent* back = find_peer(nodes_[peer].adjacents, node.router);
            if (back == nullptr || !is_life(*back, node)) continue;
            graph.target.push_back(peer);
            graph.cost.push_back(std::max(adjacency.cost, 1U));
        }
        graph.first.push_back(static_cast<std::uint32_t>(graph.target.size()));
    }
    return graph;
}

Topology::Changes Topology::reach(Time now, const Paths& paths) {
    Changes changes;
    for (NodeIndex index = 1; index < nodes_.size(); ++index) {
        Node& node = nodes_[index];
        const bool reachable = paths.reaches(index);
        if (reachable == node.reachable) continue;
        (reachable ? changes.reached : changes.lost).push_back(index);
        if (reachable && now - node.since > long_time) changes.long_lost.push_back(index);
        node.reachable = reachable;
        node.since = now;
        node.forgotten = false;
    }
    return changes;
}

std::vector<NodeIndex> Topology::forget(Time now) {
    std::vector<NodeIndex> result;
    for (NodeIndex index = 1; index < nodes_.size(); ++index) {
        Node& node = nodes_[index];
        if (node.reachable || node.forgotten || now - node.since < forget_after) continue;
        node.forgotten = true;
        result.push_back(index);
    }
    return result;
}

}  // namespace jetway::routing
