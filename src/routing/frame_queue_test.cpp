#include "routing/frame_queue.hpp"

#include <gtest/gtest.h>

namespace jetway::routing {
namespace {

TEST(FramePool, KeepsEachQueueInOrder) {
    FramePool pool(1024UL * 256 * 1024);
    FrameQueue first;
    FrameQueue second;
    pool.push(first, Buffer::copy_of("a"), 1);
    pool.push(second, Buffer::copy_of("x"), 0);
    pool.push(first, Buffer::copy_of("b"), 0);
    EXPECT_EQ(pool.pop(first).body.text(), "a");
    EXPECT_EQ(pool.pop(first).body.text(), "b");
    EXPECT_TRUE(first.empty());
    EXPECT_EQ(pool.pop(second).body.text(), "x");
}

TEST(FramePool, ChargesBytesAndAFixedSumForEachFrame) {
    FramePool pool(1024UL * 256 * 1024);
    FrameQueue queue;
    pool.push(queue, Buffer::copy_of("hello"), 0);
    pool.push(queue, {}, 0);
    EXPECT_EQ(queue.charge, 5 + 2 * frame_charge);
    EXPECT_EQ(pool.charge(), queue.charge);
    pool.pop(queue);
    pool.pop(queue);
    EXPECT_EQ(queue.charge, 0U);
    EXPECT_EQ(pool.charge(), 0U);
}

TEST(FramePool, CutsTheFrontFrameWithoutCopying) {
    FramePool pool(1024UL * 256 * 1024);
    FrameQueue queue;
    const Buffer whole = Buffer::copy_of("headtail");
    pool.push(queue, whole, 2);
    const Buffer head = pool.split_front(queue, 4);
    EXPECT_EQ(head.text(), "head");
    EXPECT_EQ(head.data(), whole.data());
    EXPECT_EQ(queue.charge, 4 + frame_charge);
    const WaitingFrame rest = pool.pop(queue);
    EXPECT_EQ(rest.body.text(), "tail");
    EXPECT_EQ(rest.flags, 2);
}

TEST(FramePool, CopiesSmallPiecesOutOfLargeBlocksOnceManyWait) {
    FramePool pool(1024UL * 256 * 1024);
    FrameQueue queue;
    const Buffer block = Buffer::allocate(64UL * 1024);
    for (int i = 0; i < 2000; ++i) pool.push(queue, block.slice(0, 1), 0);
    std::size_t shared = 0;
    while (!queue.empty()) shared += pool.pop(queue).body.data() == block.data() ? 1 : 0;
    EXPECT_GT(shared, 1000U);
    EXPECT_LT(shared, 1100U);
}

}  // namespace
}  // namespace jetway::routing
