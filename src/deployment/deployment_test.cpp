#include "deployment/deployment.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "deployment/rules_for_tests.hpp"

namespace jetway::deployment {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const Rules rules = rules_for_tests();

Deployment good(std::string_view text) {
    Loaded loaded = load(text, rules);
    for (const Problem& problem : loaded.problems) {
        if (problem.severity == Severity::error) ADD_FAILURE() << render(problem, "test.yml", text);
    }
    return loaded.deployment.value_or(Deployment{});
}

/// All problems of the text, as a person sees them.
std::string problems(std::string_view text) {
    std::string result;
    for (const Problem& problem : load(text, rules).problems)
        result += render(problem, "test.yml", text);
    return result;
}

/// Problems of a machine with `entry` under `services:`.
std::string service_problems(const std::string& entry) {
    return problems("machines:\n  a:\n    services:\n      - " + entry + "\n");
}

Service only_service(const std::string& entry) {
    const Deployment deployment = good("machines:\n  a:\n    services:\n      - " + entry + "\n");
    if (deployment.machines.empty() || deployment.machines[0].services.size() != 1) return {};
    return deployment.machines[0].services[0];
}

std::vector<std::string> listened(const Deployment& deployment, std::string_view machine) {
    std::vector<std::string> result;
    for (const NetworkAddress& address : deployment.find(machine)->listen)
        result.push_back(address.text());
    return result;
}

const std::string seed = example("seed.yml");

TEST(Deployment, LoadsTheSeedFileUnchanged) {
    const Deployment deployment = good(seed);
    EXPECT_EQ(deployment.mesh, "home");
    EXPECT_THAT(deployment.machine_names(), ElementsAre("machine-a", "machine-b", "machine-c"));
    EXPECT_EQ(deployment.find("machine-c")->services[1].name, "encoder-server");
    EXPECT_EQ(deployment.find("machine-c")->services[1].kind, "mp4-encoder");
    EXPECT_EQ(deployment.find("machine-a")->terminals[1].machine, "machine-c");
}

TEST(Deployment, DerivesWhatTheSeedsMachinesListenOnFromTheOthersTerminals) {
    const Deployment deployment = good(seed);
    EXPECT_THAT(listened(deployment, "machine-a"), ElementsAre("10.0.0.1:9001", "10.0.0.1:9002"));
    EXPECT_THAT(listened(deployment, "machine-b"), ElementsAre("10.0.0.2:9001", "10.0.0.2:9002"));
    EXPECT_THAT(listened(deployment, "machine-c"), ElementsAre("10.0.0.3:9001", "10.0.0.3:9002"));
    EXPECT_TRUE(deployment.find("machine-a")->listen_derived);
}

TEST(Deployment, WarnsThatATypoInDerivedAddressesCannotBeNoticed) {
    EXPECT_EQ(load(seed, rules).warnings, 3U);
    EXPECT_THAT(
        problems(seed),
        HasSubstr("test.yml:27:3: warning: \"machine-c\" has no listen:, so it listens where "
                  "the other terminals dial it: 10.0.0.3:9001, 10.0.0.3:9002"));
}

TEST(Deployment, LoadsTheHairpinExampleWithoutAWarning) {
    EXPECT_EQ(problems(example("hairpin/deployment.yml")), "");
}

TEST(Deployment, ReadsTheFullerForm) {
    const Deployment deployment = good(R"(
mesh: garage
machines:
  lab:
    listen: 127.0.0.1:9001
    services:
      - pty-server
      - mp4-encoder: { output: out.mp4, fps: 30 }
      - upper: { run: "tr a-z A-Z" }
      - second: { kind: mp4-server, crf: 18.5 }
    terminals:
      - { name: to-edge, address: "unix:/tmp/edge.sock", link: fast, insecure: true }
      - { name: loop, type: loopback }
  edge: { listen: ["unix:/tmp/edge.sock", "[::1]:9002"] }
pipelines:
  demo: pty-server | upper
discovery: { heartbeat: 2s, detect: 250ms }
streams: { resume: 120s, memory: 1 GiB, message: 256 MiB }
)");
    const Machine& lab = *deployment.find("lab");
    EXPECT_EQ(deployment.mesh, "garage");
    EXPECT_EQ(lab.services[1].settings.text("fps", "").value(), "30");
    EXPECT_EQ(lab.services[2].kind, "exec");
    EXPECT_EQ(lab.services[3].kind, "mp4-encoder");
    EXPECT_EQ(lab.terminals[0].link, "fast");
    EXPECT_TRUE(lab.terminals[0].insecure);
    EXPECT_EQ(lab.terminals[1].type, TerminalType::loopback);
    EXPECT_THAT(listened(deployment, "edge"), ElementsAre("unix:/tmp/edge.sock", "[::1]:9002"));
    EXPECT_EQ(deployment.pipelines[0].text, "pty-server | upper");
    EXPECT_EQ(deployment.heartbeat, std::chrono::seconds(2));
    EXPECT_EQ(deployment.detect, std::chrono::milliseconds(250));
    EXPECT_EQ(deployment.resume, std::chrono::minutes(2));
    EXPECT_EQ(lab.memory, 1024UL * 1024 * 1024);
    EXPECT_EQ(lab.message, 256UL * 1024 * 1024);
}

TEST(Deployment, AMachineMaySayItsOwnLimits) {
    const Deployment deployment =
        good(R"(machines: { lab: { memory: 8 MiB, message: 1 GiB }, edge: })");
    EXPECT_EQ(deployment.find("lab")->message, 1024UL * 1024 * 1024);
    EXPECT_EQ(deployment.find("edge")->message, 64UL * 1024 * 1024);
    EXPECT_EQ(deployment.find("lab")->memory, 8UL * 1024 * 1024);
    EXPECT_EQ(deployment.find("edge")->memory, 64UL * 1024 * 1024);
}

TEST(Deployment, AMachineMayHaveNothingAtAll) {
    EXPECT_THAT(good("machines: { lab: }").find("lab")->services, IsEmpty());
}

TEST(Deployment, AMachineMaySayItsOwnThreads) {
    const Deployment deployment = good("threads: 2\nmachines: { lab: { threads: 8 }, edge: }");
    EXPECT_EQ(deployment.find("lab")->threads, 8U);
    EXPECT_EQ(deployment.find("edge")->threads, 2U);
    EXPECT_EQ(good("machines: { lab: }").find("lab")->threads, 0U) << "as fits its host";
}

// Services.

TEST(Services, ABareBuiltInKindStartsThatKind) {
    EXPECT_EQ(only_service("echo").kind, "echo");
}

TEST(Services, AnotherNameOfAKindStartsItUnderThatName) {
    EXPECT_EQ(only_service("mp4-server").name, "mp4-server");
    EXPECT_EQ(only_service("mp4-server").kind, "mp4-encoder");
}

TEST(Services, AStringIsForTheShellAndAListIsArgv) {
    EXPECT_THAT(*only_service("x: { run: tr a-z A-Z }").settings.find("run"),
                ElementsAre("tr a-z A-Z"));
    EXPECT_THAT(*only_service("x: { run: [tr, a-z, A-Z] }").settings.find("run"),
                ElementsAre("tr", "a-z", "A-Z"));
}

TEST(Services, AListOfOneRunsExactlyThatProgram) {
    EXPECT_THAT(*only_service("x: { run: [cat] }").settings.find("run"), ElementsAre("cat"));
    EXPECT_THAT(*only_service("x: { run: [\"my prog; it's\"] }").settings.find("run"),
                ElementsAre("exec 'my prog; it'\\''s'"));
}

TEST(Services, TheNameOfAKindBeatsRun) {
    EXPECT_EQ(only_service("pty-server: { run: htop }").kind, "pty-server");
}

TEST(Services, AnUnknownBareNameSaysWhatToWrite) {
    EXPECT_THAT(service_problems("db"),
                HasSubstr("test.yml:4:9: error: \"db\" is not a built-in kind of service"));
    EXPECT_THAT(service_problems("db"), HasSubstr("- db: { run: COMMAND }"));
    EXPECT_THAT(service_problems("pty-sever"), HasSubstr("did you mean \"pty-server\"?"));
}

TEST(Services, ExecNeedsACommand) {
    EXPECT_THAT(service_problems("exec"),
                AllOf(HasSubstr("test.yml:4:9: error: \"exec\" needs \"run\", the command"),
                      HasSubstr("- exec: { run: COMMAND }")));
    EXPECT_THAT(service_problems("x: { kind: exec }"), HasSubstr("\"x\" needs \"run\""));
    EXPECT_THAT(service_problems("x: { run: '' }"), HasSubstr("\"run\" needs a value"));
    EXPECT_THAT(service_problems("x: { run: ['', a] }"), HasSubstr("\"run\" needs a value"));
}

TEST(Services, KeysOfLaterVersionsAreRefused) {
    EXPECT_THAT(service_problems("db: { tcp: 127.0.0.1:5432, allow: [a] }"),
                AllOf(HasSubstr("4:15: error: \"tcp\" is not supported by this version of jetway"),
                      HasSubstr("\"allow\" is not supported by this version")));
    EXPECT_THAT(service_problems("echo: { allow: [a] }"),
                HasSubstr("\"allow\" is not supported by this version"));
}

TEST(Services, AnUnknownSettingIsAnErrorWithTheNearestOne) {
    EXPECT_THAT(service_problems("mp4-encoder: { outptu: x }"),
                AllOf(HasSubstr("unknown key \"outptu\" in the settings of a mp4-encoder"),
                      HasSubstr("did you mean \"output\"?")));
}

TEST(Services, ValuesAreHeldAgainstTheirType) {
    EXPECT_THAT(service_problems("mp4-encoder: { fps: many }"),
                HasSubstr("\"fps\" is a whole number, not \"many\""));
    EXPECT_THAT(service_problems("mp4-encoder: { fps: 1.5 }"),
                HasSubstr("\"fps\" is a whole number"));
    EXPECT_THAT(service_problems("mp4-encoder: { crf: good }"), HasSubstr("\"crf\" is a number"));
    EXPECT_THAT(service_problems("mp4-encoder: { idle: 5 }"),
                HasSubstr("\"idle\" is a length of time"));
    EXPECT_THAT(service_problems("gpu-server: { scalar: maybe }"),
                HasSubstr("\"scalar\" is true or false"));
    EXPECT_THAT(service_problems("mp4-encoder: { fps: [1, 2] }"),
                HasSubstr("\"fps\" takes one value, not a list"));
    EXPECT_THAT(service_problems("mp4-encoder: { output: [a] }"),
                HasSubstr("\"output\" takes one value, not a list"));
    EXPECT_THAT(service_problems("mp4-encoder: { fps: }"), HasSubstr("\"fps\" needs a value"));
    EXPECT_THAT(service_problems("x: { run: [] }"), HasSubstr("an empty list for \"run\""));
    EXPECT_THAT(service_problems("x: { run: [[a]] }"),
                HasSubstr("a list of values has a list in it"));
}

TEST(Services, ValuesAreHeldAgainstTheirLimits) {
    EXPECT_THAT(
        service_problems("pty-server: { columns: 0 }"),
        AllOf(HasSubstr("test.yml:4:32: error: \"columns\" is a whole number from 1 to 1000, "
                        "not \"0\""),
              HasSubstr("columns: width in cells")));
    EXPECT_THAT(service_problems("gpu-server: { device: openlc }"),
                AllOf(HasSubstr("\"device\" is any, opencl or scalar, not \"openlc\""),
                      HasSubstr("did you mean \"opencl\"?")));
    EXPECT_THAT(service_problems("display-server: { listen: 0.0.0.0:80 }"),
                HasSubstr("4:35: error: \"listen\": \"0.0.0.0:80\" is not on loopback"));
    EXPECT_EQ(service_problems("display-server: { listen: 127.0.0.1:80 }"), "");
}

TEST(Services, ANumberMayAlsoBeAWord) {
    for (const std::string speed : {"max", "0.5", "1000"})
        EXPECT_EQ(service_problems("replayer: { input: a, speed: " + speed + " }"), "");
    for (const std::string speed : {"fast", "-3", "0", "1001", "nan"}) {
        EXPECT_THAT(service_problems("replayer: { input: a, speed: " + speed + " }"),
                    HasSubstr("\"speed\" is a number from 0.001 to 1000 or max, not \"" + speed));
    }
}

TEST(Services, SayWhichSettingTheyCannotDoWithout) {
    for (const std::string entry : {"replayer", "replayer: { speed: max }", "replayer:"}) {
        EXPECT_THAT(service_problems(entry),
                    AllOf(HasSubstr("4:9: error: \"replayer\" needs \"input\", the file"),
                          HasSubstr("- replayer: { input: VALUE }")));
    }
    EXPECT_THAT(service_problems("replayer: { input: }"), Not(HasSubstr("\"replayer\" needs")))
        << "that it has no value is said already";
}

TEST(Services, TwoOfOneNameOnAMachineAreAnError) {
    EXPECT_THAT(service_problems("echo\n      - echo"),
                AllOf(HasSubstr("test.yml:5:9: error: duplicate service \"echo\""),
                      HasSubstr("already on line 4")));
}

TEST(Services, TheRoutersNameIsTaken) {
    EXPECT_THAT(service_problems("router: { run: x }"), HasSubstr("routing service"));
}

TEST(Services, SettingsThatAreNotIndentedAreRecognised) {
    EXPECT_THAT(service_problems("mp4-encoder:\n        output: x"),
                HasSubstr("indent the settings deeper"));
}

TEST(Services, AKindThatDoesNotExistListsThoseThatDo) {
    EXPECT_THAT(service_problems("x: { kind: mp4 }"), HasSubstr("there is no kind \"mp4\""));
    EXPECT_THAT(service_problems("x: { kind: [echo] }"), HasSubstr("\"kind\" is a single value"));
}

// Machines and terminals.

std::string two_machines(const std::string& a, const std::string& b) {
    return "machines:\n  a: " + a + "\n  b: " + b + "\n";
}

TEST(Terminals, LeadWhereTheirNameSays) {
    const Deployment deployment =
        good(two_machines("{ terminals: [{ name: to-b, address: 127.0.0.2:1 }] }", "{}"));
    EXPECT_EQ(deployment.machines[0].terminals[0].machine, "b");
    EXPECT_THAT(listened(deployment, "b"), ElementsAre("127.0.0.2:1"));
}

TEST(Terminals, LeadWhereTheirAddressSaysWhenTheNameDoesNot) {
    const Deployment deployment = good(two_machines(
        "{ terminals: [{ name: up, address: 127.0.0.2:1 }] }", "{ listen: 127.0.0.2:1 }"));
    EXPECT_EQ(deployment.machines[0].terminals[0].machine, "b");
}

TEST(Terminals, AFromTerminalWaitsToBeDialled) {
    const Deployment deployment =
        good(two_machines("{ listen: 127.0.0.1:1, terminals: [{ name: from-b }] }",
                          "{ terminals: [{ name: to-a, address: 127.0.0.1:1 }] }"));
    EXPECT_EQ(deployment.machines[0].terminals[0].machine, "b");
    EXPECT_FALSE(deployment.machines[0].terminals[0].address.has_value());
}

TEST(Terminals, ToAnUnknownMachineAreAnError) {
    EXPECT_THAT(problems(two_machines(
                    "{ terminals: [{ name: to-machine-x, address: 127.0.0.2:1 }] }", "{}")),
                HasSubstr("terminal \"to-machine-x\" leads to no machine of this file"));
    EXPECT_THAT(problems("machines:\n  lab: { terminals: [{ name: to-edgee, address: 127.0.0.2:1 "
                         "}] }\n  edge: {}\n"),
                HasSubstr("did you mean \"to-edge\"?"));
}

TEST(Terminals, WhoseMachineListensElsewhereAreAnError) {
    EXPECT_THAT(problems(two_machines("{ terminals: [{ name: to-b, address: 127.0.0.2:9010 }] }",
                                      "{ listen: 127.0.0.2:9001 }")),
                AllOf(HasSubstr("error: b does not listen on 127.0.0.2:9010"),
                      HasSubstr("it listens on 127.0.0.2:9001")));
}

TEST(Terminals, MayGoThroughAddressTranslation) {
    const std::string text = two_machines(
        "{ terminals: [{ name: to-b, address: 203.0.113.7:9001 }] }", "{ listen: 10.0.0.2:9001 }");
    EXPECT_THAT(problems(text), HasSubstr("warning: b does not listen on 203.0.113.7:9001"));
    EXPECT_TRUE(load(text, rules).deployment.has_value());
}

TEST(Terminals, MayDialAMachineThatListensOnEveryAddress) {
    EXPECT_EQ(problems(two_machines("{ terminals: [{ name: to-b, address: lab.local:9001 }] }",
                                    "{ listen: \":9001\" }")),
              "");
}

TEST(Terminals, BackToTheirOwnMachineAreAnError) {
    EXPECT_THAT(problems("machines: { a: { listen: 127.0.0.1:1, terminals: [{ name: me, address: "
                         "127.0.0.1:1 }] } }"),
                HasSubstr("leads back to \"a\""));
}

TEST(Terminals, NeedANameAKnownTypeAndNoUnknownKeys) {
    const std::string text = problems(
        "machines:\n  a:\n    terminals:\n      - { type: netwrok, adress: x, cost: 3 }\n");
    EXPECT_THAT(text, HasSubstr("4:9: error: a terminal without a name"));
    EXPECT_THAT(text, HasSubstr("4:17: error: \"netwrok\" is not a type of terminal"));
    EXPECT_THAT(text, HasSubstr("did you mean \"network\"?"));
    EXPECT_THAT(text, HasSubstr("unknown key \"adress\" in a terminal"));
    EXPECT_THAT(text, HasSubstr("\"cost\" is not supported by this version"));
}

TEST(Terminals, ParallelOnesNeedLinkNames) {
    const std::string terminal = "{ name: to-b, address: 127.0.0.2:1 }";
    const std::string second = "{ name: b2, address: 127.0.0.2:1 }";
    EXPECT_THAT(problems(two_machines("{ terminals: [" + terminal + ", " + second + "] }",
                                      "{ listen: 127.0.0.2:1 }")),
                HasSubstr("warning: a second terminal to \"b\""));
    const std::string named =
        "{ name: to-b, link: x, address: 127.0.0.2:1 }, { name: b2, link: x, address: 127.0.0.2:1 "
        "}";
    EXPECT_THAT(problems(two_machines("{ terminals: [" + named + "] }", "{ listen: 127.0.0.2:1 }")),
                HasSubstr("error: link \"x\" to \"b\" is used twice"));
}

TEST(Terminals, OfOneNameAreAnError) {
    EXPECT_THAT(problems("machines: { a: { terminals: [{ name: x, type: loopback }, { name: x, "
                         "type: local }] } }"),
                HasSubstr("duplicate terminal \"x\""));
}

TEST(Machines, ListeningOnOneAddressAreAnError) {
    EXPECT_THAT(problems(two_machines("{ listen: 127.0.0.1:9001 }", "{ listen: 127.0.0.1:9001 }")),
                AllOf(HasSubstr("3:16: error: \"127.0.0.1:9001\" is listened on by both a and b"),
                      HasSubstr("on line 2")));
}

TEST(Machines, WithATypoInATerminalAreFoundWhenTwoDeriveTheSameAddress) {
    EXPECT_THAT(problems("machines:\n"
                         "  a: { terminals: [{ name: to-b, address: 127.0.0.2:1 }, { name: to-c, "
                         "address: 127.0.0.2:1 }] }\n"
                         "  b:\n  c:\n"),
                HasSubstr("is listened on by both b and c"));
}

TEST(Machines, ThatNobodyReachesAreWarnedAbout) {
    EXPECT_THAT(problems("machines: { a: , b: }"),
                HasSubstr("warning: no terminal leads to or from \"a\""));
}

TEST(Machines, CannotListenOnAHostName) {
    EXPECT_THAT(problems("machines: { a: { listen: lab.local:9001 } }"),
                HasSubstr("write :9001 for every address"));
}

TEST(Machines, CannotBeNamedLikeAFolder) {
    EXPECT_THAT(problems("machines: { ..: }"), HasSubstr("cannot name a machine"));
}

TEST(Machines, DerivedFromAHostNameNeedListen) {
    EXPECT_THAT(
        problems(two_machines("{ terminals: [{ name: to-b, address: lab.local:9001 }] }", "{}")),
        HasSubstr("does not say on which IP address"));
}

// Pipelines and the rest of the file.

TEST(Pipelines, NameServicesOfTheFile) {
    const std::string machines = "machines:\n  a: { services: [echo] }\npipelines:\n  p: ";
    EXPECT_EQ(problems(machines + "\"echo | { echo ; echo@a }\""), "");
    EXPECT_THAT(
        problems(machines + "echo | ecko"),
        AllOf(HasSubstr(
                  "4:6: error: pipeline \"p\" names a service that no machine offers: \"ecko\""),
              HasSubstr("did you mean \"echo\"?")));
    EXPECT_THAT(problems(machines + "echo@b"),
                HasSubstr("names a machine that is not in this file: \"b\""));
    EXPECT_THAT(problems(machines + "echo |"), HasSubstr("column 6: a name is missing"));
    EXPECT_THAT(problems(machines + "{ echo ; echo }"), HasSubstr("quote a text that begins with"));
}

TEST(Pipelines, SayWhoOffersNothing) {
    const std::string machines = "machines: { a: , b: { services: [echo] } }\npipelines:\n  p: ";
    EXPECT_THAT(problems(machines + "cat@a"), HasSubstr("\"a\" has no services"));
    EXPECT_THAT(problems("machines: { a: }\npipelines: { p: cat }"),
                HasSubstr("no machine of this file has services"));
}

/// Problems of a pipeline on a machine that has all kinds.
std::string pipeline_problems(const std::string& text) {
    return problems(
        "machines:\n  a:\n    services: [echo, pty-server, parser-server, gpu-server, mp4-encoder, "
        "display-server, recorder, x: { run: cat }]\npipelines:\n  p: \"" +
        text + "\"");
}

TEST(Pipelines, WhoseStagesFitHaveNoProblem) {
    for (const std::string text :
         {"pty-server | parser-server | gpu-server | mp4-encoder",
          "pty-server | recorder | parser-server | { display-server ; gpu-server | mp4-encoder }",
          "pty-server | { recorder ; parser-server | { display-server ; display-server@a } }",
          "pty-server | echo | gpu-server", "x | echo | x | mp4-encoder", "parser-server"}) {
        EXPECT_EQ(pipeline_problems(text), "");
    }
}

TEST(Pipelines, WhoseStagesDoNotFitNameBoth) {
    EXPECT_THAT(
        pipeline_problems("pty-server | gpu-server@a"),
        AllOf(HasSubstr("5:6: error: pipeline \"p\": gpu-server@a takes screen, but pty-server "
                        "gives bytes"),
              HasSubstr("put a parser-server between them")));
    EXPECT_THAT(pipeline_problems("pty-server | parser-server | { display-server ; mp4-encoder }"),
                HasSubstr("mp4-encoder takes picture, but parser-server gives screen"));
    EXPECT_THAT(
        pipeline_problems("pty-server | { parser-server | { gpu-server ; echo } ; gpu-server }"),
        HasSubstr("gpu-server takes screen, but pty-server gives bytes"));
}

TEST(Pipelines, WithASourceInTheMiddleNameBoth) {
    EXPECT_THAT(pipeline_problems("parser-server | pty-server"),
                AllOf(HasSubstr("pty-server takes nothing, so it cannot follow parser-server"),
                      HasSubstr("a pty-server is a source: it comes first")));
}

TEST(Pipelines, ThatGoOnAfterTheirEndNameBoth) {
    EXPECT_THAT(pipeline_problems("parser-server | display-server | echo"),
                HasSubstr("display-server gives nothing that echo could take"));
}

TEST(Pipelines, MayNameAServiceThatFitsOnOneOfItsMachines) {
    EXPECT_EQ(
        problems("machines:\n  a: { listen: 127.0.0.1:1, services: [pty-server, x: { kind: "
                 "gpu-server }] }\n  b: { services: [x: { kind: parser-server }], terminals: "
                 "[{ name: to-a, address: 127.0.0.1:1 }] }\npipelines: { p: pty-server | x }"),
        "");
}

TEST(Expectations, SayWhatHoldsWhenSomethingFails) {
    const Loaded loaded = load(
        "machines: { a: { services: [echo] } }\nexpect:\n"
        "  - { fail: any-one-link, then: \"reachable(echo, from: a)\", within: 2s }\n"
        "  - { fail: a, then: \" unreachable( echo ,from:a ) \" }\n",
        rules);
    ASSERT_TRUE(loaded.deployment) << loaded.errors;
    const Expectation& first = loaded.deployment->expectations.at(0);
    const Expectation& second = loaded.deployment->expectations.at(1);
    EXPECT_EQ(first.fail, "any-one-link");
    EXPECT_TRUE(first.reachable);
    EXPECT_EQ(first.service, "echo");
    EXPECT_EQ(first.from, "a");
    EXPECT_EQ(first.within, Duration(std::chrono::seconds(2)));
    EXPECT_FALSE(second.reachable);
    EXPECT_EQ(second.service, "echo");
    EXPECT_EQ(second.within, std::nullopt);
}

TEST(Expectations, ThatCannotBeReadOrMeanNothingAreErrors) {
    const auto problems_of = [](const std::string& expect) {
        return problems("machines: { lab: { services: [echo] } }\nexpect: " + expect);
    };
    EXPECT_THAT(problems_of("[{ then: \"reachable(echo, from: lab)\" }]"),
                HasSubstr("2:10: error: an expectation says what fails"));
    for (const char* then :
         {"", "reachable", "reachable(echo)", "reachable(echo, from lab)",
          "reachable(echo, from: lab", "reachable(, from: lab)", "reachable(echo, from: lab) x"}) {
        EXPECT_THAT(problems_of("[{ fail: lab, then: \"" + std::string(then) + "\" }]"),
                    HasSubstr("an expectation says what then holds"))
            << then;
    }
    EXPECT_THAT(problems_of("[{ fail: lab, then: \"reachable(ecko, from: lab)\" }]"),
                HasSubstr("did you mean \"echo\"?"));
    EXPECT_THAT(problems_of("[{ fail: lab, then: \"reachable(echo, from: lap)\" }]"),
                HasSubstr("did you mean \"lab\"?"));
    EXPECT_THAT(problems_of("{ fail: lab }"), HasSubstr("\"expect\" is a list"));
    EXPECT_THAT(problems_of("[{ fail: lab, them: x }]"), HasSubstr("did you mean \"then\"?"));
}

TEST(File, KeysOfLaterVersionsAreRefused) {
    EXPECT_THAT(problems("machines: { a: }\nallow: []\n"),
                HasSubstr("2:1: error: \"allow\" is not supported by this version"));
    EXPECT_THAT(problems("machines: { a: }\ndiscovery: { registry: embedded }\n"),
                HasSubstr("\"registry\" is not supported"));
    EXPECT_THAT(problems("machines: { a: { listen: \"ws://10.0.0.1:80\" } }"),
                HasSubstr("\"ws:\" addresses are not supported by this version"));
}

TEST(File, ReportsAllProblemsInTheOrderOfTheFile) {
    const Loaded loaded = load(
        "mesh: [a]\nmachines:\n  a: { listen: 10.0.0.1 }\n  b: { services: [nope] }\nextra: 1\n",
        rules);
    EXPECT_EQ(loaded.errors, 4U);
    std::vector<int> lines;
    for (const Problem& problem : loaded.problems) {
        if (problem.severity == Severity::error) lines.push_back(problem.place.line);
    }
    EXPECT_THAT(lines, ElementsAre(1, 3, 4, 5));
}

TEST(File, WithoutMachinesSaysWhatToBeginWith) {
    EXPECT_THAT(problems(""), HasSubstr("a deployment has machines"));
    EXPECT_THAT(problems("mesh: x"), HasSubstr("a deployment has machines"));
    EXPECT_THAT(problems("just text"), HasSubstr("the file is a mapping, not a single value"));
}

TEST(File, TimesOutOfRangeAreErrors) {
    EXPECT_THAT(problems("machines: { a: }\ndiscovery: { detect: 1ms }"),
                HasSubstr("\"detect\" is out of range"));
    EXPECT_THAT(problems("machines: { a: }\ndiscovery: { detect: fast }"),
                HasSubstr("\"fast\" is not a length of time"));
}

TEST(File, SizesOutOfRangeAreErrors) {
    EXPECT_THAT(problems("machines: { a: }\nstreams: { memory: 1 MiB }"),
                HasSubstr("\"memory\" is out of range"));
    EXPECT_THAT(problems("machines: { a: { message: 2 GiB } }"),
                HasSubstr("write a size from 64 KiB to 1 GiB, as in 64 MiB"));
    EXPECT_THAT(problems("machines: { a: { memory: lots } }"),
                HasSubstr("write a size from 4 MiB to 64 GiB, as in 64 MiB"));
}

TEST(File, ThreadsOutOfRangeAreErrors) {
    for (const std::string text : {"0", "65", "many", "-1", "1.5", "''"}) {
        EXPECT_THAT(
            problems("machines: { a: { threads: " + text + " } }"),
            AllOf(HasSubstr("test.yml:1:27: error: \"threads\" is a whole number from 1 to 64"),
                  HasSubstr("write such a number, or leave it out")))
            << text;
    }
    EXPECT_THAT(problems("threads: 100\nmachines: { a: }"), HasSubstr("not \"100\""));
}

// insecure

TEST(Insecure, AddressesThatLeaveTheHostAreNamed) {
    const Deployment deployment = good(seed);
    const std::vector<Problem> found = unprotected(deployment, deployment.machines[0]);
    ASSERT_EQ(found.size(), 4U);
    EXPECT_THAT(found[0].message, HasSubstr("machine-a dials 10.0.0.2:9001 without encryption"));
}

TEST(Insecure, CanBeAllowedForTheFileOrATerminal) {
    const Deployment file = good("insecure: true\n" + seed);
    EXPECT_THAT(unprotected(file, file.machines[0]), IsEmpty());
    const Deployment one = good(
        two_machines("{ terminals: [{ name: to-b, address: 10.0.0.2:1, insecure: true }] }", "{}"));
    EXPECT_THAT(unprotected(one, one.machines[0]), IsEmpty());
    EXPECT_THAT(unprotected(one, one.machines[1]), IsEmpty());
}

TEST(Insecure, LoopbackAddressesNeedNothing) {
    const Deployment deployment = good(
        two_machines("{ listen: [127.0.0.1:1, \"[::1]:1\", \"unix:/x\", localhost:2] }", "{}"));
    EXPECT_THAT(unprotected(deployment, deployment.machines[0]), IsEmpty());
}

// Any bytes.

RC_GTEST_PROP(File, AnyTextGivesADeploymentOrAnError, (const std::string& text)) {
    const Loaded loaded = load(text, rules);
    RC_ASSERT(loaded.deployment.has_value() == (loaded.errors == 0));
    for (const Problem& problem : loaded.problems) RC_ASSERT(!render(problem, "x", text).empty());
}

RC_GTEST_PROP(File, TheSeedWithOneByteChangedGivesADeploymentOrAnError, ()) {
    std::string text = seed;
    text[*rc::gen::inRange<std::size_t>(0, text.size())] = *rc::gen::arbitrary<char>();
    const Loaded loaded = load(text, rules);
    RC_ASSERT(loaded.deployment.has_value() == (loaded.errors == 0));
}

}  // namespace
}  // namespace jetway::deployment
