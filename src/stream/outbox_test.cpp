#include "stream/outbox.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <string>

#include "wire/frame.hpp"
#include "wire/pieces.hpp"

namespace jetway::stream {
namespace {

using namespace std::chrono_literals;

constexpr Outbox::Options bytes_options{};
constexpr Outbox::Options message_options{.messages = true};
constexpr Outbox::Options latest_options{.messages = true, .latest = true};
constexpr Outbox::Options dated_options{.messages = true, .lifetime = std::chrono::seconds(10)};

/// An outbox, and the far end that reads what it sends.
struct Line : Outbox {
    explicit Line(Options options) : Outbox(options), messages(options.messages) {}

    void write(const std::string& text, bool end = true) {
        push(Buffer::copy_of(text), end, departed);
    }
    void write_at(const std::string& text, int second, bool end = true);
    /// What a frame brings: text, | between messages, . for the end of one, ! for the finish, o for
    /// an outcome.
    std::string next(std::uint64_t credit = 1000) {
        Payload payload = take(credit, departed);
        std::string result;
        const bool outcome = (payload.flags & wire::flag::outcome) != 0;
        if (!messages || outcome) result = payload.bytes.text();
        wire::PieceReader::Part part;
        while (messages && !outcome &&
               reader.next(payload.bytes, part) == wire::PieceReader::Step::part) {
            result += part.bytes.text();
            if (part.end_of_message) result += '.';
        }
        if ((payload.flags & wire::flag::fin) != 0) result += '!';
        if (outcome) result += 'o';
        return result;
    }

    bool messages;
    Departed departed;
    wire::PieceReader reader;
};

TEST(Outbox, CutsWhatIsWaitingToTheCredit) {
    Line outbox(message_options);
    outbox.write("hello");
    EXPECT_FALSE(outbox.ready(0));
    EXPECT_EQ(outbox.next(3), "he") << "the header takes one";
    EXPECT_EQ(outbox.bytes(), 3U);
    EXPECT_EQ(outbox.next(100), "llo.");
    EXPECT_FALSE(outbox.ready(100));
    EXPECT_EQ(outbox.departed.offset(), 6U);
    EXPECT_EQ(outbox.departed.sent(), (wire::Tally{5, 1}));
}

TEST(Outbox, SmallMessagesLeaveTogetherAsFarAsTheCreditGoes) {
    Line outbox(message_options);
    for (const char* text : {"one", "two", "", "three"}) outbox.write(text);
    EXPECT_EQ(outbox.next(9), "one.two..");
    EXPECT_EQ(outbox.next(), "three.");
    Line plain(bytes_options);
    plain.write("one");
    plain.write("two");
    EXPECT_EQ(plain.next(), "onetwo");
}

TEST(Outbox, WhatHasToWaitIsJoinedInFramesOf16KiB) {
    for (const Outbox::Options& options : {message_options, bytes_options}) {
        Line outbox(options);
        std::string sent;
        for (int i = 0; i < 5000; ++i) {
            const std::string piece(static_cast<std::size_t>(i % 100),
                                    static_cast<char>('a' + i % 26));
            outbox.write(piece);
            sent += piece;
        }
        EXPECT_LT(outbox.pieces(), 30U);
        std::string received;
        for (int frames = 0; outbox.ready(20'000); ++frames) {
            std::string frame = outbox.next(20'000);
            std::erase(frame, '.');
            received += frame;
            ASSERT_LT(frames, 30);
        }
        EXPECT_EQ(received, sent);
        EXPECT_EQ(outbox.waiting(), wire::Tally{});
        EXPECT_EQ(outbox.bytes(), 0U);
    }
}

TEST(Outbox, LargePiecesBetweenSmallOnesKeepTheirPlace) {
    Line outbox(message_options);
    const std::string large(20'000, 'L');
    std::string expected;
    for (const char* small : {"a", "b", "c"}) {
        for (const std::string& text : {std::string(small), large, std::string(small)}) {
            outbox.write(text);
            expected += text + '.';
        }
    }
    std::string received;
    while (outbox.ready(1000)) received += outbox.next(1000);
    EXPECT_EQ(received, expected);
    EXPECT_EQ(outbox.departed.sent(), (wire::Tally{60'006, 9}));
}

TEST(Outbox, AHeaderIsNotCutByTheCredit) {
    Line outbox(message_options);
    outbox.write(std::string(100, 'x'));
    EXPECT_FALSE(outbox.ready(1)) << "its header has two bytes";
    EXPECT_TRUE(outbox.ready(2));
    EXPECT_EQ(outbox.next(2), "");
    EXPECT_EQ(outbox.next(), std::string(100, 'x') + ".");
}

TEST(Outbox, LargePiecesAreNotCopied) {
    Line outbox(message_options);
    const Buffer large = Buffer::allocate(70'000);
    outbox.push(large, true, outbox.departed);
    Payload header = outbox.take(1'000'000, outbox.departed);
    EXPECT_EQ(header.bytes.size(), wire::piece_header_size(70'000));
    const Payload first = outbox.take(1'000'000, outbox.departed);
    EXPECT_EQ(first.bytes.size(), wire::max_payload);
    EXPECT_EQ(first.bytes.data(), large.data());
    const Payload rest = outbox.take(1'000'000, outbox.departed);
    EXPECT_EQ(rest.bytes.size(), 70'000 - wire::max_payload);
    EXPECT_EQ(rest.bytes.data(), large.data() + wire::max_payload);
    EXPECT_EQ(outbox.departed.sent(), (wire::Tally{70'000, 1}));
    // Nor a small one of bytes that goes alone.
    Line plain(bytes_options);
    const Buffer small = Buffer::copy_of("key");
    plain.push(small, true, plain.departed);
    EXPECT_EQ(plain.take(100, plain.departed).bytes.data(), small.data());
}

TEST(Outbox, WhatIsConfirmedIsKnownToTheByteAndTheMessage) {
    Line outbox(message_options);
    for (const char* text : {"one", "", "three"}) outbox.write(text);
    EXPECT_EQ(outbox.next(), "one..three.");
    const std::pair<std::uint64_t, wire::Tally> expected[] = {
        {1, {0, 0}}, {3, {2, 0}}, {4, {3, 1}}, {5, {3, 2}}, {6, {3, 2}}, {8, {5, 2}}, {11, {8, 3}}};
    for (const auto& [offset, tally] : expected) {
        outbox.departed.confirm(offset);
        EXPECT_EQ(outbox.departed.confirmed(), tally) << offset;
    }
}

TEST(Outbox, AStreamOfBytesMarksNoMessagesAndSendsNothingForNothing) {
    Line outbox(bytes_options);
    outbox.write("");
    EXPECT_FALSE(outbox.ready(10));
    outbox.write("ab");
    EXPECT_EQ(outbox.next(), "ab");
}

TEST(Outbox, TheFinishRidesOnTheLastBytes) {
    Line outbox(message_options);
    outbox.write("ab");
    outbox.finish({});
    EXPECT_EQ(outbox.next(2), "a");
    EXPECT_FALSE(outbox.finished());
    EXPECT_EQ(outbox.next(1), "b.!");
    EXPECT_TRUE(outbox.finished());
    EXPECT_FALSE(outbox.ready(10));
}

TEST(Outbox, AnOutcomeIsAFrameOfItsOwnAndNeedsNoCredit) {
    Line outbox(message_options);
    outbox.write("ab");
    outbox.finish(Buffer::copy_of("OUTCOME"));
    EXPECT_EQ(outbox.next(), "ab.");
    EXPECT_TRUE(outbox.ready(0));
    const Payload payload = outbox.take(0, outbox.departed);
    EXPECT_EQ(payload.bytes.text(), "OUTCOME");
    EXPECT_EQ(outbox.departed.offset(), 3U);
    EXPECT_EQ(payload.flags, wire::flag::fin | wire::flag::outcome);
}

TEST(Outbox, AFinishAloneNeedsNoCredit) {
    Line outbox(bytes_options);
    outbox.finish({});
    EXPECT_TRUE(outbox.ready(0));
    EXPECT_EQ(outbox.next(0), "!");
}

TEST(Outbox, LatestKeepsTheNewestWholeMessage) {
    Line outbox(latest_options);
    outbox.write("one");
    outbox.write("two");
    outbox.write("three");
    EXPECT_EQ(outbox.replaced(), (wire::Tally{6, 2}));
    EXPECT_EQ(outbox.waiting(), (wire::Tally{5, 1}));
    EXPECT_EQ(outbox.next(), "three.");
}

TEST(Outbox, LatestFinishesWhatWasBegun) {
    Line outbox(latest_options);
    outbox.write("begun");
    EXPECT_EQ(outbox.next(3), "be");
    outbox.write("old");
    outbox.write("new");
    EXPECT_EQ(outbox.replaced(), (wire::Tally{3, 1}));
    EXPECT_EQ(outbox.next(), "gun.new.");
}

TEST(Outbox, LatestReplacesNothingBeforeTheNewMessageIsWhole) {
    Line outbox(latest_options);
    outbox.write("whole");
    outbox.write("ha", false);
    EXPECT_EQ(outbox.replaced(), wire::Tally{});
    outbox.write("lf");
    EXPECT_EQ(outbox.replaced().messages, 1U);
    EXPECT_EQ(outbox.next(3), "ha");
    outbox.write("next");
    EXPECT_EQ(outbox.replaced().messages, 1U) << "a message begun in its first piece is finished";
    EXPECT_EQ(outbox.next(3), "lf.");
    EXPECT_EQ(outbox.next(), "next.");
}

constexpr Time noon{std::chrono::hours(12)};

void Line::write_at(const std::string& text, int second, bool end) {
    push(Buffer::copy_of(text), end, departed, noon + std::chrono::seconds(second));
}

TEST(Outbox, AMessageWhoseTimeIsOverIsForgottenWhole) {
    Line outbox(dated_options);
    EXPECT_EQ(outbox.deadline(), Time::max());
    outbox.write_at("fi", 0, false);
    EXPECT_EQ(outbox.deadline(), Time::max()) << "it has no end yet";
    outbox.write_at("rst", 0);
    outbox.write_at("second", 2);
    outbox.write_at("third", 4);
    EXPECT_EQ(outbox.deadline(), noon + 10s);
    outbox.expire(noon + 9s);
    EXPECT_EQ(outbox.late(), wire::Tally{});
    outbox.expire(noon + 12s);
    EXPECT_EQ(outbox.late(), (wire::Tally{11, 2}));
    EXPECT_EQ(outbox.waiting(), (wire::Tally{5, 1}));
    EXPECT_EQ(outbox.deadline(), noon + 14s);
    EXPECT_EQ(outbox.next(), "third.");
    EXPECT_EQ(outbox.deadline(), Time::max());
}

TEST(Outbox, AMessageThatWasBegunInTimeIsFinished) {
    Line outbox(dated_options);
    outbox.write_at("begun", 0);
    outbox.write_at("waits", 1);
    EXPECT_EQ(outbox.next(3), "be");
    EXPECT_EQ(outbox.deadline(), noon + 11s);
    outbox.expire(noon + 60s);
    EXPECT_EQ(outbox.late(), (wire::Tally{5, 1}));
    EXPECT_EQ(outbox.next(), "gun.");
    EXPECT_FALSE(outbox.ready(100));
}

TEST(Outbox, DropForgetsTheBytesAndKeepsTheFinish) {
    Line outbox(message_options);
    outbox.write("abc");
    outbox.finish(Buffer::copy_of("O"));
    EXPECT_EQ(outbox.drop(), (wire::Tally{3, 1}));
    EXPECT_EQ(outbox.waiting(), wire::Tally{});
    EXPECT_EQ(outbox.next(), "O!o");
}

// Whatever is pushed and however it is cut: lossless loses nothing, latest only whole messages, and
// always counts.
RC_GTEST_PROP(OutboxProperty, EveryMessageArrivesWholeOrIsCounted, (bool latest)) {
    Line outbox(latest ? latest_options : message_options);
    std::vector<std::string> sent;
    std::vector<std::string> received;
    std::string writing;
    std::string reading;
    wire::Tally written;
    const auto read = [&](std::uint64_t credit) {
        const std::uint64_t before = outbox.departed.offset();
        Payload payload = outbox.take(credit, outbox.departed);
        RC_ASSERT(payload.bytes.size() <= credit);
        RC_ASSERT(payload.bytes.size() == outbox.departed.offset() - before);
        wire::PieceReader::Part part;
        while (outbox.reader.next(payload.bytes, part) == wire::PieceReader::Step::part) {
            reading += part.bytes.text();
            if (part.end_of_message) received.push_back(std::exchange(reading, {}));
        }
    };
    int letter = 0;
    for (const int step : *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 12))) {
        if (step < 7) {
            const std::string piece(static_cast<std::size_t>(step),
                                    static_cast<char>('a' + letter++ % 26));
            const bool end = step != 3;
            outbox.write(piece, end);
            if (!piece.empty() || end) written += {piece.size(), end ? 1U : 0U};
            writing += piece;
            if (end) sent.push_back(std::exchange(writing, {}));
        } else if (const auto credit = static_cast<std::uint64_t>(step - 6); outbox.ready(credit)) {
            read(credit);
            outbox.departed.confirm(outbox.departed.offset() * 2 / 3);
        }
        wire::Tally known = outbox.departed.sent();
        known += outbox.waiting();
        known += outbox.replaced();
        RC_ASSERT(known == written);
    }
    outbox.write("the last");
    sent.push_back(writing + "the last");
    while (outbox.ready(4)) read(4);
    RC_ASSERT(outbox.bytes() == 0U);
    RC_ASSERT(outbox.waiting() == wire::Tally{});
    outbox.departed.confirm(outbox.departed.offset());
    RC_ASSERT(outbox.departed.confirmed() == outbox.departed.sent());
    RC_ASSERT(outbox.departed.sent().messages == received.size());
    RC_ASSERT(received.size() + outbox.replaced().messages == sent.size());
    RC_ASSERT(received.back() == sent.back());
    auto next = sent.begin();
    for (const std::string& message : received) {
        next = std::find(next, sent.end(), message);
        RC_ASSERT(next != sent.end());
        ++next;
    }
}

}  // namespace
}  // namespace jetway::stream
