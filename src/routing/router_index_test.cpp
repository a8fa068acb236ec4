#include "routing/router_index.hpp"

#include <gtest/gtest.h>
#include <map>
#include <rapidcheck/gtest.h>

namespace jetway::routing {
namespace {

NodePtr node(RouterId router) {
    boost::intrusive_ptr<Node> node(new Node);
    node->router = router;
    return node;
}

TEST(RouterIndex, FindsWhatWasInsertedAndNothingElse) {
    Nodes nodes;
    RouterIndex index;
    EXPECT_EQ(index.find(nodes, 7), no_node);
    for (NodeIndex place = 0; place < 1000; ++place) {
        nodes.push_back(node(RouterId{3} * place + 1));
        index.insert(nodes, place);
    }
    for (NodeIndex place = 0; place < 1000; ++place) {
        EXPECT_EQ(index.find(nodes, RouterId{3} * place + 1), place);
        EXPECT_EQ(index.find(nodes, RouterId{3} * place), no_node);
    }
}

/// Whatever comes and goes, it is a map. Few places and ids that collide: holes matter.
RC_GTEST_PROP(RouterIndex, IsAMapWhateverComesAndGoes, ()) {
    Nodes nodes(8);
    RouterIndex index;
    std::map<RouterId, NodeIndex> model;
    const auto steps = *rc::gen::container<std::vector<std::pair<std::uint8_t, std::uint8_t>>>(
        rc::gen::arbitrary<std::pair<std::uint8_t, std::uint8_t>>());
    for (const auto& [where, who] : steps) {
        const NodeIndex place = where % 8;
        if (nodes[place] != nullptr) {
            index.erase(nodes, place);
            model.erase(nodes[place]->router);
            nodes[place] = nullptr;
        } else if (!model.contains(who)) {
            nodes[place] = node(who);
            index.insert(nodes, place);
            model.emplace(who, place);
        }
        for (RouterId router = 0; router < 256; ++router) {
            const auto known = model.find(router);
            RC_ASSERT(index.find(nodes, router) ==
                      (known == model.end() ? no_node : known->second));
        }
    }
}

}  // namespace
}  // namespace jetway::routing
