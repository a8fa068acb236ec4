#include "routing/node.hpp"

#include <algorithm>

namespace jetway::routing {

namespace {

Adjacents sorted(const wire::NodeRecord& record) {
    Adjacents result;
    result.reserve(static_cast<std::size_t>(record.adjacencies_size()));
    for (const wire::Adjacency& adjacency : record.adjacencies()) {
        result.push_back({adjacency.peer(), adjacency.peer_epoch(), adjacency.cost()});
    }
    std::ranges::sort(result, {}, &Adjacent::peer);
    return result;
}

/// The bytes of a record, without keeping a whole socket buffer alive for them.
Buffer compact(const Buffer& body) {
    return body.block_size() > 2 * body.size() + 64 ? Buffer::copy_of(body.bytes()) : body;
}

}  // namespace

const Adjacent* find_peer(const Adjacents& adjacents, RouterId peer) {
    const auto found = std::ranges::lower_bound(adjacents, peer, {}, &Adjacent::peer);
    return found != adjacents.end() && found->peer == peer ? &*found : nullptr;
}

NodePtr make_node(const wire::NodeRecord& record, const Buffer& body) {
    boost::intrusive_ptr<Node> node(new Node);
    node->router = record.router();
    node->version = {record.epoch(), record.sequence()};
    node->machine = record.machine();
    node->flags = record.flags();
    node->load = record.load();
    node->boot_nonce = record.boot_nonce();
    node->boot_time_us = record.boot_time_us();
    node->adjacents = sorted(record);
    node->body = compact(body);
    node->digest = wire::digest(body.bytes());
    return node;
}

NodePtr NodeCache::find(const Buffer& body) const {
    const auto known = nodes_.find(wire::digest(body.bytes()));
    if (known == nodes_.end()) return nullptr;
    return std::ranges::equal(known->second->body.bytes(), body.bytes()) ? known->second : nullptr;
}

void NodeCache::add(const NodePtr& node) {
    nodes_[node->digest] = node;
    if (nodes_.size() < sweep_at_) return;
    std::erase_if(nodes_, [](const auto& entry) { return entry.second->use_count() == 1; });
    sweep_at_ = 2 * nodes_.size() + 1024;
}

Result<NodePtr> read_node(const Buffer& body, NodeCache* cache) {
    if (cache != nullptr) {
        if (NodePtr known = cache->find(body)) return known;
    }
    JETWAY_ASSIGN(const wire::NodeRecord record, wire::decode<wire::NodeRecord>(body.bytes()));
    NodePtr node = make_node(record, body);
    if (cache != nullptr) cache->add(node);
    return node;
}

}  // namespace jetway::routing
