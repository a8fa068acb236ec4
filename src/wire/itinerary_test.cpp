#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "wire/control.hpp"
#include "wire/samples.hpp"

namespace jetway::wire {
namespace {

std::string again(std::string_view text) {
    const auto stage = parse_itinerary(text);
    return stage ? to_text(*stage) : stage.error().line();
}

std::string refusal(std::string_view text) {
    const auto stage = parse_itinerary(text);
    EXPECT_FALSE(stage) << text;
    if (stage) return {};
    EXPECT_EQ(stage.error().code, Code::usage);
    return stage.error().detail;
}

TEST(Itinerary, IsReadAndWritten) {
    for (const std::string_view text : {
             "a",
             "a@m",
             "a | b | c@m",
             "a | b | { c ; d | e@m }",
             "a | { recorder ; b | { display-server ; gpu-server | mp4-encoder } }",
             "pty-server | parser-server | gpu-server | mp4-encoder@machine-a",
         }) {
        EXPECT_EQ(again(text), text);
    }
}

TEST(Itinerary, BlanksDoNotMatter) {
    EXPECT_EQ(again("a|b|{c;d|e@m}"), "a | b | { c ; d | e@m }");
    EXPECT_EQ(again("  a\t|\n b \n"), "a | b");
    EXPECT_EQ(again("a | { b }"), "a | b");  // a branch of one is none
}

TEST(Itinerary, TheFirstStageHoldsTheRest) {
    const Stage stage = parse_itinerary("a | b | { c ; d }").value();
    EXPECT_EQ(stage.address(), "a");
    ASSERT_EQ(stage.next_size(), 1);
    EXPECT_EQ(stage.next(0).address(), "b");
    ASSERT_EQ(stage.next(0).next_size(), 2);
    EXPECT_EQ(stage.next(0).next(0).address(), "c");
    EXPECT_EQ(stage.next(0).next(1).address(), "d");
}

TEST(Itinerary, ErrorsNameTheColumn) {
    EXPECT_EQ(refusal(""), "column 1: the name of a service is missing");
    EXPECT_EQ(refusal("a | "), "column 5: the name of a service is missing");
    EXPECT_EQ(refusal("a || b"), "column 4: the name of a service is missing");
    EXPECT_EQ(refusal("| a"), "column 1: the name of a service is missing");
    EXPECT_EQ(refusal("a b"), "column 3: 'b' is out of place here");
    EXPECT_EQ(refusal("a ; b"), "column 3: ';' is out of place here");
    EXPECT_EQ(refusal("a }"), "column 3: '}' is out of place here");
    EXPECT_EQ(refusal("a { b }"), "column 3: '{' is out of place here");
    EXPECT_EQ(refusal("a | { b ; }"), "column 11: the name of a service is missing");
    EXPECT_EQ(refusal("a | { }"), "column 7: the name of a service is missing");
    EXPECT_EQ(refusal("a | { b"),
              "column 8: the branch that begins with '{' needs ';' or '}' here");
    EXPECT_EQ(refusal("a | { b c }"),
              "column 9: the branch that begins with '{' needs ';' or '}' here");
    EXPECT_EQ(refusal("a | { b ; c } | d"),
              "column 16: nothing can follow a branch: put it inside the braces");
    EXPECT_EQ(refusal("a | b@ | c"), "column 5: \"\": the name of a machine may not be empty");
    EXPECT_EQ(refusal("a | #b"), "column 5: \"#b\": the name of a service may not begin with '#'");
}

TEST(Itinerary, AGroupCannotComeFirst) {
    EXPECT_EQ(refusal("{ a ; b }"),
              "column 1: a group cannot come first: write what it follows, as in a | { b ; c }");
    EXPECT_EQ(refusal("a | { b ; { c ; d } }"),
              "column 11: a group cannot come first: write what it follows, as in a | { b ; c }");
}

std::string chain(std::size_t count, const std::string& between) {
    std::string text = "a";
    for (std::size_t i = 1; i < count; ++i) text += between + "a";
    return text;
}

TEST(Itinerary, IsBoundedInDepthAndInStages) {
    EXPECT_TRUE(parse_itinerary(chain(16, "|")));
    EXPECT_EQ(refusal(chain(17, "|")), "column 33: more than 16 stages in a row");
    EXPECT_TRUE(parse_itinerary("a|{" + chain(63, ";") + "}"));
    EXPECT_EQ(refusal("a|{" + chain(64, ";") + "}"), "column 130: more than 64 stages");
    refusal(chain(100'000, "|{"));
}

TEST(Itinerary, WhatPeopleMayWriteAPeerAccepts) {
    for (const std::string& text : {chain(16, "|"), "a|{" + chain(63, ";") + "}"}) {
        const Stage stage = parse_itinerary(text).value();
        EXPECT_TRUE(decode<Stage>(encode(stage).bytes()));
        Open open;
        open.set_destination(stage.address());
        *open.mutable_next() = stage.next();
        EXPECT_TRUE(decode<Open>(encode(open).bytes()));
    }
}

void clear_settings(Stage& stage) {
    stage.clear_settings();
    for (Stage& next : *stage.mutable_next()) clear_settings(next);
}

RC_GTEST_PROP(Itinerary, OfAnyStageIsReadBack, (std::uint64_t seed)) {
    SeededRandom random(seed);
    auto stage = sample<Stage>(random);
    clear_settings(stage);
    const auto read = parse_itinerary(to_text(stage));
    RC_ASSERT(read.has_value());
    RC_ASSERT(read->SerializeAsString() == stage.SerializeAsString());
}

RC_GTEST_PROP(Itinerary, OfAnyTextIsStableOrAnError, ()) {
    const auto words = *rc::gen::container<std::vector<std::string>>(
        rc::gen::element<std::string>("a", "a", "b@m", "|", "|", " ", "{", "}", ";", "#", "\xFF"));
    std::string text = "a";
    for (const std::string& word : words) text += word;
    const auto stage = parse_itinerary(text);
    RC_CLASSIFY(stage.has_value());
    if (stage) RC_ASSERT(again(to_text(*stage)) == to_text(*stage));
}

}  // namespace
}  // namespace jetway::wire
