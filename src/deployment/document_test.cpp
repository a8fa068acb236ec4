#include "deployment/document.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace jetway::deployment {
namespace {

using ::testing::HasSubstr;

std::string problem_of(const std::string& text) {
    Problems problems;
    parse_document(text, problems);
    std::string result;
    for (const Problem& problem : problems.take()) result += render(problem, "f", text);
    return result;
}

TEST(Document, KeepsThePlaceOfEveryValue) {
    Problems problems;
    const std::optional<Node> root = parse_document("a:\n  - one\n  - { k: v }\n", problems);
    ASSERT_TRUE(root.has_value());
    const Node& list = root->entries[0].value;
    EXPECT_EQ(list.items[0].place, (Place{2, 5}));
    EXPECT_EQ(list.items[1].entries[0].value.place, (Place{3, 10}));
}

TEST(Document, DuplicateKeysAreErrorsThatNameTheFirst) {
    EXPECT_THAT(
        problem_of("a: 1\nb: 2\na: 3\n"),
        AllOf(HasSubstr("f:3:1: error: duplicate key \"a\""), HasSubstr("already on line 1")));
    EXPECT_THAT(problem_of("x: { a: 1, a: 2 }\n"), HasSubstr("f:1:12: error: duplicate key \"a\""));
}

TEST(Document, AnAliasBombRunsIntoTheBudget) {
    const auto name = [](int i) { return "a" + std::to_string(i); };
    std::string text = "a0: &a0 [x, x]\n";
    for (int i = 1; i < 40; ++i) {
        text += name(i) + ": &" + name(i) + " [*" + name(i - 1) + ", *" + name(i - 1) + "]\n";
    }
    EXPECT_THAT(problem_of(text), HasSubstr("more than 50000 values"));
}

TEST(Document, AliasesOfALongTextRunIntoTheBudget) {
    std::string text = "a: &a " + std::string(500'000, 'x') + "\nb: [*a";
    for (int i = 0; i < 1000; ++i) text += ", *a";
    EXPECT_THAT(problem_of(text + "]\n"), HasSubstr("more than 50000 values"));
}

TEST(Document, AnAliasToItselfIsAnError) {
    EXPECT_THAT(problem_of("a: &a [*a]\n"), HasSubstr("an alias inside of what it stands for"));
}

TEST(Document, DeepNestingIsAnError) {
    EXPECT_THAT(problem_of(std::string(40, '[') + std::string(40, ']')),
                HasSubstr("nested more than 32 deep"));
    EXPECT_THAT(problem_of(std::string(100'000, '[')), HasSubstr("error:"));
}

TEST(Document, ASecondDocumentIsAnError) {
    EXPECT_THAT(problem_of("a: 1\n---\nb: 2\n"),
                HasSubstr("f:2:1: error: something follows the end of the document"));
}

TEST(Document, ABracketTooManyIsAnError) {
    for (const std::string text : {"]", "a: 1\n}", ",", "[a]]"})
        EXPECT_THAT(problem_of(text), HasSubstr("error:")) << text;
}

TEST(Document, AnAliasRepeatsWhatItStandsFor) {
    Problems problems;
    const std::optional<Node> root = parse_document("a: &x [1, 2]\nb: *x\n", problems);
    ASSERT_TRUE(root.has_value());
    EXPECT_EQ(root->entries[1].value.items[1].text, "2");
}

TEST(Document, ATagIsAnError) {
    EXPECT_THAT(problem_of("a: !secret x\n"), HasSubstr("a tag (\"!secret\") means nothing"));
}

TEST(Document, ATagThatSaysWhatTheValueIsAnywayIsNone) {
    EXPECT_EQ(
        problem_of("a: !!str x\nb: !!int 1\nc: !!seq [!!float 1.5, !!bool true]\nd: !!map {}\n"
                   "e: !!null ~\n"),
        "");
    EXPECT_THAT(
        problem_of("a: !!python/object:os.system [echo]\n"),
        HasSubstr("f:1:4: error: a tag (\"!!python/object:os.system\") means nothing here"));
    EXPECT_THAT(problem_of("a: !!binary aGk=\n"), HasSubstr("a tag (\"!!binary\")"));
}

TEST(Document, SyntaxErrorsSayWhereAndWhatIsProbablyWrong) {
    EXPECT_THAT(problem_of("a: [1, 2\nb: 3\n"),
                AllOf(HasSubstr("f:2:"), HasSubstr("not closed by \"]\"")));
    EXPECT_THAT(problem_of("a:\n\tb: 1\n"), HasSubstr("there is a tab on this line"));
}

TEST(Document, AFileThatIsNotTextIsAnError) {
    EXPECT_THAT(problem_of(std::string("a: 1\n\0b", 7)),
                HasSubstr("f:2:1: error: this is not a text file"));
}

TEST(Document, AFileThatIsTooLargeIsAnError) {
    EXPECT_THAT(problem_of(std::string(max_file + 1, ' ')), HasSubstr("more than"));
}

TEST(Document, KeysThatAreNotTextAreErrors) {
    EXPECT_THAT(problem_of("[a]: 1\n"), HasSubstr("a key must be plain text, not a list"));
}

}  // namespace
}  // namespace jetway::deployment
