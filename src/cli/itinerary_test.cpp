#include "cli/itinerary.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace jetway::cli {
namespace {

using ::testing::HasSubstr;

wire::Stage parsed(const std::string& text) {
    return wire::parse_itinerary(text).value();
}

const std::map<std::string, std::string> types{
    {"pty", "source"}, {"upper", "transform"}, {"recorder", "output"}};

TEST(AddSettings, ReachEveryStageOfTheName) {
    wire::Stage first = parsed("pty | { upper ; upper@b }");
    ASSERT_TRUE(add_settings(first, {"upper.run=tr a=b", "pty.columns=90"}));
    EXPECT_EQ(first.settings(0).key(), "columns");
    EXPECT_EQ(first.next(0).settings(0).values(0), "tr a=b");
    EXPECT_EQ(first.next(1).settings(0).values(0), "tr a=b");
}

TEST(AddSettings, AnAddressReachesThatStageAlone) {
    wire::Stage first = parsed("upper@a | upper@b");
    ASSERT_TRUE(add_settings(first, {"upper@b.x=1"}));
    EXPECT_EQ(first.settings_size(), 0);
    EXPECT_EQ(first.next(0).settings_size(), 1);
}

TEST(AddSettings, AKeyThatComesAgainBecomesAList) {
    wire::Stage first = parsed("pty");
    ASSERT_TRUE(add_settings(first, {"pty.run=ls", "pty.run=-l"}));
    EXPECT_EQ(wire::to_settings(first.settings()).find("run")->size(), 2U);
}

TEST(AddSettings, AnUnknownStageOrABadTextIsAnError) {
    wire::Stage first = parsed("pty | upper");
    EXPECT_THAT(add_settings(first, {"uper.x=1"}).error().next,
                HasSubstr("did you mean --set upper.x"));
    for (const std::string text : {"", "x", "pty", "pty.", "pty.=1", ".x=1", "=1", "pty=1"}) {
        EXPECT_FALSE(add_settings(first, {text})) << text;
    }
}

TEST(AppendSink, FollowsTheLastStage) {
    wire::Stage first = parsed("pty | upper");
    ASSERT_TRUE(append_sink(first, types, "pipe-1@a"));
    EXPECT_EQ(wire::to_text(first), "pty | upper | pipe-1@a");
}

TEST(AppendSink, AnOutputServiceNeedsNone) {
    wire::Stage first = parsed("pty | recorder");
    ASSERT_TRUE(append_sink(first, types, "pipe-1@a"));
    EXPECT_EQ(wire::to_text(first), "pty | recorder");
}

TEST(AppendSink, GoesToTheBranchThatAnswers) {
    wire::Stage first = parsed("pty | { recorder ; upper }");
    ASSERT_TRUE(append_sink(first, types, "s@a"));
    EXPECT_EQ(wire::to_text(first), "pty | { recorder ; upper | s@a }");
}

TEST(AppendSink, TwoAnswersAreAnError) {
    wire::Stage first = parsed("pty | { upper ; upper@b }");
    EXPECT_EQ(append_sink(first, types, "s@a").error().code, Code::usage);
}

}  // namespace
}  // namespace jetway::cli
