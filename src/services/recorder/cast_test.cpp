#include "services/recorder/cast.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <sstream>

#include "services/recorder/base64.hpp"
#include "services/recorder/utf8.hpp"

namespace jetway::recorder {
namespace {

/// All events of a recording; the first error ends it.
Result<std::vector<CastEvent>> read(const std::string& text) {
    CastReader reader;
    std::vector<CastEvent> events;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        auto event = reader.line(line);
        if (!event) return event.error();
        if (*event) events.push_back(std::move(**event));
    }
    return events;
}

std::string with_header(const std::string& lines) {
    return CastWriter().header({}) + lines;
}

std::string output_of(const std::vector<CastEvent>& events) {
    std::string bytes;
    for (const CastEvent& event : events) {
        if (event.code == CastCode::output) bytes += event.data;
    }
    return bytes;
}

Code error_of(const std::string& text) {
    const auto events = read(text);
    return events ? Code::ok : events.error().code;
}

TEST(Cast, WhatIsWrittenIsAVersion3Recording) {
    CastWriter writer;
    EXPECT_EQ(
        writer.header(
            {.columns = 120, .rows = 40, .timestamp = 1700000000, .title = "a \"title\""}),
        "{\"version\": 3, \"term\": {\"cols\": 120, \"rows\": 40, \"type\": \"xterm-256color\"}, "
        "\"timestamp\": 1700000000, \"title\": \"a \\\"title\\\"\"}\n");
    EXPECT_EQ(writer.output(250'000, "\x1b[0mhi\r\n"),
              "[0.250000, \"o\", \"\\u001b[0mhi\\u000d\\u000a\"]\n");
    EXPECT_EQ(writer.resize(1'250'001, 100, 50), "[1.000001, \"r\", \"100x50\"]\n");
    EXPECT_EQ(writer.marker(1'250'001, "here"), "[0.000000, \"m\", \"here\"]\n");
    EXPECT_EQ(writer.exit(3'000'000, 143), "[1.749999, \"x\", \"143\"]\n");
}

TEST(Cast, EveryKindOfEventComesBackAsItWasWritten) {
    CastWriter writer;
    std::string text = writer.header({.columns = 100, .rows = 30, .timestamp = 7, .title = "t"});
    text += writer.output(5, "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80") + writer.resize(6, 90, 20) +
            writer.marker(7, "\"quoted\\") + writer.exit(9, -1);
    const auto events = read(text);
    ASSERT_TRUE(events) << events.error().line();
    const std::vector<CastEvent> expected{
        {.code = CastCode::output, .at_us = 5, .data = "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
        {.code = CastCode::resize, .at_us = 6, .data = {}, .columns = 90, .rows = 20},
        {.code = CastCode::marker, .at_us = 7, .data = "\"quoted\\"},
        {.code = CastCode::exit, .at_us = 9, .data = {}, .status = -1}};
    EXPECT_EQ(*events, expected);
}

TEST(Cast, ACharacterCutByAMessageWaitsForItsRest) {
    CastWriter writer;
    EXPECT_EQ(writer.output(1, "a\xf0\x9f"), "[0.000001, \"o\", \"a\"]\n");
    EXPECT_EQ(writer.output(2, "\x98"), "");
    EXPECT_EQ(writer.output(3, "\x80z"), "[0.000002, \"o\", \"\xf0\x9f\x98\x80z\"]\n");
    EXPECT_EQ(writer.finish(4), "");
}

TEST(Cast, BytesThatAreNotUtf8AreKeptBesideAReplacement) {
    CastWriter writer;
    EXPECT_EQ(writer.output(1, "\x1b[0m\xff\x80"),
              "# jetway-raw " + to_base64("\x1b[0m\xff\x80") +
                  "\n[0.000001, \"o\", \"\\u001b[0m\xef\xbf\xbd\xef\xbf\xbd\"]\n");
}

TEST(Cast, HalfACharacterAtTheEndIsNotLost) {
    CastWriter writer;
    const std::string text = writer.header({}) + writer.output(1, "a\xe2\x82") + writer.exit(2, 0);
    const auto events = read(text);
    ASSERT_TRUE(events);
    EXPECT_EQ(output_of(*events), "a\xe2\x82");
    EXPECT_EQ(events->back().code, CastCode::exit);
}

RC_GTEST_PROP(Cast, AnyBytesCutAnywhereComeBackTheSame, (const std::vector<std::string>& pieces)) {
    CastWriter writer;
    std::string text = writer.header({});
    std::string bytes;
    std::uint64_t us = 0;
    for (const std::string& piece : pieces) {
        text += writer.output(us += 17, piece);
        bytes += piece;
    }
    text += writer.finish(us);
    const auto events = read(text);
    RC_ASSERT(events.has_value());
    RC_ASSERT(output_of(*events) == bytes);
}

RC_GTEST_PROP(Cast, TimesDoNotDrift, (const std::vector<std::uint32_t>& steps)) {
    CastWriter writer;
    std::string text = writer.header({});
    std::vector<std::uint64_t> times;
    std::uint64_t us = 0;
    for (const std::uint32_t step : steps) {
        times.push_back(us += step % 100'000'000);
        text += writer.output(us, "x");
    }
    const auto events = read(text);
    RC_ASSERT(events.has_value());
    RC_ASSERT(events->size() == times.size());
    for (std::size_t i = 0; i < times.size(); ++i) RC_ASSERT((*events)[i].at_us == times[i]);
}

RC_GTEST_PROP(Cast, AnyLineIsAnEventNothingOrAnError, (const std::string& line)) {
    CastReader reader;
    (void)reader.line(line);
    (void)reader.line(R"({"version": 2, "width": 80, "height": 24})");
    (void)reader.line(line);
}

TEST(Cast, Version2CountsFromTheBeginning) {
    const auto events = read(
        "{\"version\": 2, \"width\": 80, \"height\": 24, \"timestamp\": 1504467315}\r\n"
        "[0.5, \"o\", \"a\"]\r\n[0.25, \"o\", \"b\"]\r\n[1.000001, \"o\", \"c\"]\r\n");
    ASSERT_TRUE(events) << events.error().line();
    ASSERT_EQ(events->size(), 3U);
    EXPECT_EQ((*events)[0].at_us, 500'000U);
    EXPECT_EQ((*events)[1].at_us, 500'000U) << "time does not go back";
    EXPECT_EQ((*events)[2].at_us, 1'000'001U);
}

TEST(Cast, CommentsBlankLinesAndUnknownCodesAreSkipped) {
    const auto events = read(with_header("# a comment\n\n[1.0, \"z\", {}]\n[1.0, \"o\", \"a\"]\n"));
    ASSERT_TRUE(events) << events.error().line();
    ASSERT_EQ(events->size(), 1U);
    EXPECT_EQ((*events)[0].at_us, 2'000'000U) << "a skipped event's time counts";
}

TEST(Cast, ABrokenRawCommentLeavesTheText) {
    const auto events = read(with_header("# jetway-raw !!!\n[0, \"o\", \"a\"]\n"));
    ASSERT_TRUE(events);
    EXPECT_EQ(output_of(*events), "a");
}

TEST(Cast, WhatIsNoRecordingIsRefused) {
    EXPECT_EQ(error_of("hello\n"), Code::bad_file);
    EXPECT_EQ(error_of("[]\n"), Code::bad_file);
    EXPECT_EQ(error_of("{\"version\": 1, \"width\": 80, \"height\": 24}\n"), Code::unsupported);
    EXPECT_EQ(error_of("{\"version\": 3, \"width\": 80, \"height\": 24}\n"), Code::bad_file);
    EXPECT_EQ(error_of("{\"version\": 2, \"width\": 80000, \"height\": 24}\n"), Code::bad_file);
    EXPECT_EQ(error_of("{\"version\": 2, \"width\": 80.5, \"height\": 24}\n"), Code::bad_file);
    EXPECT_EQ(error_of(std::string(100'000, '[') + "\n"), Code::bad_file);
}

TEST(Cast, EventsThatMakeNoSenseAreRefused) {
    EXPECT_EQ(error_of(with_header("[1.0, \"o\"]\n")), Code::bad_file);
    EXPECT_EQ(error_of(with_header("{\"a\": 1}\n")), Code::bad_file);
    EXPECT_EQ(error_of(with_header("[-1.0, \"o\", \"a\"]\n")), Code::bad_file);
    EXPECT_EQ(error_of(with_header("[1e300, \"o\", \"a\"]\n")), Code::bad_file);
    EXPECT_EQ(error_of(with_header("[9e8, \"o\", \"a\"]\n[9e8, \"o\", \"a\"]\n")), Code::bad_file);
    EXPECT_EQ(error_of(with_header("[1.0, \"o\", 5]\n")), Code::bad_file);
    EXPECT_EQ(error_of(with_header("[1.0, \"r\", \"0x24\"]\n")), Code::bad_file);
    EXPECT_EQ(error_of(with_header("[1.0, \"r\", \"80x24x\"]\n")), Code::bad_file);
    EXPECT_EQ(error_of(with_header("[1.0, \"x\", \"none\"]\n")), Code::bad_file);
    EXPECT_EQ(error_of(with_header(std::string(most_line + 1, ' ') + "\n")), Code::bad_file);
}

TEST(Base64, IsThatOfRfc4648) {
    const std::vector<std::pair<std::string, std::string>> vectors{
        {"", ""},        {"f", "Zg=="},        {"fo", "Zm8="},
        {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}};
    for (const auto& [bytes, text] : vectors) {
        EXPECT_EQ(to_base64(bytes), text);
        EXPECT_EQ(from_base64(text), bytes);
    }
    EXPECT_EQ(from_base64("Zg="), std::nullopt);
    EXPECT_EQ(from_base64("Zh=="), std::nullopt);
    EXPECT_EQ(from_base64("Z==="), std::nullopt);
    EXPECT_EQ(from_base64("===="), std::nullopt);
}

RC_GTEST_PROP(Base64, AnyBytesComeBackTheSame, (const std::string& bytes)) {
    RC_ASSERT(from_base64(to_base64(bytes)) == bytes);
}

TEST(Utf8, TheLongestRightBeginningOfAWrongCharacterIsOneStep) {
    using State = Utf8Character::State;
    const auto step = [](std::string_view bytes) {
        const Utf8Character character = first_character(bytes);
        return std::pair(character.state, character.length);
    };
    EXPECT_EQ(step("a"), std::pair(State::whole, std::size_t{1}));
    EXPECT_EQ(step("\xf0\x9f\x98\x80"), std::pair(State::whole, std::size_t{4}));
    EXPECT_EQ(step("\xf0\x9f\x98z"), std::pair(State::wrong, std::size_t{3}));
    EXPECT_EQ(step("\xf0\x9f\x98"), std::pair(State::cut, std::size_t{3}));
    EXPECT_EQ(step("\xed\xa0\x80"), std::pair(State::wrong, std::size_t{1})) << "a surrogate";
    EXPECT_EQ(step("\xc0\x80"), std::pair(State::wrong, std::size_t{1})) << "overlong";
    EXPECT_EQ(step("\xf4\x90\x80\x80"), std::pair(State::wrong, std::size_t{1}))
        << "beyond U+10FFFF";
    EXPECT_EQ(step("\x80"), std::pair(State::wrong, std::size_t{1}));
    EXPECT_EQ(cut_at_end("ab\xe2\x82"), 2U);
    EXPECT_EQ(cut_at_end("ab\xe2\x82\xac"), 0U);
    EXPECT_EQ(cut_at_end("\x80\x80\x80\x80"), 0U);
}

}  // namespace
}  // namespace jetway::recorder
