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
            EXPECT_THAT(text, HasSubstr("needs \""));
        } else {
            EXPECT_EQ(text, "");
        }
    }
}

TEST(LoadFile, SettingsWithWhichNothingRunsAreErrors) {
    for (const std::string service :
         {"exec: { run: cat, limit: 0 }", "pty-server: { columns: 0 }",
          "pty-server: { rows: 100000 }", "pty-server: { limit: 0 }", "parser-server: { fps: 0 }",
          "gpu-server: { font_size: 0 }", "gpu-server: { format: bmp }",
          "gpu-server: { device: gpu }", "mp4-encoder: { fps: 121 }", "mp4-encoder: { crf: 99 }",
          "mp4-encoder: { preset: foo }", "display-server: { listen: blah }",
          "display-server: { listen: \"0.0.0.0:80\" }", "display-server: { listen: \"unix:/x\" }",
          "replayer: { input: a.cast, speed: fast }", "replayer: { input: a.cast, speed: -3 }"}) {
        EXPECT_THAT(problems_of("machines:\n  a:\n    services:\n      - " + service + "\n"),
                    HasSubstr("f.yml:4:"))
            << service;
    }
}

TEST(LoadFile, StagesOfAPipelineMustFit) {
    const std::string machine =
        "machines: { a: { services: [pty-server, parser-server, recorder, gpu-server, mp4-encoder, "
        "display-server, echo] } }\npipelines: { p: ";
    EXPECT_THAT(problems_of(machine + "pty-server | gpu-server }"),
                AllOf(HasSubstr("gpu-server takes application/x-jetway-screen, but pty-server "
                                "gives application/x-jetway-pty"),
                      HasSubstr("put a parser-server between them")));
    EXPECT_THAT(problems_of(machine + "parser-server | pty-server }"),
                HasSubstr("pty-server takes nothing"));
    EXPECT_EQ(problems_of(machine + "\"pty-server | recorder | echo | parser-server | { "
                                    "display-server ; gpu-server | mp4-encoder }\" }"),
              "");
}

TEST(LoadFile, WhatAServiceSaysOfItselfIsWhatTheFileIsHeldAgainst) {
    const auto types = [](const std::string& type) {
        const bool is_one = type != Kind::any && type != Kind::nothing;
        return is_one ? std::vector<std::string>{type} : std::vector<std::string>{};
    };
    for (const ServiceMaker& maker : service_makers()) {
        if (maker.capabilities == nullptr) continue;
        EXPECT_EQ(maker.capabilities().accepts, types(maker.kind->takes)) << maker.kind->name;
        EXPECT_EQ(maker.capabilities().produces, types(maker.kind->gives)) << maker.kind->name;
    }
}

TEST(LoadFile, TheNameOfAMeshFollowsTheGrammarToo) {
    EXPECT_THAT(problems_of("mesh: ''\nmachines: { a: }"),
                HasSubstr("f.yml:1:7: error: \"\": the name of a mesh may not be empty"));
    EXPECT_THAT(problems_of("mesh: a b\nmachines: { a: }"),
                HasSubstr("the name of a mesh may not contain a space"));
}

TEST(LoadFile, APipelineThatBeginsWithAGroupSaysSo) {
    EXPECT_THAT(problems_of("machines: { a: { services: [echo] } }\npipelines: { p: \"{ echo ; "
                            "echo }\" }"),
                HasSubstr("column 1: a group cannot come first"));
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
