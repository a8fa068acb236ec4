#include "kernel/connection.hpp"

#include <gtest/gtest.h>

#include "kernel/manual_timer.hpp"

namespace jetway {
namespace {

struct Collector final : PipeReader {
    bool on_message(Message& taken) override {
        if (refuse) return false;
        numbers.push_back(taken.header);
        return true;
    }
    bool refuse = false;
    std::vector<std::uint64_t> numbers;
};

struct ConnectionPair : testing::Test {
    ConnectionPair() {
        std::tie(first, second) = connection_pair(timer, "pair");
        second->in().set_reader(&reader);
    }
    std::size_t fill() {
        std::size_t written = 0;
        while (first->out().write(Message{next, Buffer::allocate(1000)})) ++written, ++next;
        return written;
    }
    ManualTimer timer;
    Collector reader;
    ConnectionPtr first;
    ConnectionPtr second;
    std::uint64_t next = 0;
};

TEST_F(ConnectionPair, TheFirstIsTheDialledOneAndBothAreNamed) {
    EXPECT_TRUE(first->dialled());
    EXPECT_FALSE(second->dialled());
    EXPECT_EQ(first->peer(), "pair");
}

TEST_F(ConnectionPair, AWriteArrivesInALaterTurnOfTheLoop) {
    first->out().write(Message{1, {}});
    first->out().write(Message{2, {}});
    EXPECT_TRUE(reader.numbers.empty());
    EXPECT_EQ(timer.run(), 1U);
    EXPECT_EQ(reader.numbers, (std::vector<std::uint64_t>{1, 2}));
}

TEST_F(ConnectionPair, ASlowReaderHoldsTheWriterBackAndLosesNothing) {
    reader.refuse = true;
    std::size_t written = 0;
    for (std::size_t more = fill(); more != 0; more = fill()) {
        written += more;
        timer.run();
    }
    EXPECT_LE(written, 2 * (128U + 1));
    reader.refuse = false;
    second->in().resume();
    timer.run();
    ASSERT_EQ(reader.numbers.size(), written);
    for (std::size_t i = 0; i < written; ++i) EXPECT_EQ(reader.numbers[i], i);
}

TEST_F(ConnectionPair, TwoEndsThatAnswerEachOtherForEverLeaveTheLoopToOthers) {
    struct Echo final : PipeReader {
        bool on_message(Message& taken) override { return connection->out().write(taken); }
        Connection* connection;
    } left, right;
    left.connection = first.get();
    right.connection = second.get();
    first->in().set_reader(&left);
    second->in().set_reader(&right);
    first->out().write(Message{1, {}});
    EXPECT_EQ(timer.run(100), 100U);
}

TEST_F(ConnectionPair, CloseTellsBothEndsOnceFromTheLoop) {
    std::vector<std::string> told;
    first->set_on_closed([&](const Error& reason) { told.push_back("first " + reason.line()); });
    second->set_on_closed([&](const Error& reason) { told.push_back("second " + reason.line()); });
    first->close({Code::denied, "not you"});
    first->close({Code::denied, "again"});
    EXPECT_TRUE(told.empty());
    timer.run();
    EXPECT_EQ(told,
              (std::vector<std::string>{"second E-CLOSED the other end closed: E-DENIED not you",
                                        "first E-DENIED not you"}));
}

TEST_F(ConnectionPair, WhatWasWrittenBeforeAnEndWentStillArrives) {
    std::vector<std::uint64_t> at_close;
    second->set_on_closed([&](const Error&) { at_close = reader.numbers; });
    first->out().write(Message{1, {}});
    first->out().write(Message{2, {}});
    first.reset();
    timer.run();
    EXPECT_EQ(at_close, (std::vector<std::uint64_t>{1, 2}));
}

TEST_F(ConnectionPair, AnEndMayGoInsideADelivery) {
    struct Closer final : PipeReader {
        bool on_message(Message&) override {
            connection->reset();
            return true;
        }
        ConnectionPtr* connection;
    } closer;
    closer.connection = &second;
    second->in().set_reader(&closer);
    Error told;
    first->set_on_closed([&](const Error& reason) { told = reason; });
    for (std::uint64_t i = 0; i < 5; ++i) first->out().write(Message{i, Buffer::allocate(10)});
    timer.run();
    EXPECT_EQ(second, nullptr);
    EXPECT_EQ(told.code, Code::closed);
}

TEST_F(ConnectionPair, TheOtherEndMayGoInsideADelivery) {
    struct Closer final : PipeReader {
        bool on_message(Message&) override {
            connection->reset();
            return true;
        }
        ConnectionPtr* connection;
    } closer;
    closer.connection = &first;
    second->in().set_reader(&closer);
    for (std::uint64_t i = 0; i < 5; ++i) first->out().write(Message{i, Buffer::allocate(10)});
    timer.run();
    EXPECT_EQ(first, nullptr);
}

}  // namespace
}  // namespace jetway
