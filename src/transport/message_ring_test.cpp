#include "transport/message_ring.hpp"

#include <gtest/gtest.h>
#include <thread>

namespace jetway::transport {
namespace {

Message numbered(std::uint64_t number, std::size_t size = 8) {
    return {number, size == 0 ? Buffer() : Buffer::allocate(size)};
}

bool write(MessageRing& ring, Message message) {
    return ring.write(message);
}

/// Takes everything that was published; the headers.
std::vector<std::uint64_t> taken(MessageRing& ring) {
    std::vector<std::uint64_t> headers;
    ring.look();
    while (Message* next = ring.next()) {
        const Message message = std::move(*next);
        headers.push_back(message.header);
        ring.pop(message.body.size());
    }
    return headers;
}

TEST(MessageRingTest, OnlyWhatWasPublishedCanBeRead) {
    MessageRing ring(4, 1000);
    write(ring, numbered(1));
    EXPECT_TRUE(taken(ring).empty());
    EXPECT_TRUE(ring.publish());
    EXPECT_FALSE(ring.publish()) << "nothing new";
    write(ring, numbered(2));
    EXPECT_EQ(taken(ring), std::vector<std::uint64_t>{1});
    EXPECT_EQ(ring.unpublished(), 1U);
    EXPECT_EQ(ring.unpublished_bytes(), 8U);
}

TEST(MessageRingTest, AFullOneTakesNothingUntilWhatWasReadIsReleased) {
    MessageRing ring(4, 1000);
    for (std::uint64_t i = 0; i < 4; ++i) EXPECT_TRUE(write(ring, numbered(i)));
    Message more = numbered(4);
    EXPECT_FALSE(ring.write(more));
    EXPECT_EQ(more.body.size(), 8U) << "untouched";
    ring.publish();
    EXPECT_EQ(taken(ring).size(), 4U);
    EXPECT_FALSE(ring.write(more));
    ring.release();
    EXPECT_TRUE(ring.write(more));
}

TEST(MessageRingTest, BytesAreBoundedButOneMessageMayBeLarger) {
    MessageRing ring(8, 100);
    EXPECT_TRUE(write(ring, numbered(1, 500)));
    EXPECT_FALSE(write(ring, numbered(2, 1)));
    EXPECT_FALSE(write(ring, numbered(2, 0)));
    ring.publish();
    taken(ring);
    ring.release();
    EXPECT_TRUE(ring.is_empty());
    EXPECT_TRUE(write(ring, numbered(3, 60)));
    EXPECT_FALSE(write(ring, numbered(4, 41)));
    EXPECT_TRUE(write(ring, numbered(4, 40)));
    EXPECT_EQ(ring.bytes(), 100U);
}

TEST(MessageRingTest, WhoWantsRoomIsToldOnce) {
    MessageRing ring(4, 1000);
    EXPECT_FALSE(ring.release());
    ring.want_room();
    EXPECT_TRUE(ring.release());
    EXPECT_FALSE(ring.release());
}

TEST(MessageRingTest, WhatIsReadIsHeldNoLonger) {
    MessageRing ring(4, 1000);
    const Buffer body = Buffer::allocate(8);
    write(ring, {1, body});
    ring.publish();
    taken(ring);
    EXPECT_TRUE(body.unique());
}

TEST(MessageRingTest, BetweenTwoThreadsEverythingArrivesInOrder) {
    constexpr std::uint64_t count = 20'000;
    MessageRing ring(64, 1000);
    std::thread writer([&ring] {
        for (std::uint64_t i = 0; i < count; ++i) {
            Message message = numbered(i, i % 40);
            if (!message.body.empty())
                message.body.mutable_data()[0] = static_cast<std::uint8_t>(i);
            while (!ring.write(message)) {
                ring.publish();
                std::this_thread::yield();
            }
            if (i % 7 == 0) ring.publish();
        }
        ring.publish();
    });
    std::uint64_t next = 0;
    while (next < count) {
        ring.look();
        if (ring.next() == nullptr) std::this_thread::yield();
        while (Message* found = ring.next()) {
            const Message message = std::move(*found);
            ASSERT_EQ(message.header, next);
            ASSERT_EQ(message.body.size(), next % 40);
            if (!message.body.empty())
                ASSERT_EQ(message.body.data()[0], static_cast<std::uint8_t>(next));
            ring.pop(message.body.size());
            ++next;
        }
        ring.release();
    }
    writer.join();
    EXPECT_TRUE(ring.is_empty());
}

}  // namespace
}  // namespace jetway::transport
