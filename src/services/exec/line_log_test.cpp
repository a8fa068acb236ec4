#include "services/exec/line_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel/manual_timer.hpp"

namespace jetway::exec {
namespace {

using testing::ElementsAre;

struct LineLogTest : testing::Test {
    void write(const std::string& text) { log.on_read(Buffer::copy_of(text)); }

    ManualTimer timer;
    std::vector<std::string> lines;
    LineLog log{timer, [this](const std::string& line) { lines.push_back(line); }};
};

TEST_F(LineLogTest, PutsLinesTogetherFromPieces) {
    write("one\ntw");
    write("o\n\nth");
    EXPECT_THAT(lines, ElementsAre("one", "two", ""));
    log.on_read_end();
    EXPECT_THAT(lines, ElementsAre("one", "two", "", "th"));
    EXPECT_TRUE(log.ended());
}

TEST_F(LineLogTest, TakesTheStingOutOfEscapeSequences) {
    write("a\tb\x1b[2Jc\xff\r\n");
    EXPECT_THAT(lines, ElementsAre("a b?[2Jc??"));
}

TEST_F(LineLogTest, CutsALineThatDoesNotEnd) {
    for (int i = 0; i < 100; ++i) write(std::string(1000, 'x'));
    write("\nnext\n");
    EXPECT_THAT(lines, ElementsAre(std::string(most_of_line, 'x'), "next"));
}

TEST_F(LineLogTest, ThinsOutAFloodAndCountsIt) {
    for (int i = 0; i < 5000; ++i) write("flood\n");
    EXPECT_EQ(lines.size(), 100U);
    timer.advance(std::chrono::seconds(1));
    write("after\n");
    ASSERT_EQ(lines.size(), 102U);
    EXPECT_EQ(lines[100], "(4900 lines left out)");
    EXPECT_EQ(lines[101], "after");
}

}  // namespace
}  // namespace jetway::exec
