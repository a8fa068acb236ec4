#include "services/exec/exec.hpp"

#include <csignal>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include "io/testing.hpp"
#include "stream/test_relay.hpp"

namespace jetway::exec {
namespace {

using namespace std::chrono_literals;

/// A zombie that its new parent has not looked at yet is not alive.
bool alive(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string stat;
    std::getline(file, stat);
    const std::size_t name_end = stat.rfind(") ");
    return name_end != std::string::npos && stat[name_end + 2] != 'Z' && stat[name_end + 2] != 'X';
}

/// A caller on the left, exec on the right, with real programs.
struct ExecTest : testing::Test {
    void TearDown() override {
        relay.left.reset();
        service.reset();
    }
    void serve(Settings settings) {
        auto made = make(loop, {*relay.right, "tool", std::move(settings), {}});
        ASSERT_TRUE(made) << made.error().line();
        service = std::move(*made);
        bool offered = false;
        offer = relay.right->offer(
            "tool", capabilities(), *service,
            [&offered](const Result<>& answer) { offered = answer.has_value(); });
        ASSERT_TRUE(until([&] { return offered; }));
    }
    void run(const std::string& command) {
        Settings settings;
        settings.set("run", command);
        serve(settings);
        open();
    }
    void open() { caller.stream = relay.left->open(stream::open_to("tool"), caller); }
    bool until(const std::function<bool()>& done) { return io::run_until(loop, done); }
    bool finished() {
        return until([this] { return caller.has("finish") || caller.has("end"); });
    }
    void say(const std::string& text) { caller.stream->write(Buffer::copy_of(text)); }
    /// The program's first line is its process id.
    pid_t first_line_as_pid() {
        EXPECT_TRUE(until([this] { return caller.data.find('\n') != std::string::npos; }));
        return static_cast<pid_t>(std::strtol(caller.data.c_str(), nullptr, 10));
    }

    io::EventLoop loop;
    stream::Witness caller;
    std::unique_ptr<stream::Service> service;
    stream::Relay relay{loop};
    Handle offer;
};

TEST_F(ExecTest, ATextRunsInAShellJoinedToTheStream) {
    run("tr a-z A-Z");
    say("hello\n");
    caller.stream->finish();
    ASSERT_TRUE(until([&] { return caller.has("done"); }));
    EXPECT_EQ(caller.data, "HELLO\n");
    EXPECT_TRUE(caller.outcome.has_status());
    EXPECT_EQ(caller.outcome.status(), 0);
    EXPECT_EQ(caller.outcome.code(), 0U);
}

TEST_F(ExecTest, AListIsArgv) {
    Settings settings;
    settings.set("run", Settings::Values{"printf", "%s|", "$HOME", "a b"});
    serve(settings);
    open();
    ASSERT_TRUE(finished());
    EXPECT_EQ(caller.data, "$HOME|a b|");
}

TEST_F(ExecTest, EveryStreamHasAProcessOfItsOwn) {
    run("echo $$; cat");
    stream::Witness other;
    other.stream = relay.left->open(stream::open_to("tool"), other);
    ASSERT_TRUE(until([&] { return !caller.data.empty() && !other.data.empty(); }));
    EXPECT_NE(caller.data, other.data);
    other.stream.reset();
}

TEST_F(ExecTest, TheExitStatusComesAfterTheLastByte) {
    run("seq 100000; exit 7");
    ASSERT_TRUE(finished());
    EXPECT_EQ(caller.outcome.status(), 7);
    EXPECT_TRUE(caller.data.ends_with("\n100000\n"));
}

TEST_F(ExecTest, ASignalIsAStatusOf128AndItsNumber) {
    run("kill -TERM $$");
    ASSERT_TRUE(finished());
    EXPECT_EQ(caller.outcome.status(), 128 + SIGTERM);
}

TEST_F(ExecTest, AProgramThatCannotBeStartedIsRefusedWithTheReason) {
    Settings settings;
    settings.set("run", Settings::Values{"/no/such/program", "x"});
    serve(settings);
    open();
    ASSERT_TRUE(until([&] { return caller.has("end"); }));
    EXPECT_EQ(caller.end.code, Code::service_failed);
    EXPECT_NE(caller.end.detail.find("/no/such/program"), std::string::npos) << caller.end.line();
    EXPECT_NE(caller.end.detail.find("No such file"), std::string::npos) << caller.end.line();
}

TEST_F(ExecTest, AMillionLinesComeThroughAProgramInOrder) {
    run("cat");
    std::string sent;
    for (int i = 0; i < 1'000'000; ++i) sent += std::to_string(i) + "\n";
    for (std::size_t at = 0; at < sent.size(); at += 60'000) say(sent.substr(at, 60'000));
    caller.stream->finish();
    ASSERT_TRUE(finished());
    EXPECT_TRUE(caller.data == sent);
}

TEST_F(ExecTest, ASlowReaderMakesTheProgramWait) {
    caller.consumes = false;
    run("seq 3000000");
    ASSERT_TRUE(until([&] { return caller.data.size() >= stream::window / 2; }));
    io::settle(loop);
    EXPECT_LE(caller.data.size(), 2 * stream::window);
    caller.consumes = true;
    caller.stream->consume(caller.data.size());
    ASSERT_TRUE(finished());
    EXPECT_TRUE(caller.data.ends_with("\n3000000\n"));
}

TEST_F(ExecTest, ASlowProgramMakesTheCallerWait) {
    run("read line; echo $line; exec sleep 1000");
    say("first\n" + std::string(8'000'000, 'x'));
    ASSERT_TRUE(until([&] { return caller.data == "first\n"; }));
    io::settle(loop);
    EXPECT_LT(caller.stream->sent(), 4 * stream::window);
}

TEST_F(ExecTest, InputThatTheProgramDoesNotReadGoesNowhere) {
    run("exec <&-; echo closed; cat >/dev/null; exit 4");
    ASSERT_TRUE(until([&] { return caller.data == "closed\n"; }));
    for (int i = 0; i < 100; ++i) say(std::string(50'000, 'x'));
    caller.stream->finish();
    ASSERT_TRUE(finished());
    EXPECT_EQ(caller.outcome.status(), 4);
}

TEST_F(ExecTest, ACallerThatReadsNoMoreBreaksTheProgramsPipe) {
    run("exec yes");
    ASSERT_TRUE(until([&] { return caller.data.size() > 10; }));
    caller.stream->stop({Code::cancelled, "enough"});
    ASSERT_TRUE(finished());
    EXPECT_EQ(caller.outcome.status(), 128 + SIGPIPE);
}

TEST_F(ExecTest, ACallerThatStopsBothEndsEndsTheProgram) {
    run("echo $$; exec sleep 1000");
    const pid_t pid = first_line_as_pid();
    caller.stream->stop({Code::cancelled, "enough"});
    caller.stream->finish();
    EXPECT_TRUE(until([&] { return !alive(pid); }));
    ASSERT_TRUE(finished());
    EXPECT_EQ(caller.outcome.status(), 128 + SIGHUP);
}

TEST_F(ExecTest, AResetReachesTheProgramAtOnce) {
    run("echo $$; exec sleep 1000");
    const pid_t pid = first_line_as_pid();
    const Time before = loop.now();
    caller.stream->reset({Code::cancelled, "Ctrl-C"});
    EXPECT_TRUE(until([&] { return !alive(pid); }));
    EXPECT_LT(loop.now() - before, 900ms) << "HUP was enough";
}

TEST_F(ExecTest, AProgramThatIgnoresHupGetsTermASecondLater) {
    run("trap '' HUP; echo $$; exec sleep 1000");
    const pid_t pid = first_line_as_pid();
    const Time before = loop.now();
    caller.stream->reset({Code::cancelled, "Ctrl-C"});
    EXPECT_TRUE(until([&] { return !alive(pid); }));
    EXPECT_GE(loop.now() - before, 990ms);
    EXPECT_LT(loop.now() - before, 2900ms) << "TERM was enough";
}

TEST_F(ExecTest, AProgramThatIgnoresHupAndTermIsKilled) {
    run("trap '' HUP TERM; echo $$; exec sleep 1000");
    const pid_t pid = first_line_as_pid();
    const Time before = loop.now();
    caller.stream->reset({Code::cancelled, "Ctrl-C"});
    EXPECT_TRUE(until([&] { return !alive(pid); }));
    EXPECT_GE(loop.now() - before, 2900ms);
}

TEST_F(ExecTest, WhatTheProgramStartedEndsWithIt) {
    run("sleep 1000 & echo $!; wait");
    const pid_t grandchild = first_line_as_pid();
    caller.stream->reset({Code::cancelled, "Ctrl-C"});
    EXPECT_TRUE(until([&] { return !alive(grandchild); }));
}

TEST_F(ExecTest, AServiceThatGoesTakesItsProgramsAlong) {
    run("trap '' HUP TERM; echo $$; exec sleep 1000");
    const pid_t pid = first_line_as_pid();
    offer.reset();
    service.reset();
    EXPECT_TRUE(until([&] { return !alive(pid); }));
}

TEST_F(ExecTest, NoProcessIsLeftBehind) {
    run("exit 0");
    ASSERT_TRUE(finished());
    caller.stream->finish();
    ASSERT_TRUE(until([&] { return caller.has("done"); }));
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD);
}

TEST_F(ExecTest, HasALimitOfPrograms) {
    Settings settings;
    settings.set("run", "cat");
    settings.set("limit", "1");
    serve(settings);
    open();
    ASSERT_TRUE(until([&] { return caller.has("opened"); }));
    stream::Witness other;
    other.stream = relay.left->open(stream::open_to("tool"), other);
    ASSERT_TRUE(until([&] { return other.has("end"); }));
    EXPECT_EQ(other.end.code, Code::pressure);
    caller.stream->finish();
    ASSERT_TRUE(until([&] { return caller.has("done"); }));
    stream::Witness third;
    ASSERT_TRUE(until([&] {
        if (third.stream == nullptr || third.has("end")) {
            third.events.clear();
            third.stream = relay.left->open(stream::open_to("tool"), third);
        }
        return third.has("opened");
    })) << "the first one is over";
    third.stream.reset();
}

TEST(Exec, NeedsACommand) {
    io::EventLoop loop;
    stream::Relay relay(loop);
    EXPECT_EQ(make(loop, {*relay.right, "tool", {}, {}}).error().code, Code::bad_file);
    Settings settings;
    settings.set("run", "");
    EXPECT_EQ(make(loop, {*relay.right, "tool", settings, {}}).error().code, Code::bad_file);
    settings.set("run", "cat");
    settings.set("limit", "none");
    EXPECT_EQ(make(loop, {*relay.right, "tool", settings, {}}).error().code, Code::bad_file);
}

}  // namespace
}  // namespace jetway::exec
