// The data path neither allocates per frame nor copies what is large.
#include "base/counting/counting.hpp"
#include "io/testing.hpp"
#include "transport/transport.hpp"
#include "wire/frame.hpp"

namespace jetway::transport {
namespace {

/// Writes the same frame again and again.
struct Source final : PipeWriter {
    void on_space() override {
        for (; left > 0; --left) {
            Message message{header, body};
            if (!out->write(message)) return;
        }
    }
    Pipe* out = nullptr;
    Buffer body;
    std::uint64_t header = 0;
    std::size_t left = 0;
};

struct Counter final : PipeReader {
    bool on_message(Message& message) override {
        ++count;
        message = Message();
        return true;
    }
    std::size_t count = 0;
};

class AllocationTest : public testing::TestWithParam<std::size_t> {
protected:
    double allocations_per_frame(std::size_t frames) {
        const std::size_t before = allocations().count;
        const std::size_t wanted = counter.count + frames;
        source.left = frames;
        source.on_space();
        EXPECT_TRUE(io::run_until(loop, [&] { return counter.count == wanted; }));
        return static_cast<double>(allocations().count - before) / static_cast<double>(frames);
    }

    void open() {
        const std::string address = "unix:" + (directory / "s");
        auto result = transport->listen(address, [&](ConnectionPtr c) { right = std::move(c); });
        ASSERT_TRUE(result);
        listening = std::move(*result);
        const Handle dialling =
            transport->dial(address, [&](auto made) { left = std::move(*made); });
        ASSERT_TRUE(io::run_until(loop, [&] { return left && right; }));
        left->in().set_reader(&answers);
        Message first{wire::FrameHeader{0, 4, 0, 1}.pack(), {}};
        right->out().write(first);  // lets the two agree on shared memory
        ASSERT_TRUE(io::run_until(loop, [&] { return answers.count == 1; }));
        right->in().set_reader(&counter);
        left->out().set_writer(&source);
        source.out = &left->out();
        source.body = Buffer::allocate(GetParam());
        source.header = wire::FrameHeader{static_cast<std::uint16_t>(GetParam()), 4, 0, 1}.pack();
    }

    io::EventLoop loop;
    io::TemporaryDirectory directory;
    std::unique_ptr<Transport> transport = make_socket_transport(loop);
    Handle listening;
    ConnectionPtr left;
    ConnectionPtr right;
    Source source;
    Counter counter;
    Counter answers;
};

TEST_P(AllocationTest, FramesShareTheMemoryTheyWereReadInto) {
    open();
    allocations_per_frame(2000);
    // A read that brings little, and a frame in two reads, cost one each; a frame as such costs
    // none.
    EXPECT_LT(allocations_per_frame(20'000), GetParam() < 1000 ? 0.1 : 1.0);
}

INSTANTIATE_TEST_SUITE_P(Sizes, AllocationTest, testing::Values(16, 200, 1000, 16'384, 65'535));

class SharedAllocationTest : public AllocationTest {};

TEST_P(SharedAllocationTest, WhatLiesInSharedMemoryCostsNone) {
    open();
    const auto in_rounds = [this](int rounds) {
        double sum = 0;
        for (int i = 0; i < rounds; ++i) sum += allocations_per_frame(50);  // in half of the slots
        return sum / rounds;
    };
    in_rounds(20);
    EXPECT_LT(in_rounds(200), 0.1);
    EXPECT_GT(left->shared_bytes(), 200UL * 50 * GetParam());
}

INSTANTIATE_TEST_SUITE_P(Sizes, SharedAllocationTest, testing::Values(16'384, 65'535));

}  // namespace
}  // namespace jetway::transport
