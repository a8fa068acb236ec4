#include "cli/line_cutter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace jetway::cli {
namespace {

using ::testing::ElementsAre;

struct Cut {
    std::vector<std::string> lines;
    LineCutter cutter{[this](std::string_view line) { lines.emplace_back(line); }};
};

TEST(LineCutter, GivesWholeLinesHoweverTheBytesCome) {
    Cut cut;
    for (const char c : std::string("one\ntwo\n\nthree")) cut.cutter.add(std::string(1, c));
    EXPECT_THAT(cut.lines, ElementsAre("one", "two", ""));
    cut.cutter.end();
    EXPECT_THAT(cut.lines, ElementsAre("one", "two", "", "three"));
}

TEST(LineCutter, SeveralLinesAtOnce) {
    Cut cut;
    cut.cutter.add("a\nb\nc");
    EXPECT_THAT(cut.lines, ElementsAre("a", "b"));
}

TEST(LineCutter, ALineWithoutEndComesInPieces) {
    Cut cut;
    cut.cutter.add(std::string(LineCutter::longest * 2 + 1, 'x'));
    EXPECT_EQ(cut.lines.size(), 2U);
    cut.cutter.end();
    EXPECT_EQ(cut.lines.back(), "x");
}

}  // namespace
}  // namespace jetway::cli
