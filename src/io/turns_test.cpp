// How streams share the turns of a loop.
#include <algorithm>
#include <array>
#include <vector>

#include "io/testing.hpp"

namespace jetway::io {
namespace {

using namespace std::chrono_literals;

Buffer bytes_of(std::string_view bytes) {
    return Buffer::copy_of(bytes);
}

struct TurnsTest : testing::Test {
    EventLoop loop;
    StreamPair pair{loop};
};

/// Turns of the loop while nothing is to be done.
int turns_in_vain(EventLoop& loop) {
    settle(loop);
    int turns = 0;
    loop.run_until(
        [&] {
            ++turns;
            return false;
        },
        loop.now() + 10ms);
    return turns;
}

TEST_F(TurnsTest, WhatNobodyReadsDoesNotKeepTheLoopAwake) {
    StreamRecord right(pair.right.get());
    pair.left->write(bytes_of("read"));
    ASSERT_TRUE(run_until(loop, [&] { return right.text == "read"; }));
    pair.right->pause_reading();
    pair.left->write(bytes_of(" later"));
    EXPECT_LT(turns_in_vain(loop), 10);
    pair.right->start_reading();
    EXPECT_TRUE(run_until(loop, [&] { return right.text == "read later"; }));
}

TEST_F(TurnsTest, AHangUpThatNobodyWaitsForDoesNotKeepTheLoopAwake) {
    StreamRecord right(pair.right.get());
    pair.left->write(bytes_of("last"));
    ASSERT_TRUE(run_until(loop, [&] { return right.text == "last"; }));
    pair.right->pause_reading();
    pair.left.reset();
    EXPECT_LT(turns_in_vain(loop), 10);
    EXPECT_FALSE(right.ended);
    pair.right->start_reading();
    EXPECT_TRUE(run_until(loop, [&] { return right.ended; }));
}

TEST_F(TurnsTest, AStreamThatMayWriteAgainDoesNotKeepTheLoopAwake) {
    StreamRecord left(pair.left.get());
    StreamRecord right(pair.right.get());
    pair.left->write(bytes_of(std::string(1 << 20, 'x')));
    ASSERT_TRUE(run_until(loop, [&] { return left.drained == 1 && right.received == 1 << 20; }));
    EXPECT_LT(turns_in_vain(loop), 10);
}

TEST_F(TurnsTest, ManyBusyStreamsAreReadInTurns) {
    constexpr std::size_t count = 200;
    std::vector<std::unique_ptr<StreamPair>> pairs;
    std::vector<std::unique_ptr<StreamRecord>> sinks;
    for (std::size_t i = 0; i < count; ++i) {
        StreamPair& made = *pairs.emplace_back(std::make_unique<StreamPair>(loop));
        made.left->write(bytes_of(std::string(100'000, 'x')));
        sinks.push_back(std::make_unique<StreamRecord>(made.right.get()));
    }
    const auto reads = [](const auto& a, const auto& b) { return a->reads < b->reads; };
    ASSERT_TRUE(run_until(loop, [&] {
        const auto [least, most] = std::minmax_element(sinks.begin(), sinks.end(), reads);
        EXPECT_LE((*most)->reads, (*least)->reads + 2);
        return (*least)->reads >= 3;
    }));
}

TEST_F(TurnsTest, AStreamMayEndAnotherThatIsReadyInTheSameTurn) {
    struct Rival : StreamRecord {
        void on_read(Buffer /*bytes*/) override {
            ++reads;
            other->reset();
        }
        ByteStreamPtr* other = nullptr;
    };
    StreamPair second(loop);
    std::array<Rival, 2> rivals;
    rivals[0].other = &second.right;
    rivals[1].other = &pair.right;
    rivals[0].watch(pair.right.get());
    rivals[1].watch(second.right.get());
    for (StreamPair* ends : {&pair, &second}) {
        ends->left->write(bytes_of("x"));
        ends->left->flush();
    }
    ASSERT_TRUE(run_until(loop, [&] { return rivals[0].reads + rivals[1].reads > 0; }));
    settle(loop);
    EXPECT_EQ(rivals[0].reads + rivals[1].reads, 1);
}

}  // namespace
}  // namespace jetway::io
