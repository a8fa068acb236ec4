// One machine as its own record has it. Nothing of it ever changes: a newer record is another Node.
// So all who know it can share it, the routers of a simulation too.
#pragma once

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <cstdint>
#include <string>
#include <unordered_map>

#include "base/buffer.hpp"
#include "routing/types.hpp"

namespace jetway::routing {

/// What paths are found by comes first, in one cache line.
struct alignas(64) Node : boost::intrusive_ref_counter<Node> {
    std::uint32_t flags = 0;  // wire::NodeFlag
    RouterId router = 0;
    Version version;
    Adjacents adjacents;
    std::uint64_t digest = 0;  // of body
    Buffer body;               // as it came, to be handed on
    std::string machine;
    std::uint32_t load = 0;
    std::uint64_t boot_nonce = 0;
    std::uint64_t boot_time_us = 0;

    bool draining() const { return (flags & wire::draining) != 0; }
    bool gone() const { return (flags & wire::gone) != 0; }
};

/// 8 bytes, where a std::shared_ptr has 16: a router holds one for each machine of the mesh.
using NodePtr = boost::intrusive_ptr<const Node>;

/// nullptr when the peer is not listed.
const Adjacent* find_peer(const Adjacents& adjacents, RouterId peer);

/// Of a record that decode() let through (or made here), and its bytes.
NodePtr make_node(const wire::NodeRecord& record, const Buffer& body);

/// Nodes by their bytes, for routers that share a process: each record is decoded once, and held
/// once. Outlives the routers.
class NodeCache {
public:
    /// nullptr when it is not there.
    NodePtr find(const Buffer& body) const;
    void add(const NodePtr& node);

private:
    std::unordered_map<std::uint64_t, NodePtr> nodes_;  // by digest
    std::size_t sweep_at_ = 1024;  // so many, and those that nobody holds any more go
};

/// From the cache, if there is one, or decoded. The errors are decode()'s.
Result<NodePtr> read_node(const Buffer& body, NodeCache* cache);

}  // namespace jetway::routing
