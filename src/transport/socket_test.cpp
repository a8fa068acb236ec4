// What only sockets can do to a connection: die in the middle of a frame, reset, send garbage, be a
// stranger.

#include <random>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/byte_stream.hpp"
#include "transport/conformance.hpp"
#include "transport/socket_connection.hpp"

namespace jetway::transport {
namespace {

class SocketTest : public Conformance {
protected:
    /// A peer that speaks bytes, not frames.
    io::ByteStreamPtr open_raw() {
        io::ByteStreamPtr stream;
        const std::size_t before = accepted.size();
        const Handle handle = io::dial(loop, address, std::chrono::seconds(20), [&](auto result) {
            ASSERT_TRUE(result) << result.error().line();
            stream = std::move(*result);
        });
        EXPECT_TRUE(until([&] { return stream && accepted.size() == before + 1; }));
        right = std::move(accepted.back());
        accepted.pop_back();
        return stream;
    }
};

TEST_P(SocketTest, APeerThatDiesInTheMiddleOfAFrameIsToldApart) {
    for (const std::size_t part : {1U, 7U, 8U, 9U, 107U}) {
        auto stream = open_raw();
        std::string frame = "\x64";  // 100 bytes of body
        frame.resize(108);
        stream->write(Buffer::copy_of(frame + frame.substr(0, part)));
        stream->flush();
        stream.reset();
        ASSERT_TRUE(until([&] { return right->closed.has_value(); }));
        EXPECT_EQ(right->count, 1U);
        EXPECT_EQ(right->closed->code, Code::closed);
        EXPECT_NE(right->closed->detail.find("middle of a frame"), std::string::npos)
            << right->closed->text();
    }
}

TEST_P(SocketTest, APeerThatClosesBetweenFramesJustClosed) {
    open_raw().reset();
    ASSERT_TRUE(until([&] { return right->closed.has_value(); }));
    EXPECT_EQ(right->closed->detail, "the peer closed the connection");
    EXPECT_EQ(right->closed->where, right->connection->peer());
}

TEST_P(SocketTest, AProcessThatIsKilledClosesItsConnections) {
    const pid_t parent = fork();
    if (parent == 0) {
        io::EventLoop own;
        io::ByteStreamPtr stream;
        const Handle handle = io::dial(own, address, std::chrono::seconds(20), [&](auto result) {
            stream = std::move(*result);
            stream->write(Buffer::copy_of("\x10 half a frame"));
        });
        own.run_until([] { return false; }, own.now() + std::chrono::minutes(1));
        _exit(0);
    }
    ASSERT_TRUE(until([&] { return accepted.size() == 1; }));
    io::settle(loop);
    kill(parent, SIGKILL);
    ASSERT_EQ(waitpid(parent, nullptr, 0), parent);
    EXPECT_TRUE(until([&] { return accepted[0]->closed.has_value(); }));
    EXPECT_EQ(accepted[0]->closed->code, Code::closed);
}

TEST_P(SocketTest, AFrameThatComesByteByByteIsOneFrame) {
    auto stream = open_raw();
    const std::string bytes(
        "\x03\x00\x04\x00\x01\x00\x00\x00"
        "abc"
        "\x00\x00\x11\x00\x00\x00\x00\x00",
        19);
    for (const char byte : bytes) {
        stream->write(Buffer::copy_of(std::string_view(&byte, 1)));
        stream->flush();
        io::settle(loop);
    }
    ASSERT_TRUE(until([&] { return right->count == 2; }));
    EXPECT_EQ(right->frames[0].body.text(), "abc");
    EXPECT_TRUE(right->frames[1].header.is(wire::FrameType::heartbeat));
}

TEST_P(SocketTest, AnyBytesAreFramesAndHoldNoMoreMemoryThanOne) {
    std::mt19937 random(7);
    for (int round = 0; round < 200; ++round) {
        auto stream = open_raw();
        std::string bytes(random() % 5000, '\0');
        for (char& byte : bytes) byte = static_cast<char>(random());
        stream->write(Buffer::copy_of(bytes));
        stream->flush();
        stream.reset();
        ASSERT_TRUE(until([&] { return right->closed.has_value(); }));
        std::size_t whole = 0;
        for (const wire::Frame& frame : right->frames)
            whole += wire::header_size + frame.header.length;
        EXPECT_LE(whole, bytes.size());
    }
}

TEST_P(SocketTest, WritingToAPeerThatWentEndsTheConnection) {
    auto stream = open_raw();
    right->connection->set_on_closed([&](const Error& reason) { right->closed = reason; });
    stream.reset();
    for (int i = 0; i < 100; ++i) right->send_text(std::string(10'000, 'x'));
    ASSERT_TRUE(until([&] { return right->closed.has_value(); }));
    EXPECT_EQ(right->closed->code, Code::closed);
}

INSTANTIATE_TEST_SUITE_P(Sockets, SocketTest, testing::Values(tcp, local, tcp_three, local_three),
                         name_of);

// ---- One kind only.

struct OneSocket : testing::Test {
    io::EventLoop loop;
    io::TemporaryDirectory directory;
    std::unique_ptr<Transport> transport = make_socket_transport(loop);
    std::unique_ptr<TestEnd> accepted;
    std::unique_ptr<TestEnd> dialled;
    Handle listening;

    void open(const std::string& address) {
        auto result = transport->listen(address, [this](ConnectionPtr c) {
            accepted = std::make_unique<TestEnd>(std::move(c));
        });
        ASSERT_TRUE(result) << result.error().line();
        listening = std::move(*result);
        const Handle handle = transport->dial(address, [this](Result<ConnectionPtr> connection) {
            ASSERT_TRUE(connection) << connection.error().line();
            dialled = std::make_unique<TestEnd>(std::move(*connection));
        });
        ASSERT_TRUE(io::run_until(loop, [&] { return accepted && dialled; }));
    }
};

TEST_F(OneSocket, OverAUnixSocketThePeerIsKnown) {
    open("unix:" + (directory / "s"));
    ASSERT_TRUE(accepted->connection->credentials());
    EXPECT_EQ(accepted->connection->credentials()->uid, getuid());
    EXPECT_EQ(accepted->connection->credentials()->pid, static_cast<std::uint32_t>(getpid()));
    EXPECT_FALSE(dialled->connection->credentials());
}

TEST_F(OneSocket, OverTcpNobodyIsKnown) {
    open(io::free_address());
    EXPECT_FALSE(accepted->connection->credentials());
}

TEST_F(OneSocket, AUnixSocketHasMode0600AndAStaleOneIsReplaced) {
    const std::string path = directory / "s";
    open("unix:" + path);
    struct stat status{};
    ASSERT_EQ(stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    // Hidden from its listener, the file is what a killed process leaves behind.
    ASSERT_EQ(rename(path.c_str(), (path + ".left").c_str()), 0);
    listening.reset();
    ASSERT_EQ(rename((path + ".left").c_str(), path.c_str()), 0);
    accepted.reset();
    dialled.reset();
    open("unix:" + path);
    dialled->send_text("through the new one");
    EXPECT_TRUE(io::run_until(loop, [&] { return accepted->count == 1; }));
}

TEST_F(OneSocket, AResetIsToldAsOne) {
    const std::string address = io::free_address();
    open(address);
    accepted.reset();
    io::ByteStreamPtr peer;
    const Handle handle = io::dial(loop, address, std::chrono::seconds(20),
                                   [&](auto result) { peer = std::move(*result); });
    ASSERT_TRUE(io::run_until(loop, [&] { return peer && accepted; }));
    // Dissolving an association aborts it (connect(2)): the other side gets a reset.
    sockaddr unspecified{};
    unspecified.sa_family = AF_UNSPEC;
    ASSERT_EQ(connect(peer->descriptor(), &unspecified, sizeof unspecified), 0);
    ASSERT_TRUE(io::run_until(loop, [&] { return accepted->closed.has_value(); }));
    EXPECT_EQ(accepted->closed->code, Code::closed);
    EXPECT_NE(accepted->closed->detail.find("reset"), std::string::npos)
        << accepted->closed->text();
}

TEST(FrameBlockTest, SpaceIsUsedAgainOnceEverythingInItWasSent) {
    FrameBlock block;
    std::uint8_t* first = nullptr;
    std::uint8_t* bytes = nullptr;
    block.take(100, first);
    for (int i = 0; i < 1000; ++i) {
        block.take(100, bytes);
        EXPECT_EQ(bytes, first);
    }
}

TEST(FrameBlockTest, WhatIsStillToBeSentIsLeftAlone) {
    FrameBlock block;
    std::vector<Buffer> held;
    for (int i = 0; i < 200; ++i) {
        std::uint8_t* bytes = nullptr;
        held.push_back(block.take(100, bytes));
        std::fill_n(bytes, 100, static_cast<std::uint8_t>(i));
    }
    for (int i = 0; i < 200; ++i) {
        for (const std::uint8_t byte : held[static_cast<std::size_t>(i)].bytes())
            ASSERT_EQ(byte, i);
    }
}

}  // namespace
}  // namespace jetway::transport
