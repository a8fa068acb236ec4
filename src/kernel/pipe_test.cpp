#include "kernel/pipe.hpp"

#include <deque>
#include <functional>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace jetway {
namespace {

Message message(std::uint64_t number, std::size_t bytes = 0) {
    return {number, Buffer::copy_of(std::string(bytes, 'x'))};
}

/// A reader that collects headers, refuses when told, and does what the test wants in between.
struct Collector final : PipeReader {
    bool on_message(Message& taken) override {
        if (before) before(taken);
        if (refuse) return false;
        const Message kept = std::move(taken);
        headers.push_back(kept.header);
        return true;
    }
    std::function<void(const Message&)> before;
    bool refuse = false;
    std::vector<std::uint64_t> headers;
};

struct SpaceCounter final : PipeWriter {
    void on_space() override {
        ++calls;
        if (then) then();
    }
    int calls = 0;
    std::function<void()> then;
};

void expect_balance(const Pipe& pipe) {
    const PipeCounts& counts = pipe.counts();
    EXPECT_EQ(counts.written, counts.read + counts.dropped + counts.replaced + pipe.size());
}

TEST(Pipe, AWriteGoesStraightIntoAReaderThatKeepsUp) {
    Pipe pipe;
    Collector reader;
    pipe.set_reader(&reader);
    EXPECT_TRUE(pipe.write(message(1)));
    EXPECT_TRUE(pipe.write(message(2)));
    EXPECT_EQ(reader.headers, (std::vector<std::uint64_t>{1, 2}));
    EXPECT_EQ(pipe.size(), 0U);
    expect_balance(pipe);
}

TEST(Pipe, WithoutAReaderMessagesQueueInOrderAndArePolled) {
    Pipe pipe({.capacity = 4});
    for (std::uint64_t i = 1; i <= 3; ++i) EXPECT_TRUE(pipe.write(message(i, 10)));
    EXPECT_EQ(pipe.bytes(), 30U);
    EXPECT_EQ(pipe.read()->header, 1U);
    EXPECT_TRUE(pipe.write(message(4)));
    EXPECT_EQ(pipe.read()->header, 2U);
    EXPECT_EQ(pipe.read()->header, 3U);
    EXPECT_EQ(pipe.read()->header, 4U);
    EXPECT_FALSE(pipe.read().has_value());
    expect_balance(pipe);
}

TEST(Pipe, SettingAReaderHandsItWhatIsQueued) {
    Pipe pipe;
    pipe.write(message(1));
    pipe.write(message(2));
    Collector reader;
    pipe.set_reader(&reader);
    EXPECT_EQ(reader.headers, (std::vector<std::uint64_t>{1, 2}));
}

TEST(Pipe, AFullBlockingPipeLeavesTheMessageUntouchedAndTellsWhenThereIsRoom) {
    Pipe pipe({.capacity = 2});
    SpaceCounter writer;
    pipe.set_writer(&writer);
    pipe.write(message(1));
    pipe.write(message(2));
    Message third = message(3, 7);
    EXPECT_FALSE(pipe.has_room(third));
    EXPECT_FALSE(pipe.write(third));
    EXPECT_FALSE(pipe.write(third));
    EXPECT_EQ(third.body.size(), 7U);
    EXPECT_EQ(writer.calls, 0);
    pipe.read();
    EXPECT_EQ(writer.calls, 1);
    EXPECT_TRUE(pipe.write(third));
    pipe.read();
    pipe.read();
    EXPECT_EQ(writer.calls, 1);
    expect_balance(pipe);
}

TEST(Pipe, LatestReplacesTheNewestQueuedMessageWhole) {
    Pipe pipe({.capacity = 2, .when_full = WhenFull::latest});
    for (std::uint64_t i = 1; i <= 5; ++i) EXPECT_TRUE(pipe.write(message(i, i)));
    EXPECT_EQ(pipe.counts().replaced, 3U);
    EXPECT_EQ(pipe.bytes(), 6U);
    EXPECT_EQ(pipe.read()->header, 1U);
    EXPECT_EQ(pipe.read()->header, 5U);
    expect_balance(pipe);
}

TEST(Pipe, DropCountsWhatAFullPipeCannotTake) {
    Pipe pipe({.capacity = 2, .when_full = WhenFull::drop});
    for (std::uint64_t i = 1; i <= 5; ++i) EXPECT_TRUE(pipe.write(message(i)));
    EXPECT_EQ(pipe.counts().dropped, 3U);
    EXPECT_EQ(pipe.read()->header, 1U);
    EXPECT_EQ(pipe.read()->header, 2U);
    expect_balance(pipe);
}

TEST(Pipe, BytesBoundAPipeButOneMessageMayExceedThemAlone) {
    Pipe pipe({.capacity = 10, .capacity_bytes = 100});
    EXPECT_TRUE(pipe.write(message(1, 500)));
    EXPECT_FALSE(pipe.write(message(2, 1)));
    pipe.read();
    EXPECT_TRUE(pipe.write(message(3, 60)));
    EXPECT_TRUE(pipe.write(message(4, 40)));
    EXPECT_FALSE(pipe.write(message(5, 1)));
    EXPECT_EQ(pipe.bytes(), 100U);
}

TEST(Pipe, LatestReplacesAsManyAsTheBytesOfTheNewOneNeed) {
    Pipe pipe({.capacity = 10, .capacity_bytes = 100, .when_full = WhenFull::latest});
    pipe.write(message(1, 30));
    pipe.write(message(2, 30));
    pipe.write(message(3, 30));
    pipe.write(message(4, 70));
    EXPECT_EQ(pipe.counts().replaced, 2U);
    EXPECT_EQ(pipe.bytes(), 100U);
    expect_balance(pipe);
}

TEST(Pipe, ARefusedMessageStaysAtTheHeadUntilResume) {
    Pipe pipe({.capacity = 4});
    Collector reader;
    reader.refuse = true;
    pipe.set_reader(&reader);
    EXPECT_TRUE(pipe.write(message(1)));
    EXPECT_TRUE(pipe.write(message(2)));
    EXPECT_EQ(pipe.size(), 2U);
    expect_balance(pipe);
    reader.refuse = false;
    EXPECT_TRUE(pipe.write(message(3)));
    EXPECT_TRUE(reader.headers.empty());
    pipe.resume();
    EXPECT_EQ(reader.headers, (std::vector<std::uint64_t>{1, 2, 3}));
    expect_balance(pipe);
}

TEST(Pipe, AResumeInsideARefusalTriesAgain) {
    Pipe pipe;
    Collector reader;
    reader.refuse = true;
    int tries = 0;
    reader.before = [&](const Message&) {
        if (++tries == 2) reader.refuse = false;
        pipe.resume();
    };
    pipe.set_reader(&reader);
    pipe.write(message(1));
    EXPECT_EQ(tries, 2);
    EXPECT_EQ(reader.headers, (std::vector<std::uint64_t>{1}));
}

TEST(Pipe, WhatTheReaderWritesToItsOwnPipeQueuesBehind) {
    Pipe pipe({.capacity = 4});
    Collector reader;
    std::size_t depth = 0;
    reader.before = [&](const Message& taken) {
        EXPECT_EQ(depth++, 0U);
        if (taken.header < 4) pipe.write(message(taken.header + 1));
        --depth;
    };
    pipe.set_reader(&reader);
    pipe.write(message(1));
    EXPECT_EQ(reader.headers, (std::vector<std::uint64_t>{1, 2, 3, 4}));
    expect_balance(pipe);
}

TEST(Pipe, AReaderMayFillItsOwnPipeAndThenRefuse) {
    Pipe pipe({.capacity = 2});
    Collector reader;
    reader.before = [&](const Message&) {
        while (pipe.write(message(9))) {
        }
        reader.refuse = true;
    };
    pipe.set_reader(&reader);
    pipe.write(message(1));
    EXPECT_EQ(pipe.size(), 3U);
    expect_balance(pipe);
    EXPECT_EQ(pipe.read()->header, 1U);
}

TEST(Pipe, AWriterRefillsTheQueueFromOnSpaceWithoutNesting) {
    Pipe pipe({.capacity = 2});
    SpaceCounter writer;
    std::uint64_t next = 1;
    writer.then = [&] {
        while (next <= 10 && pipe.write(message(next))) ++next;
    };
    pipe.set_writer(&writer);
    writer.then();
    Collector reader;
    pipe.set_reader(&reader);
    EXPECT_EQ(reader.headers, (std::vector<std::uint64_t>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
    expect_balance(pipe);
}

TEST(Pipe, AReaderMayDestroyThePipeThatDelivers) {
    auto pipe = std::make_unique<Pipe>();
    Collector reader;
    reader.before = [&](const Message&) { pipe.reset(); };
    pipe->set_reader(&reader);
    EXPECT_TRUE(pipe->write(message(1, 100)));
    EXPECT_EQ(reader.headers.size(), 1U);
}

TEST(Pipe, AReaderMayDestroyThePipeInTheMiddleOfItsQueue) {
    auto pipe = std::make_unique<Pipe>();
    for (std::uint64_t i = 0; i < 5; ++i) pipe->write(message(i, 100));
    Collector reader;
    reader.before = [&](const Message& taken) {
        if (taken.header == 2) pipe.reset();
    };
    pipe->set_reader(&reader);
    EXPECT_EQ(reader.headers, (std::vector<std::uint64_t>{0, 1, 2}));
}

TEST(Pipe, AWriterMayDestroyThePipeFromOnSpace) {
    auto pipe = std::make_unique<Pipe>(PipeOptions{.capacity = 1});
    SpaceCounter writer;
    writer.then = [&] { pipe.reset(); };
    pipe->set_writer(&writer);
    pipe->write(message(1));
    EXPECT_FALSE(pipe->write(message(2)));
    Collector reader;
    pipe->set_reader(&reader);
    EXPECT_EQ(pipe, nullptr);
}

TEST(Pipe, AReaderMayGiveItsPlaceToAnother) {
    Pipe pipe;
    Collector first;
    Collector second;
    first.refuse = true;
    first.before = [&](const Message&) { pipe.set_reader(&second); };
    pipe.set_reader(&first);
    pipe.write(message(1));
    EXPECT_TRUE(first.headers.empty());
    EXPECT_EQ(second.headers, (std::vector<std::uint64_t>{1}));
}

// Any sequence of writes, reads, refusals and resumes against a plain model of the three policies.
RC_GTEST_PROP(Pipe, BehavesAsItsModelUnderAnySequence, ()) {
    const auto policy = *rc::gen::element(WhenFull::block, WhenFull::latest, WhenFull::drop);
    const auto capacity = *rc::gen::inRange<std::size_t>(1, 6);
    const auto most_bytes = *rc::gen::inRange<std::size_t>(1, 60);
    Pipe pipe({capacity, most_bytes, policy});
    Collector reader;
    reader.refuse = true;
    std::deque<std::pair<std::uint64_t, std::size_t>> model;
    std::vector<std::uint64_t> expected;
    std::size_t model_bytes = 0;
    const auto fits = [&](std::size_t bytes) {
        return model.empty() || (model.size() < capacity && model_bytes + bytes <= most_bytes);
    };
    const auto take = [&] {
        expected.push_back(model.front().first);
        model_bytes -= model.front().second;
        model.pop_front();
    };
    std::uint64_t number = 0;
    const auto steps = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 10));
    bool reading = false;
    for (const int step : steps) {
        if (step < 6) {
            const auto bytes = *rc::gen::inRange<std::size_t>(0, 40);
            const bool accepted = pipe.write(message(++number, bytes));
            if (reading && !reader.refuse && model.empty()) {
                expected.push_back(number);
                RC_ASSERT(accepted);
                continue;
            }
            RC_ASSERT(accepted == (policy != WhenFull::block || fits(bytes)));
            if (!accepted || (!fits(bytes) && policy == WhenFull::drop)) continue;
            while (!fits(bytes)) {
                model_bytes -= model.back().second;
                model.pop_back();
            }
            model.emplace_back(number, bytes);
            model_bytes += bytes;
        } else if (step == 6) {
            const auto polled = pipe.read();
            RC_ASSERT(polled.has_value() == !model.empty());
            if (!polled) continue;
            RC_ASSERT(polled->header == model.front().first);
            take();
            expected.pop_back();
        } else if (step == 7) {
            reader.refuse = !reader.refuse;
        } else {
            reading = step == 8 || reading;
            pipe.set_reader(reading ? &reader : nullptr);
            while (reading && !reader.refuse && !model.empty()) take();
        }
        RC_ASSERT(pipe.size() == model.size());
        RC_ASSERT(pipe.bytes() == model_bytes);
        const PipeCounts& counts = pipe.counts();
        RC_ASSERT(counts.written == counts.read + counts.dropped + counts.replaced + pipe.size());
    }
    RC_ASSERT(reader.headers == expected);
}

}  // namespace
}  // namespace jetway
