#include "base/text.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <string>

namespace jetway {
namespace {

TEST(Text, ReadsOneCharacterAtATime) {
    std::string_view text = "aé€😀";
    EXPECT_EQ(take_character(text), U'a');
    EXPECT_EQ(take_character(text), U'é');
    EXPECT_EQ(take_character(text), U'€');
    EXPECT_EQ(take_character(text), U'😀');
    EXPECT_EQ(take_character(text), std::nullopt);
}

TEST(Text, RefusesWhatIsNotUtf8) {
    for (const std::string_view bad : {
             "\x80",              // a continuation without a beginning
             "\xC3",              // cut short
             "\xC3(",             // a beginning without its continuation
             "\xC0\x80",          // overlong
             "\xC1\xBF",          // overlong
             "\xE0\x9F\xBF",      // overlong
             "\xED\xA0\x80",      // a surrogate
             "\xF0\x8F\xBF\xBF",  // overlong
             "\xF4\x90\x80\x80",  // beyond U+10FFFF
             "\xF8\x88\x80\x80\x80",
             "\xFF",
         }) {
        EXPECT_FALSE(is_utf8(bad)) << testing::PrintToString(bad);
        std::string_view rest = bad;
        EXPECT_EQ(take_character(rest), std::nullopt);
        EXPECT_EQ(rest, bad);
    }
    for (const std::string_view good :
         {"", "plain", "\xC2\x80", "\xED\x9F\xBF", "\xEE\x80\x80", "\xF4\x8F\xBF\xBF"}) {
        EXPECT_TRUE(is_utf8(good)) << testing::PrintToString(good);
    }
}

TEST(Text, IsCleanedForATerminal) {
    EXPECT_EQ(clean_text("plain text", 100), "plain text");
    EXPECT_EQ(clean_text("red \x1b[31m and\nnext\x7f", 100), "red ?[31m and?next?");
    EXPECT_EQ(clean_text("c1 \xC2\x9B"
                         "31m",
                         100),
              "c1 ?31m");
    EXPECT_EQ(clean_text("a\xE2\x80\xAE"
                         "b",
                         100),
              "a?b");  // right-to-left override
    EXPECT_EQ(clean_text("bad \xFF\xC3", 100), "bad ??");
    EXPECT_EQ(clean_text(std::string("nul\0!", 5), 100), "nul?!");
}

TEST(Text, IsCutBetweenCharacters) {
    EXPECT_EQ(clean_text("aé", 3), "aé");
    EXPECT_EQ(clean_text("aé", 2), "a");
    EXPECT_EQ(clean_text("😀", 3), "");
    EXPECT_EQ(clean_text("abc", 0), "");
}

TEST(Text, ListsAreJoined) {
    EXPECT_EQ(joined({}), "");
    EXPECT_EQ(joined({"a"}), "a");
    EXPECT_EQ(joined({"a", "", "c"}), "a, , c");
    EXPECT_EQ(joined({"a", "b"}, " > "), "a > b");
}

RC_GTEST_PROP(Text, CleanedTextIsCleanAndStaysAsItIs, ()) {
    const auto text = *rc::gen::container<std::string>(rc::gen::arbitrary<char>());
    const auto most = *rc::gen::inRange<std::size_t>(0, 64);
    const std::string cleaned = clean_text(text, most);
    RC_ASSERT(cleaned.size() <= most);
    RC_ASSERT(is_utf8(cleaned));
    RC_ASSERT(is_clean(cleaned, most));
    RC_ASSERT(clean_text(cleaned, most) == cleaned);
    RC_ASSERT(is_clean(text, most) == (cleaned == text));
}

}  // namespace
}  // namespace jetway
