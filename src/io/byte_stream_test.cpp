#include "io/byte_stream.hpp"

#include <array>
#include <cstdlib>
#include <fcntl.h>
#include <random>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/read_blocks.hpp"
#include "io/testing.hpp"

namespace jetway::io {
namespace {

using namespace std::chrono_literals;

Buffer bytes_of(std::string_view bytes) {
    return Buffer::copy_of(bytes);
}

std::string random_bytes(std::size_t size, std::uint32_t seed) {
    std::mt19937 random(seed);
    std::string bytes(size, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    return bytes;
}

struct ByteStreamTest : testing::Test {
    EventLoop loop;
    StreamPair pair{loop};
};

TEST_F(ByteStreamTest, WhatOneEndWritesTheOtherReads) {
    StreamRecord left(pair.left.get());
    StreamRecord right(pair.right.get());
    pair.left->write(bytes_of("ping"));
    pair.right->write(bytes_of("pong"));
    ASSERT_TRUE(run_until(loop, [&] { return left.received == 4 && right.received == 4; }));
    EXPECT_EQ(left.text, "pong");
    EXPECT_EQ(right.text, "ping");
    EXPECT_EQ(left.drained, 1);
}

TEST_F(ByteStreamTest, BuffersWrittenInOneTurnArriveInOneRead) {
    StreamRecord right(pair.right.get());
    loop.post([&] {
        for (const char* piece : {"a", "b", "c"}) pair.left->write(bytes_of(piece));
        EXPECT_EQ(pair.left->queued(), 3U);
    });
    ASSERT_TRUE(run_until(loop, [&] { return right.received == 3; }));
    EXPECT_EQ(right.text, "abc");
    EXPECT_EQ(right.reads, 1);
}

TEST_F(ByteStreamTest, NothingIsReadBeforeReadingStartsOrWhileItIsPaused) {
    StreamRecord right;
    pair.right->set_events(&right);
    pair.left->write(bytes_of("early"));
    settle(loop);
    EXPECT_EQ(right.received, 0U);
    pair.right->start_reading();
    ASSERT_TRUE(run_until(loop, [&] { return right.text == "early"; }));
    pair.right->pause_reading();
    pair.left->write(bytes_of("later"));
    settle(loop);
    EXPECT_EQ(right.text, "early");
    pair.right->start_reading();
    EXPECT_TRUE(run_until(loop, [&] { return right.text == "earlylater"; }));
}

TEST_F(ByteStreamTest, APausedReaderLeavesTheRestInTheWritersQueue) {
    StreamRecord left(pair.left.get());
    StreamRecord right;
    pair.right->set_events(&right);
    const std::string bytes = random_bytes(8 << 20, 1);
    for (std::size_t at = 0; at < bytes.size(); at += 1 << 16) {
        pair.left->write(bytes_of(std::string_view(bytes).substr(at, 1 << 16)));
    }
    settle(loop);
    EXPECT_GT(pair.left->queued(), 4U << 20);
    EXPECT_EQ(left.drained, 0);
    pair.right->start_reading();
    ASSERT_TRUE(
        run_until(loop, [&] { return right.received == bytes.size() && left.drained == 1; }));
    EXPECT_EQ(pair.left->queued(), 0U);
    EXPECT_TRUE(right.text == bytes);
}

TEST_F(ByteStreamTest, ManySmallBuffersArriveWholeAndInOrder) {
    StreamRecord right(pair.right.get());
    std::string expected;
    for (int i = 0; i < 20'000; ++i) {
        const std::string piece = std::to_string(i) + ",";
        expected += piece;
        pair.left->write(bytes_of(piece));
    }
    ASSERT_TRUE(run_until(loop, [&] { return right.received == expected.size(); }));
    EXPECT_EQ(right.text, expected);
}

TEST_F(ByteStreamTest, FinishWritingEndsOneDirectionAfterWhatWasQueued) {
    StreamRecord left(pair.left.get());
    StreamRecord right(pair.right.get());
    pair.left->write(bytes_of("last"));
    pair.left->finish_writing();
    ASSERT_TRUE(run_until(loop, [&] { return right.ended; }));
    EXPECT_EQ(right.text, "last");
    pair.right->write(bytes_of("still"));
    ASSERT_TRUE(run_until(loop, [&] { return left.text == "still"; }));
    EXPECT_FALSE(left.ended);
}

TEST_F(ByteStreamTest, WritingToAPeerThatIsGoneFailsOnceAndWithoutASignal) {
    StreamRecord left(pair.left.get());
    pair.right.reset();
    pair.left->write(bytes_of("hello?"));
    ASSERT_TRUE(run_until(loop, [&] { return left.failure.has_value(); }));
    EXPECT_EQ(left.failure->code, Code::closed);
    left.failure.reset();
    pair.left->write(bytes_of("anyone?"));
    settle(loop);
    EXPECT_FALSE(left.failure);
    EXPECT_EQ(pair.left->queued(), 0U);
}

TEST_F(ByteStreamTest, TheLastWordsOfAPeerThatIsGoneAreReadBeforeTheFailure) {
    StreamRecord left(pair.left.get());
    loop.post([&] {
        pair.right->write(bytes_of("goodbye"));
        pair.right->flush();
        pair.right.reset();
        pair.left->write(bytes_of("x"));
        pair.left->flush();  // fails before anything was read
    });
    ASSERT_TRUE(run_until(loop, [&] { return left.failure.has_value(); }));
    EXPECT_EQ(left.text, "goodbye");
    EXPECT_TRUE(left.ended);
}

TEST_F(ByteStreamTest, AStreamMayBeDestroyedInAnyOfItsEvents) {
    struct Destroyer : StreamRecord {
        void on_read(Buffer) override { target->reset(); }
        void on_read_end() override { target->reset(); }
        void on_drained() override { target->reset(); }
        void on_failed(const Error&) override { target->reset(); }
        ByteStreamPtr* target = nullptr;
    };
    for (const std::string event : {"read", "end", "drained", "failed"}) {
        StreamPair ends(loop);
        Destroyer destroyer;
        destroyer.target = &ends.left;
        ends.left->set_events(&destroyer);
        if (event != "failed") ends.left->start_reading();
        if (event == "read") ends.right->write(bytes_of("x"));
        if (event == "end" || event == "failed") ends.right.reset();
        if (event == "drained" || event == "failed") ends.left->write(bytes_of("x"));
        EXPECT_TRUE(run_until(loop, [&] { return ends.left == nullptr; })) << event;
    }
}

TEST_F(ByteStreamTest, AStreamMayGoWhenItMayWriteAgainInATurnWithMoreToDo) {
    struct Leaver final : ByteStreamEvents {
        void on_read(Buffer /*bytes*/) override {}
        void on_read_end() override {}
        void on_failed(const Error& /*error*/) override {}
        void on_drained() override { stream->reset(); }
        ByteStreamPtr* stream = nullptr;
    } leaver;
    StreamRecord right;
    pair.right->set_events(&right);
    pair.left->set_events(&leaver);
    pair.left->write(bytes_of(random_bytes(300'000, 1)));
    settle(loop);
    ASSERT_TRUE(pair.left->blocked());
    // The peer takes all; before the loop hears of it there is something to do at the turn's end.
    leaver.stream = &pair.left;
    loop.post([&] {
        std::string taken(400'000, '\0');
        while (recv(pair.right->descriptor(), taken.data(), taken.size(), MSG_DONTWAIT) > 0) {
        }
        pair.left->finish_writing();
    });
    EXPECT_TRUE(run_until(loop, [&] { return pair.left == nullptr; }));
    settle(loop);
}

TEST_F(ByteStreamTest, AStreamThatAlwaysWritesMoreDoesNotStopTheOthers) {
    struct Endless : StreamRecord {
        void on_drained() override { stream->write(bytes_of("more")); }
        ByteStream* stream = nullptr;
    } endless;
    endless.stream = pair.left.get();
    pair.left->set_events(&endless);
    StreamRecord sink(pair.right.get());
    sink.keep = false;
    pair.left->write(bytes_of("begin"));
    bool fired = false;
    const Handle timer = loop.after(5ms, [&] { fired = true; });
    EXPECT_TRUE(run_until(loop, [&] { return fired; }));
    EXPECT_GT(sink.received, 100U);
}

TEST(ByteStreamPipeTest, APipeCarriesBytesAndItsEnd) {
    EventLoop loop;
    std::array<int, 2> ends{};
    ASSERT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
    auto reader = adopt(loop, ends[0]);
    auto writer = adopt(loop, ends[1]);
    StreamRecord record(reader.get());
    writer->write(bytes_of("through"));
    writer->finish_writing();
    ASSERT_TRUE(run_until(loop, [&] { return record.ended; }));
    EXPECT_EQ(record.text, "through");
    EXPECT_EQ(writer->descriptor(), -1);
}

TEST(ByteStreamPipeTest, APipeWithoutAReaderFailsInsteadOfRaisingSigpipe) {
    EventLoop loop;
    std::array<int, 2> ends{};
    ASSERT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
    auto writer = adopt(loop, ends[1]);
    StreamRecord record;
    writer->set_events(&record);
    close(ends[0]);
    writer->write(bytes_of("x"));
    ASSERT_TRUE(run_until(loop, [&] { return record.failure.has_value(); }));
    EXPECT_EQ(record.failure->code, Code::closed);
}

TEST(ByteStreamFileTest, ARegularFileIsReadToItsEnd) {
    EventLoop loop;
    const TemporaryDirectory directory;
    const std::string bytes = random_bytes(1 << 20, 2);
    const int file = open((directory / "file").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    ASSERT_EQ(write(file, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    ASSERT_EQ(lseek(file, 0, SEEK_SET), 0);
    auto stream = adopt(loop, file);
    StreamRecord record(stream.get());
    ASSERT_TRUE(run_until(loop, [&] { return record.ended; }));
    EXPECT_TRUE(record.text == bytes);
}

TEST(ByteStreamFileTest, DevNullIsEmptyAndTakesEverything) {
    EventLoop loop;
    auto stream = adopt(loop, open("/dev/null", O_RDWR | O_CLOEXEC));
    StreamRecord record(stream.get());
    stream->write(bytes_of("gone"));
    EXPECT_TRUE(run_until(loop, [&] { return record.ended && record.drained == 1; }));
}

TEST(ByteStreamTerminalTest, TheEndOfATerminalsProgramIsAnEndAndNotAnError) {
    EventLoop loop;
    const int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    ASSERT_GE(master, 0);
    ASSERT_EQ(grantpt(master) | unlockpt(master), 0);
    std::array<char, 64> name{};
    ASSERT_EQ(ptsname_r(master, name.data(), name.size()), 0);
    const int slave = open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC);
    auto stream = adopt(loop, master);
    StreamRecord record(stream.get());
    ASSERT_EQ(write(slave, "screen", 6), 6);
    close(slave);
    ASSERT_TRUE(run_until(loop, [&] { return record.ended; }));
    EXPECT_EQ(record.text, "screen");
    EXPECT_FALSE(record.failure);
}

TEST(ByteStreamStandardTest, ASharedPipeStaysBlockingForTheOthersAndOpen) {
    EventLoop loop;
    std::array<int, 2> ends{};
    ASSERT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
    StreamRecord record;
    {
        auto stream = adopt_standard(loop, ends[0]);
        ASSERT_TRUE(stream);
        record.watch(stream->get());
        EXPECT_EQ(fcntl(ends[0], F_GETFL) & O_NONBLOCK, 0);
        ASSERT_EQ(write(ends[1], "x", 1), 1);
        ASSERT_TRUE(run_until(loop, [&] { return record.text == "x"; }));
    }
    ASSERT_EQ(write(ends[1], "y", 1), 1);
    char c = 0;
    EXPECT_EQ(read(ends[0], &c, 1), 1);
    EXPECT_EQ(c, 'y');
    close(ends[0]);
    close(ends[1]);
}

TEST(ByteStreamStandardTest, ASharedSocketGetsItsBlockingModeBack) {
    EventLoop loop;
    std::array<int, 2> ends{};
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    {
        auto stream = adopt_standard(loop, ends[0]);
        ASSERT_TRUE(stream);
        EXPECT_NE(fcntl(ends[0], F_GETFL) & O_NONBLOCK, 0);
    }
    EXPECT_EQ(fcntl(ends[0], F_GETFL) & O_NONBLOCK, 0);
    EXPECT_EQ(write(ends[0], "x", 1), 1);  // and is not shut down
    close(ends[0]);
    close(ends[1]);
}

TEST(ByteStreamStandardTest, AClosedDescriptorIsAnError) {
    EventLoop loop;
    EXPECT_FALSE(adopt_standard(loop, 900));
}

TEST(ReadBlocksTest, ABlockGoesRoundAgainOnceNobodyHoldsASlice) {
    ReadBlocks blocks;
    const std::uint8_t* first = blocks.take(4096).data();
    EXPECT_EQ(blocks.take(4096).data(), first);
    const Buffer slice = blocks.take(4096).slice(10, 20);
    EXPECT_NE(blocks.take(4096).data(), first);
}

TEST(ReadBlocksTest, ABlockThatIsHeldIsNeverGivenOutAgain) {
    ReadBlocks blocks;
    std::vector<Buffer> held;
    for (int i = 0; i < 100; ++i) {
        Buffer& block = blocks.take(8192);
        ASSERT_TRUE(block.unique());
        block.mutable_data()[0] = static_cast<std::uint8_t>(i);
        held.push_back(block.slice(0, 1));
    }
    for (int i = 0; i < 100; ++i) EXPECT_EQ(held[static_cast<std::size_t>(i)].data()[0], i);
}

TEST(ReadBlocksTest, TheSizeFollowsWhatArrivesWithinItsBounds) {
    ReadSize size;
    EXPECT_EQ(size.next(), ReadBlocks::smallest);
    for (int i = 0; i < 10; ++i) size.learn(size.next());
    EXPECT_EQ(size.next(), ReadBlocks::largest);
    size.learn(1);
    EXPECT_EQ(size.next(), ReadBlocks::largest);
    for (int i = 0; i < 100; ++i) size.learn(1);
    EXPECT_EQ(size.next(), ReadBlocks::smallest);
}

// ---- Descriptors.

/// A pipe's reading end; its writing end is gone, so it is at its end at once.
Descriptor any_descriptor() {
    std::array<int, 2> ends{};
    EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
    close(ends[1]);
    return Descriptor(ends[0]);
}

TEST_F(ByteStreamTest, ADescriptorComesWithTheBytesItWasWrittenWith) {
    StreamRecord right(pair.right.get());
    pair.right->keep_descriptors();
    const std::string before = random_bytes(1 << 20, 1);
    pair.left->write(bytes_of(before));
    pair.left->write_with(bytes_of("with"), any_descriptor());
    pair.left->write_with(bytes_of("two"), any_descriptor());
    pair.left->write(bytes_of("after"));
    ASSERT_TRUE(run_until(loop, [&] { return right.received == before.size() + 12; }));
    EXPECT_EQ(right.text.substr(before.size()), "withtwoafter");
    for (int i = 0; i < 2; ++i) {
        const Descriptor came = pair.right->take_descriptor();
        ASSERT_TRUE(came.valid());
        char byte = 0;
        EXPECT_EQ(read(came.get(), &byte, 1), 0) << "the pipe's end";
        EXPECT_NE(fcntl(came.get(), F_GETFD) & FD_CLOEXEC, 0);
    }
    EXPECT_FALSE(pair.right->take_descriptor().valid());
}

TEST_F(ByteStreamTest, NoMoreThanFourDescriptorsAreKept) {
    StreamRecord right(pair.right.get());
    pair.left->write_with(bytes_of("x"), any_descriptor());
    ASSERT_TRUE(run_until(loop, [&] { return right.received == 1; }));
    pair.right->keep_descriptors();
    EXPECT_FALSE(pair.right->take_descriptor().valid()) << "nobody wanted it";
    for (int i = 0; i < 10; ++i) pair.left->write_with(bytes_of("x"), any_descriptor());
    ASSERT_TRUE(run_until(loop, [&] { return right.received == 11; }));
    int kept = 0;
    while (pair.right->take_descriptor().valid()) ++kept;
    EXPECT_EQ(kept, 4);
}

TEST_F(ByteStreamTest, OnlyUnixSocketsCarryDescriptors) {
    EXPECT_TRUE(pair.left->carries_descriptors());
    EXPECT_FALSE(adopt(loop, any_descriptor().take())->carries_descriptors());
}

}  // namespace
}  // namespace jetway::io
