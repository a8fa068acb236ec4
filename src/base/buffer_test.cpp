#include "base/buffer.hpp"

#include <gtest/gtest.h>
#include <string>
#include <thread>
#include <vector>

namespace jetway {
namespace {

TEST(Buffer, AFreshOneIsEmptyAndOwnsNothing) {
    const Buffer buffer;
    EXPECT_TRUE(buffer.empty());
    EXPECT_TRUE(buffer.unique());
    EXPECT_EQ(buffer.block_size(), 0U);
    EXPECT_EQ(Buffer::allocate(0).block_size(), 0U);
}

TEST(Buffer, ASliceSharesTheBlock) {
    const Buffer whole = Buffer::copy_of("hello, world");
    const Buffer part = whole.slice(7);
    EXPECT_EQ(part.text(), "world");
    EXPECT_EQ(part.data(), whole.data() + 7);
    EXPECT_EQ(part.block_size(), 12U);
    EXPECT_FALSE(whole.unique());
}

TEST(Buffer, ASliceOutlivesWhatItWasCutFrom) {
    Buffer part;
    {
        const Buffer whole = Buffer::copy_of(std::string(1000, 'x') + "tail");
        part = whole.slice(1000, 4);
    }
    EXPECT_EQ(part.text(), "tail");
    EXPECT_TRUE(part.unique());
}

TEST(Buffer, AnEmptySliceAtTheEndIsAllowed) {
    const Buffer whole = Buffer::copy_of("ab");
    EXPECT_TRUE(whole.slice(2).empty());
    EXPECT_TRUE(whole.slice(2, 0).empty());
}

TEST(Buffer, MovingLeavesAnEmptyOne) {
    Buffer first = Buffer::copy_of("abc");
    const Buffer second = std::move(first);
    EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): that is what is tested
    EXPECT_EQ(second.text(), "abc");
    EXPECT_TRUE(second.unique());
}

TEST(Buffer, CopyingOntoItselfKeepsTheBytes) {
    Buffer buffer = Buffer::copy_of("abc");
    Buffer& same = buffer;
    buffer = same;
    EXPECT_EQ(buffer.text(), "abc");
    EXPECT_TRUE(buffer.unique());
}

TEST(Buffer, RemovingAPrefixLeavesTheRest) {
    Buffer buffer = Buffer::copy_of("abc");
    const Buffer other = buffer;
    buffer.remove_prefix(2);
    EXPECT_EQ(buffer.text(), "c");
    EXPECT_EQ(other.text(), "abc");
    buffer.remove_prefix(1);
    EXPECT_TRUE(buffer.empty());
}

TEST(Buffer, SlicesMayEndTheirLifeOnAnotherThread) {
    std::vector<std::thread> threads;
    {
        const Buffer whole = Buffer::copy_of(std::string(4096, 'x'));
        for (std::size_t i = 0; i < 4; ++i) {
            threads.emplace_back([part = whole.slice(i, 100)] {
                for (int round = 0; round < 1000; ++round) {
                    Buffer copy = part;
                    copy.remove_prefix(99);
                    EXPECT_EQ(copy.text(), "x");
                }
            });
        }
    }
    for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace jetway
