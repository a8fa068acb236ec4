#include "deployment/problem.hpp"

#include <gtest/gtest.h>

namespace jetway::deployment {
namespace {

std::string shown(const std::string& text, Place place, std::size_t length = 1) {
    return render({Severity::error, place, "bad", "did you mean good?", length}, "f.yml", text);
}

TEST(Render, ShowsTheLineWithACaretAndTheMeaning) {
    EXPECT_EQ(shown("one\n  two: x\n", {2, 3}, 3),
              "f.yml:2:3: error: bad\n"
              "      two: x\n"
              "      ^~~\n"
              "  did you mean good?\n");
}

TEST(Render, TheCaretStandsUnderTheCharacterAlsoAfterTabsAndUmlauts) {
    EXPECT_EQ(shown("\t\xc3\xa4\xc3\xb6x", {1, 6}),
              "f.yml:1:4: error: bad\n     \xc3\xa4\xc3\xb6x\n       ^\n  did you mean good?\n");
}

TEST(Render, ControlCharactersOfTheFileNeverReachTheTerminal) {
    EXPECT_EQ(shown("a\x1b[31mb", {1, 1}).find('\x1b'), std::string::npos);
    EXPECT_EQ(quoted("\x1b[2J"), "\"?[2J\"");
}

TEST(Render, ALongLineIsCutAroundThePlace) {
    const std::string line = std::string(5000, 'a') + "X" + std::string(5000, 'b');
    const std::string text = shown(line, {1, 5001});
    EXPECT_LT(text.size(), 400U);
    EXPECT_NE(text.find("aXb"), std::string::npos);
}

TEST(Render, APlaceOutsideTheFileIsHarmless) {
    EXPECT_NE(shown("a\n", {90, 70}), "");
    EXPECT_NE(shown("", {1, 1}), "");
    EXPECT_EQ(shown("a", {}), "f.yml: error: bad\n  did you mean good?\n");
}

TEST(Problems, KeepsTheFirstHundredAndCountsTheRest) {
    Problems problems;
    for (int i = 0; i < 250; ++i) problems.error({i, 1}, "bad");
    EXPECT_EQ(problems.errors(), 250U);
    EXPECT_EQ(problems.take().size(), Problems::limit);
}

}  // namespace
}  // namespace jetway::deployment
