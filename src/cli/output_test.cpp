#include "cli/output.hpp"

#include <gtest/gtest.h>

namespace jetway::cli {
namespace {

TEST(Table, AlignsWordsToTheLeftAndNumbersToTheRight) {
    Table table({"NAME", ">HOPS", "STATE"});
    table.add({"pty-server", "0", "best"});
    table.add({"x", "12", ""});
    EXPECT_EQ(table.text(),
              "NAME        HOPS  STATE\n"
              "pty-server     0  best\n"
              "x             12\n");
}

TEST(Table, CountsCharactersNotBytes) {
    Table table({"A", "B"});
    table.add({"\xc3\xa4\xc3\xb6", "x"});
    table.add({"abc", "y"});
    EXPECT_EQ(table.text(),
              "A    B\n"
              "\xc3\xa4\xc3\xb6   x\n"
              "abc  y\n");
}

TEST(Table, WhatAPeerSaysCannotMoveTheCursor) {
    Table table({"A"});
    table.add({"\x1b[2Jx"});
    EXPECT_EQ(table.text(), "A\n?[2Jx\n");
}

TEST(Shown, TimesAreReadable) {
    EXPECT_EQ(shown_seconds(41), "41 s");
    EXPECT_EQ(shown_seconds(600), "10 min");
    EXPECT_EQ(shown_seconds(3L * 3600), "3 h");
    EXPECT_EQ(shown_microseconds(120), "120 us");
    EXPECT_EQ(shown_microseconds(5620), "5.6 ms");
}

}  // namespace
}  // namespace jetway::cli
