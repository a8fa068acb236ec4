// What is believed dead for two seconds, time enough for the news to arrive by flooding: links that
// a NACK reported, and machines to which our own last link went.
#pragma once

#include <algorithm>
#include <vector>

#include "base/timer.hpp"
#include "routing/paths.hpp"

namespace jetway::routing {

class Doubts {
public:
    /// Of each kind the oldest goes when there are too many.
    void add(Time now, NodeEdge edge) { add(now, edges_, edge); }
    void add(Time now, NodeIndex node) { add(now, nodes_, node); }
    /// The machine has said something new.
    void trust(NodeIndex node) {
        std::erase_if(nodes_, [&](const auto& doubt) { return doubt.what == node; });
    }
    /// The node's place belongs to another machine now.
    void drop(NodeIndex node) {
        trust(node);
        std::erase_if(edges_, [&](const auto& doubt) {
            return doubt.what.from == node || doubt.what.to == node;
        });
    }
    Avoid active(Time now) const {
        Avoid avoid;
        for (const auto& doubt : edges_) {
            if (now < doubt.until) avoid.edges.push_back(doubt.what);
        }
        for (const auto& doubt : nodes_) {
            if (now < doubt.until) avoid.nodes.push_back(doubt.what);
        }
        return avoid;
    }

private:
    static constexpr std::size_t most = 64;
    static constexpr Duration believed = std::chrono::seconds(2);
    template <typename T>
    struct Doubt {
        T what;
        Time until;
    };

    template <typename T>
    static void add(Time now, std::vector<Doubt<T>>& doubts, T what) {
        std::erase_if(doubts, [&](const Doubt<T>& doubt) {
            return now >= doubt.until || doubt.what == what;
        });
        if (doubts.size() == most) doubts.erase(doubts.begin());
        doubts.push_back({what, now + believed});
    }

    std::vector<Doubt<NodeEdge>> edges_;
    std::vector<Doubt<NodeIndex>> nodes_;
};

}  // namespace jetway::routing
