// The real kinds and the real grammar meet the loader here.
#include "cli/load_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/kinds.hpp"

namespace jetway::cli {
namespace {

using ::testing::HasSubstr;

std::string example(const std::string& name) {
    const std::string here = __FILE__;
    return here.substr(0, here.rfind("/src/")) + "/examples/" + name;
}

std::string problems_of(const std::string& text) {
    LoadedFile file{"f.yml", text, deployment::load(text, deployment_rules())};
    return shown_problems(file);
}

TEST(LoadFile, TheSeedFileHasNoErrors) {
    EXPECT_EQ(load_file(example("seed.yml"))->loaded.errors, 0U);
}

TEST(LoadFile, TheHairpinExampleHasNoProblems) {
    const auto file = load_file(example("hairpin/deployment.yml"));
    EXPECT_EQ(shown_problems(*file), "");
}

TEST(LoadFile, EveryKindStartsByItsBareNameOrSaysWhatItNeeds) {
    for (const ServiceMaker& maker : service_makers()) {
        const std::string text =
            problems_of("machines: { a: { services: [" + maker.kind->name + "] } }");
        if (maker.kind->name == "exec") {
            EXPECT_THAT(text, HasSubstr("needs the command"));
        } else {
            EXPECT_EQ(text, "");
        }
    }
}

TEST(LoadFile, NamesFollowTheGrammarOfTheWire) {
    EXPECT_THAT(problems_of("machines: { \"a b\": }"), HasSubstr("f.yml:1:13: error"));
    EXPECT_THAT(problems_of("machines: { a: { services: [ { \"x|y\": { run: cat } } ] } }"),
                HasSubstr("error"));
    EXPECT_THAT(
        problems_of("machines: { a: { services: [echo] } }\npipelines: { p: \"echo | | echo\" }"),
        HasSubstr("f.yml:2:17: error"));
}

TEST(LoadFile, AMissingFileIsAnIoErrorThatNamesIt) {
    const auto file = load_file("/nonexistent/deployment.yml");
    EXPECT_EQ(file.error().code, Code::io);
    EXPECT_THAT(file.error().detail, HasSubstr("/nonexistent/deployment.yml"));
}

TEST(FindMachine, WithoutANameTheOnlyOneOrTheChoices) {
    const auto one = deployment::load("machines: { lab: }", deployment_rules()).deployment.value();
    EXPECT_EQ((*find_machine(one, ""))->name, "lab");
    const auto two =
        deployment::load(
            "machines: { lab: { terminals: [{ name: to-edge, address: 127.0.0.2:1 }] }, edge: }",
            deployment_rules())
            .deployment.value();
    EXPECT_THAT(find_machine(two, "").error().next, HasSubstr("lab, edge"));
    EXPECT_THAT(find_machine(two, "egde").error().next, HasSubstr("did you mean --machine edge?"));
}

}  // namespace
}  // namespace jetway::cli
