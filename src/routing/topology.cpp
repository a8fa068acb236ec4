#include "routing/topology.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "routing/flaw.hpp"

namespace jetway::routing {

namespace {

using std::chrono::minutes;

constexpr Duration forget_after = minutes(15);
constexpr Duration long_time = minutes(1);
constexpr std::size_t most_came = 64;

/// Does the second list lack a peer of the first, or know it in another epoch?
bool lost_some(const Adjacents& before, const Adjacents& after) {
    return std::ranges::any_of(before, [&](const Adjacent& old) {
        const Adjacent* now = find_peer(after, old.peer);
        return now == nullptr || now->peer_epoch != old.peer_epoch;
    });
}

/// Is the adjacency with the life of the peer that we know?
bool is_life(const Adjacent& adjacency, const Node& peer) {
    return flawed(Flaw::skip_peer_epoch) || adjacency.peer_epoch == peer.version.epoch;
}

/// The other end of the link, if both ends list it as they are now.
const Adjacent* back_of(const Node& from, const Adjacent& adjacency, const Node& to) {
    if (!is_life(adjacency, to)) return nullptr;
    const Adjacent* back = find_peer(to.adjacents, from.router);
    return back != nullptr && is_life(*back, from) ? back : nullptr;
}

Topology::News news_of(const Node& fresh, const Node& known) {
    if (fresh.version < known.version) return Topology::News::older;
    if (fresh.version > known.version) return Topology::News::newer;
    return fresh.digest == known.digest ? Topology::News::same : Topology::News::conflict;
}

bool transits(const Node& node) {
    return (node.flags & (wire::no_transit | wire::draining | wire::gone)) == 0;
}

}  // namespace

Topology::Topology(RouterId self, std::string machine, Time now)
    : since_{now}, reachable_{true}, forgotten_{false} {
    boost::intrusive_ptr<Node> node(new Node);
    node->router = self;
    node->machine = std::move(machine);
    nodes_.emplace_back(std::move(node));
    index_.insert(nodes_, 0);
}

Topology::Accepted Topology::accept(Time now, const NodePtr& fresh) {
    static const NodePtr nobody(new Node);
    Accepted result;
    result.node = find(fresh->router);
    const bool known = result.node != no_node;
    const NodePtr before = known ? nodes_[result.node] : nobody;
    result.news = news_of(*fresh, *before);
    const bool greater = result.news == News::conflict && fresh->digest > before->digest;
    if (result.news != News::newer && !greater) return result;
    if (!known) result.node = free_place(now, result.recycled);
    if (result.node == no_node) {
        result.news = News::refused;
        return result;
    }
    nodes_[result.node] = fresh;
    if (!known) index_.insert(nodes_, result.node);
    result.taken = true;
    result.restarted = before->version.epoch != 0 && fresh->version.epoch > before->version.epoch;
    result.bad = result.restarted || lost_some(before->adjacents, fresh->adjacents) ||
                 (fresh->flags & ~before->flags) != 0;
    result.moved =
        result.bad || fresh->flags != before->flags || fresh->adjacents != before->adjacents;
    note_broken(result.node, before->adjacents);
    note_came(result.node, *before);
    return result;
}

void Topology::reserve(std::size_t machines) {
    nodes_.reserve(machines);
    since_.reserve(machines);
    reachable_.reserve(machines);
    forgotten_.reserve(machines);
    index_.reserve(nodes_, machines);
}

void Topology::note_broken(NodeIndex by, const Adjacents& before) {
    for (const Adjacent& old : before) {
        if (find_peer(nodes_[by]->adjacents, old.peer) != nullptr) continue;
        const NodeIndex peer = find(old.peer);
        if (peer != no_node) broken_by_[peer] = by;
    }
}

void Topology::note_came(NodeIndex index, const Node& before) {
    const Node& node = *nodes_[index];
    for (const Adjacent& now : node.adjacents) {
        if (came_.size() == most_came) return;
        const Adjacent* old = find_peer(before.adjacents, now.peer);
        const bool known = old != nullptr && old->peer_epoch == now.peer_epoch &&
                           before.version.epoch == node.version.epoch;
        const NodeIndex peer = known ? no_node : find(now.peer);
        if (peer != no_node) came_.push_back({index, peer});
    }
}

std::string Topology::last_broken(NodeIndex node) const {
    const auto by = broken_by_.find(node);
    if (by == broken_by_.end()) return {};
    return "link " + nodes_[by->second]->machine + ">" + nodes_[node]->machine;
}

NodeIndex Topology::find(RouterId router) const {
    return index_.find(nodes_, router);
}

NodeIndex Topology::free_place(Time now, bool& recycled) {
    if (nodes_.size() < max_origins) {
        nodes_.emplace_back();
        since_.push_back(now);
        reachable_.push_back(false);
        forgotten_.push_back(false);
        return static_cast<NodeIndex>(nodes_.size() - 1);
    }
    const NodeIndex place = oldest_unreachable();
    if (place == no_node) return no_node;
    recycled = true;
    index_.erase(nodes_, place);
    since_[place] = now;
    forgotten_[place] = false;
    std::erase_if(broken_by_, [place](const auto& broken) {
        return broken.first == place || broken.second == place;
    });
    return place;
}

NodeIndex Topology::oldest_unreachable() const {
    NodeIndex oldest = no_node;
    for (NodeIndex node = 1; node < nodes_.size(); ++node) {
        if (reachable_[node]) continue;
        if (oldest == no_node || since_[node] < since_[oldest]) oldest = node;
    }
    return oldest;
}

std::vector<NodeIndex> Topology::named(const std::string& name) const {
    std::vector<NodeIndex> result;
    for (NodeIndex node = 0; node < nodes_.size(); ++node) {
        if (nodes_[node]->machine == name && !forgotten_[node]) result.push_back(node);
    }
    return result;
}

bool Topology::joined(NodeIndex from, NodeIndex to) const {
    const Adjacent* there = find_peer(nodes_[from]->adjacents, nodes_[to]->router);
    return there != nullptr && back_of(*nodes_[from], *there, *nodes_[to]) != nullptr;
}

/// Both directions of a usable link.
struct Topology::Joined {
    NodeIndex a;
    NodeIndex b;
    std::uint32_t cost_there;
    std::uint32_t cost_back;
};

/// Each once, from the end with the smaller router id: looking for the other end is what costs.
std::vector<Topology::Joined> Topology::links() const {
    std::vector<Joined> links;
    links.reserve(2 * nodes_.size());
    for (NodeIndex a = 0; a < nodes_.size(); ++a) {
        for (const Adjacent& there : nodes_[a]->adjacents) {
            if (there.peer <= nodes_[a]->router) continue;
            const NodeIndex b = find(there.peer);
            if (b == no_node) continue;
            const Adjacent* back = back_of(*nodes_[a], there, *nodes_[b]);
            if (back == nullptr) continue;
            links.push_back({a, b, std::max(there.cost, 1U), std::max(back->cost, 1U)});
        }
    }
    return links;
}

Graph Topology::graph() const {
    const std::vector<Joined> all = links();
    Graph graph;
    graph.router.reserve(nodes_.size());
    graph.transit.reserve(nodes_.size());
    for (const NodePtr& node : nodes_) {
        graph.router.push_back(node->router);
        graph.transit.push_back(transits(*node) ? 1 : 0);
    }
    graph.first.assign(nodes_.size() + 1, 0);
    for (const Joined& link : all) {
        ++graph.first[link.a + 1];
        ++graph.first[link.b + 1];
    }
    std::partial_sum(graph.first.begin(), graph.first.end(), graph.first.begin());
    graph.target.resize(2 * all.size());
    graph.cost.resize(2 * all.size());
    std::vector<std::uint32_t> next = graph.first;
    const auto add = [&](NodeIndex from, NodeIndex to, std::uint32_t cost) {
        graph.target[next[from]] = to;
        graph.cost[next[from]++] = cost;
    };
    for (const Joined& link : all) {
        add(link.a, link.b, link.cost_there);
        add(link.b, link.a, link.cost_back);
    }
    return graph;
}

Topology::Changes Topology::reach(Time now, const Paths& paths) {
    Changes changes;
    for (NodeIndex node = 1; node < nodes_.size(); ++node) {
        const bool reachable = paths.reaches(node);
        if (reachable == reachable_[node]) continue;
        (reachable ? changes.reached : changes.lost).push_back(node);
        if (reachable && now - since_[node] > long_time) changes.long_lost.push_back(node);
        reachable_[node] = reachable;
        since_[node] = now;
        forgotten_[node] = false;
    }
    return changes;
}

std::vector<NodeIndex> Topology::forget(Time now) {
    std::vector<NodeIndex> result;
    for (NodeIndex node = 1; node < nodes_.size(); ++node) {
        if (reachable_[node] || forgotten_[node] || now - since_[node] < forget_after) continue;
        forgotten_[node] = true;
        result.push_back(node);
    }
    return result;
}

}  // namespace jetway::routing
