#include "services/echo/echo.hpp"

#include <gtest/gtest.h>

#include "io/testing.hpp"
#include "stream/test_relay.hpp"

namespace jetway::echo {
namespace {

/// A caller on the left, echo on the right.
struct EchoTest : testing::Test {
    void SetUp() override {
        auto made = make(loop, {*relay.right, "echo", {}, {}});
        ASSERT_TRUE(made);
        service = std::move(*made);
        bool offered = false;
        offer = relay.right->offer(
            "echo", capabilities(), *service,
            [&offered](const Result<>& answer) { offered = answer.has_value(); });
        ASSERT_TRUE(until([&] { return offered; }));
    }
    void open(stream::Witness& whom) {
        whom.stream = relay.left->open(stream::open_to("echo"), whom);
    }
    bool until(const std::function<bool()>& done) { return io::run_until(loop, done); }

    io::EventLoop loop;
    stream::Witness caller;
    std::unique_ptr<stream::Service> service;
    stream::Relay relay{loop};
    Handle offer;
};

std::string noise(std::size_t size) {
    std::string bytes(size, ' ');
    std::uint32_t state = 1;
    for (char& byte : bytes)
        byte = static_cast<char>((state = state * 1664525 + 1013904223) >> 24U);
    return bytes;
}

TEST_F(EchoTest, GivesBytesBackAndFinishesWhenTheInputDoes) {
    open(caller);
    caller.stream->write(Buffer::copy_of("hello"));
    ASSERT_TRUE(until([&] { return caller.data == "hello"; }));
    EXPECT_FALSE(caller.has("finish"));
    caller.stream->finish();
    EXPECT_TRUE(until([&] { return caller.has("done"); }));
    EXPECT_EQ(caller.outcome.code(), 0U);
}

TEST_F(EchoTest, KeepsMessagesApart) {
    auto request = stream::open_to("echo", true);
    request.set_content_type("text/plain");
    caller.stream = relay.left->open(request, caller);
    const std::vector<std::string> messages{"one", "", std::string(200'000, 'x'), "four"};
    for (const std::string& message : messages) caller.stream->write(Buffer::copy_of(message));
    caller.stream->finish();
    ASSERT_TRUE(until([&] { return caller.has("done"); }));
    EXPECT_EQ(caller.messages, messages);
    EXPECT_EQ(caller.opened.content_type(), "text/plain");
}

TEST_F(EchoTest, TwentyMegabytesComeBackByteForByte) {
    const std::string bytes = noise(20'000'000);
    open(caller);
    for (std::size_t at = 0; at < bytes.size(); at += 50'000) {
        caller.stream->write(Buffer::copy_of(bytes.substr(at, 50'000)));
    }
    caller.stream->finish();
    ASSERT_TRUE(until([&] { return caller.has("done"); }));
    EXPECT_TRUE(caller.data == bytes);
}

TEST_F(EchoTest, ASlowReaderHoldsTheWriterBack) {
    caller.consumes = false;
    open(caller);
    caller.stream->write(Buffer::copy_of(std::string(8'000'000, 'x')));
    ASSERT_TRUE(until([&] { return caller.data.size() >= stream::window / 2; }));
    io::settle(loop);
    EXPECT_LT(caller.stream->sent(), 4 * stream::window) << "echo holds no more than its windows";
    caller.consumes = true;
    caller.stream->consume(caller.data.size());
    caller.stream->finish();
    EXPECT_TRUE(until([&] { return caller.has("done"); }));
    EXPECT_EQ(caller.data.size(), 8'000'000U);
}

TEST_F(EchoTest, ACallerThatLeavesEndsOnlyItsOwnStream) {
    stream::Witness other;
    open(caller);
    open(other);
    caller.stream->write(Buffer::copy_of("a"));
    ASSERT_TRUE(until([&] { return caller.data == "a"; }));
    caller.stream.reset();
    other.stream->write(Buffer::copy_of("b"));
    other.stream->finish();
    EXPECT_TRUE(until([&] { return other.has("done"); }));
    EXPECT_EQ(other.data, "b");
    other.stream.reset();
}

}  // namespace
}  // namespace jetway::echo
