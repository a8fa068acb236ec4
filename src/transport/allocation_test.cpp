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

    io::EventLoop loop;
    io::TemporaryDirectory directory;
    Source source;
    Counter counter;
};

TEST_P(AllocationTest, FramesShareTheMemoryTheyWereReadInto) {
    const auto transport = make_socket_transport(loop);
    ConnectionPtr left;
    ConnectionPtr right;
    const std::string address = "unix:" + (directory / "s");
    const auto listening =
        transport->listen(address, [&](ConnectionPtr c) { right = std::move(c); });
    ASSERT_TRUE(listening);
    const Handle dialling =
        transport->dial(address, [&](auto result) { left = std::move(*result); });
    ASSERT_TRUE(io::run_until(loop, [&] { return left && right; }));
    Message first{wire::FrameHeader{0, 4, 0, 1}.pack(), {}};
    right->out().write(first);  // lets the two agree on shared memory
    right->in().set_reader(&counter);
    left->out().set_writer(&source);
    source.out = &left->out();
    source.body = Buffer::allocate(GetParam());
    source.header = wire::FrameHeader{static_cast<std::uint16_t>(GetParam()), 4, 0, 1}.pack();
    allocations_per_frame(2000);
    // A read that brings little, and a frame in two reads, cost one each; a frame as such costs
    // none.
    EXPECT_LT(allocations_per_frame(20'000), GetParam() < 1000 ? 0.1 : 1.0);
}

INSTANTIATE_TEST_SUITE_P(Sizes, AllocationTest, testing::Values(16, 200, 1000, 16'384, 65'535));

}  // namespace
}  // namespace jetway::transport
