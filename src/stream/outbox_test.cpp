#include "stream/outbox.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <string>

#include "wire/frame.hpp"

namespace jetway::stream {
namespace {

using namespace std::chrono_literals;

constexpr Outbox::Options bytes_options{};
constexpr Outbox::Options message_options{.messages = true};
constexpr Outbox::Options latest_options{.messages = true, .latest = true};
constexpr Outbox::Options dated_options{.messages = true, .lifetime = std::chrono::seconds(10)};

void push(Outbox& outbox, const std::string& text, bool end = true) {
    outbox.push(Buffer::copy_of(text), end);
}

/// "text" and its flags: . for the end of a message, ! for the finish, o for an outcome.
std::string take(Outbox& outbox, std::uint64_t credit = 1000) {
    const Payload payload = outbox.take(credit);
    std::string result(payload.bytes.text());
    if ((payload.flags & wire::flag::eom) != 0) result += '.';
    if ((payload.flags & wire::flag::fin) != 0) result += '!';
    if ((payload.flags & wire::flag::outcome) != 0) result += 'o';
    return result;
}

TEST(Outbox, CutsWhatIsWaitingToTheCredit) {
    Outbox outbox(message_options);
    push(outbox, "hello");
    EXPECT_FALSE(outbox.ready(0));
    EXPECT_EQ(take(outbox, 2), "he");
    EXPECT_EQ(outbox.bytes(), 3U);
    EXPECT_EQ(take(outbox, 100), "llo.");
    EXPECT_FALSE(outbox.ready(100));
}

TEST(Outbox, CutsToFramesOfTheLargestPayload) {
    Outbox outbox(message_options);
    push(outbox, std::string(70'000, 'x'));
    EXPECT_EQ(outbox.take(1'000'000).bytes.size(), wire::max_payload);
    const Payload rest = outbox.take(1'000'000);
    EXPECT_EQ(rest.bytes.size(), 70'000 - wire::max_payload);
    EXPECT_EQ(rest.flags, wire::flag::eom);
}

TEST(Outbox, AnEmptyMessageNeedsNoCredit) {
    Outbox outbox(message_options);
    push(outbox, "");
    EXPECT_TRUE(outbox.ready(0));
    EXPECT_EQ(take(outbox, 0), ".");
}

TEST(Outbox, AStreamOfBytesMarksNoMessagesAndSendsNothingForNothing) {
    Outbox outbox(bytes_options);
    push(outbox, "");
    EXPECT_FALSE(outbox.ready(10));
    push(outbox, "ab");
    EXPECT_EQ(take(outbox), "ab");
}

TEST(Outbox, TheFinishRidesOnTheLastBytes) {
    Outbox outbox(message_options);
    push(outbox, "ab");
    outbox.finish({});
    EXPECT_EQ(take(outbox, 1), "a");
    EXPECT_FALSE(outbox.finished());
    EXPECT_EQ(take(outbox, 1), "b.!");
    EXPECT_TRUE(outbox.finished());
    EXPECT_FALSE(outbox.ready(10));
}

TEST(Outbox, AnOutcomeIsAFrameOfItsOwnAndNeedsNoCredit) {
    Outbox outbox(message_options);
    push(outbox, "ab");
    outbox.finish(Buffer::copy_of("OUTCOME"));
    EXPECT_EQ(take(outbox), "ab.");
    EXPECT_TRUE(outbox.ready(0));
    const Payload payload = outbox.take(0);
    EXPECT_EQ(payload.bytes.text(), "OUTCOME");
    EXPECT_EQ(payload.stream_bytes, 0U);
    EXPECT_EQ(payload.flags, wire::flag::fin | wire::flag::outcome);
}

TEST(Outbox, AFinishAloneNeedsNoCredit) {
    Outbox outbox(bytes_options);
    outbox.finish({});
    EXPECT_TRUE(outbox.ready(0));
    EXPECT_EQ(take(outbox, 0), "!");
}

TEST(Outbox, LatestKeepsTheNewestWholeMessage) {
    Outbox outbox(latest_options);
    push(outbox, "one");
    push(outbox, "two");
    push(outbox, "three");
    EXPECT_EQ(outbox.replaced(), (wire::Tally{6, 2}));
    EXPECT_EQ(outbox.waiting(), (wire::Tally{5, 1}));
    EXPECT_EQ(take(outbox), "three.");
}

TEST(Outbox, LatestFinishesWhatWasBegun) {
    Outbox outbox(latest_options);
    push(outbox, "begun");
    EXPECT_EQ(take(outbox, 2), "be");
    push(outbox, "old");
    push(outbox, "new");
    EXPECT_EQ(outbox.replaced(), (wire::Tally{3, 1}));
    EXPECT_EQ(take(outbox), "gun.");
    EXPECT_EQ(take(outbox), "new.");
}

TEST(Outbox, LatestReplacesNothingBeforeTheNewMessageIsWhole) {
    Outbox outbox(latest_options);
    push(outbox, "whole");
    push(outbox, "ha", false);
    EXPECT_EQ(outbox.replaced(), wire::Tally{});
    push(outbox, "lf");
    EXPECT_EQ(outbox.replaced().messages, 1U);
    EXPECT_EQ(take(outbox), "ha");
    push(outbox, "next");
    EXPECT_EQ(outbox.replaced().messages, 1U) << "a message begun in its first piece is finished";
    EXPECT_EQ(take(outbox), "lf.");
    EXPECT_EQ(take(outbox), "next.");
}

constexpr Time noon{std::chrono::hours(12)};

void push_at(Outbox& outbox, const std::string& text, int second, bool end = true) {
    outbox.push(Buffer::copy_of(text), end, noon + std::chrono::seconds(second));
}

TEST(Outbox, AMessageWhoseTimeIsOverIsForgottenWhole) {
    Outbox outbox(dated_options);
    EXPECT_EQ(outbox.deadline(), Time::max());
    push_at(outbox, "fi", 0, false);
    EXPECT_EQ(outbox.deadline(), Time::max()) << "it has no end yet";
    push_at(outbox, "rst", 0);
    push_at(outbox, "second", 2);
    push_at(outbox, "third", 4);
    EXPECT_EQ(outbox.deadline(), noon + 10s);
    outbox.expire(noon + 9s);
    EXPECT_EQ(outbox.late(), wire::Tally{});
    outbox.expire(noon + 12s);
    EXPECT_EQ(outbox.late(), (wire::Tally{11, 2}));
    EXPECT_EQ(outbox.waiting(), (wire::Tally{5, 1}));
    EXPECT_EQ(outbox.deadline(), noon + 14s);
    EXPECT_EQ(take(outbox), "third.");
    EXPECT_EQ(outbox.deadline(), Time::max());
}

TEST(Outbox, AMessageThatWasBegunInTimeIsFinished) {
    Outbox outbox(dated_options);
    push_at(outbox, "begun", 0);
    push_at(outbox, "waits", 1);
    EXPECT_EQ(take(outbox, 2), "be");
    EXPECT_EQ(outbox.deadline(), noon + 11s);
    outbox.expire(noon + 60s);
    EXPECT_EQ(outbox.late(), (wire::Tally{5, 1}));
    EXPECT_EQ(take(outbox), "gun.");
    EXPECT_FALSE(outbox.ready(100));
}

TEST(Outbox, DropForgetsTheBytesAndKeepsTheFinish) {
    Outbox outbox(message_options);
    push(outbox, "abc");
    outbox.finish(Buffer::copy_of("O"));
    EXPECT_EQ(outbox.drop(), (wire::Tally{3, 1}));
    EXPECT_EQ(outbox.waiting(), wire::Tally{});
    EXPECT_EQ(take(outbox), "O!o");
}

// Whatever is pushed and however it is cut: lossless loses nothing, latest only whole messages, and
// always counts.
RC_GTEST_PROP(OutboxProperty, EveryMessageArrivesWholeOrIsCounted, (bool latest)) {
    Outbox outbox(latest ? latest_options : message_options);
    std::vector<std::string> sent;
    std::vector<std::string> received;
    std::string writing;
    std::string reading;
    const auto read = [&](std::uint64_t credit) {
        const Payload payload = outbox.take(credit);
        RC_ASSERT(payload.stream_bytes <= credit);
        RC_ASSERT(payload.stream_bytes == payload.bytes.size());
        reading += payload.bytes.text();
        if ((payload.flags & wire::flag::eom) != 0) received.push_back(std::exchange(reading, {}));
    };
    int letter = 0;
    for (const int step : *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 12))) {
        if (step < 7) {
            const std::string piece(static_cast<std::size_t>(step),
                                    static_cast<char>('a' + letter++ % 26));
            const bool end = step != 3;
            push(outbox, piece, end);
            writing += piece;
            if (end) sent.push_back(std::exchange(writing, {}));
        } else if (const auto credit = static_cast<std::uint64_t>(step - 6); outbox.ready(credit)) {
            read(credit);
        }
    }
    push(outbox, "the last");
    sent.push_back(writing + "the last");
    while (outbox.ready(4)) read(4);
    RC_ASSERT(outbox.bytes() == 0U);
    RC_ASSERT(outbox.waiting() == wire::Tally{});
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
