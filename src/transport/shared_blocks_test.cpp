#include "transport/shared_blocks.hpp"

#include <gtest/gtest.h>
#include <thread>

#include "transport/reference_set.hpp"

namespace jetway::transport {
namespace {

constexpr std::size_t size = 64UL * 1024;

struct SharedBlocksTest : testing::Test {
    SharedMemoryPtr memory = *SharedMemory::make(size);
    std::shared_ptr<SharedBlocks> blocks = std::make_shared<SharedBlocks>();
};

TEST_F(SharedBlocksTest, ANumberIsFreeAgainWhenItsLastBufferIsGone) {
    Buffer whole = blocks->put(70, memory, 8, 100);
    Buffer part = whole.slice(50);
    whole = {};
    EXPECT_FALSE(blocks->any_unused());
    part = {};
    ASSERT_TRUE(blocks->any_unused());
    EXPECT_EQ(lowest(blocks->take_unused()), 70U);
    EXPECT_FALSE(blocks->any_unused());
    EXPECT_EQ(blocks->put(70, memory, 0, 1).size(), 1U);
}

TEST_F(SharedBlocksTest, ABufferKnowsTheMemoryItLiesIn) {
    const Buffer shared = blocks->put(0, memory, 8, 100);
    EXPECT_EQ(*SharedBlocks::memory_of(shared), memory);
    EXPECT_EQ(shared.data(), memory->bytes() + 8);
    EXPECT_EQ(SharedBlocks::memory_of(Buffer::copy_of("of the heap")), nullptr);
    EXPECT_EQ(SharedBlocks::memory_of(Buffer()), nullptr);
}

TEST_F(SharedBlocksTest, TheMemoryLivesAsLongAsABufferOnIt) {
    Buffer shared = blocks->put(0, memory, 0, size);
    const std::weak_ptr<const SharedMemory> watched = memory;
    memory.reset();
    blocks.reset();
    EXPECT_FALSE(watched.expired());
    EXPECT_EQ(shared.bytes().back(), 0);
    shared = {};
    EXPECT_TRUE(watched.expired());
}

TEST_F(SharedBlocksTest, LastBuffersMayGoOnOtherThreads) {
    constexpr int rounds = 200;
    std::size_t back = 0;
    for (int round = 0; round < rounds; ++round) {
        std::array<std::vector<Buffer>, 4> shares;
        for (std::size_t i = 0; i < wire::max_shared; ++i) {
            const Buffer shared = blocks->put(i, memory, i, 1);
            for (auto& share : shares) share.push_back(shared);
        }
        std::vector<std::thread> threads;
        threads.reserve(shares.size());
        for (auto& share : shares) threads.emplace_back([&share] { share.clear(); });
        const auto count = [&back](const SharedBlocks::Set& set) {
            for (const std::uint64_t word : set)
                back += static_cast<std::size_t>(std::popcount(word));
        };
        count(blocks->take_unused());
        for (std::thread& thread : threads) thread.join();
        count(blocks->take_unused());
    }
    EXPECT_EQ(back, wire::max_shared * rounds);
}

}  // namespace
}  // namespace jetway::transport
