#include "routing/node.hpp"

#include <gtest/gtest.h>

namespace jetway::routing {
namespace {

Buffer bytes_of(std::uint64_t sequence) {
    wire::NodeRecord record;
    record.set_router(7);
    record.set_epoch(1);
    record.set_sequence(sequence);
    record.set_machine("m7");
    return wire::encode(record);
}

TEST(Node, IsWhatTheRecordSays) {
    const auto node = read_node(bytes_of(3), nullptr);
    ASSERT_TRUE(node);
    EXPECT_EQ((*node)->router, 7U);
    EXPECT_EQ((*node)->version, (Version{1, 3}));
    EXPECT_EQ((*node)->machine, "m7");
    EXPECT_EQ((*node)->body.text(), bytes_of(3).text());
}

TEST(Node, WhatIsNoRecordIsAnErrorWithACacheToo) {
    NodeCache cache;
    EXPECT_FALSE(read_node(Buffer::copy_of("nonsense"), nullptr));
    EXPECT_FALSE(read_node(Buffer::copy_of("nonsense"), &cache));
}

TEST(NodeCache, TheSameBytesAreTheSameNode) {
    NodeCache cache;
    const NodePtr one = *read_node(bytes_of(1), &cache);
    EXPECT_EQ(*read_node(bytes_of(1), &cache), one);
    EXPECT_NE(*read_node(bytes_of(2), &cache), one);
}

TEST(NodeCache, LetsGoOfWhatNobodyHolds) {
    NodeCache cache;
    const NodePtr held = *read_node(bytes_of(1), &cache);
    for (std::uint64_t sequence = 2; sequence < 5000; ++sequence)
        ASSERT_TRUE(read_node(bytes_of(sequence), &cache));
    EXPECT_EQ(cache.find(bytes_of(1)), held);
    EXPECT_EQ(cache.find(bytes_of(2)), nullptr);
}

}  // namespace
}  // namespace jetway::routing
