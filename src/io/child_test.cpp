#include "io/child.hpp"

#include <array>
#include <cstring>
#include <fstream>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/testing.hpp"

namespace jetway::io {
namespace {

using namespace std::chrono_literals;
using Streams = ChildOptions::Streams;

std::vector<std::string> shell(const std::string& script) {
    return {"/bin/sh", "-c", script};
}

bool exists(pid_t pid) {
    return kill(pid, 0) == 0;
}

/// A process that is not ours to wait for, watched through /proc; a zombie counts as gone.
bool runs(pid_t pid) {
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    std::string line;
    if (!std::getline(stat, line)) return false;
    return line.at(line.rfind(')') + 2) != 'Z';
}

struct ChildTest : testing::Test {
    EventLoop loop;
    std::unique_ptr<Child> child;
    std::optional<Exit> exit;
    StreamRecord output;
    StreamRecord errors;

    void start(const ChildOptions& options) {
        auto result = start_child(loop, options);
        ASSERT_TRUE(result) << result.error().line();
        child = std::move(*result);
        child->set_on_exit([this](Exit how) { exit = how; });
        output.watch(child->output());
        errors.watch(child->errors());
    }
    void start(const std::string& script, Streams streams = Streams::pipes) {
        ChildOptions options;
        options.argv = shell(script);
        options.streams = streams;
        start(options);
    }
    bool wait_for(const std::function<bool()>& done) { return run_until(loop, done); }
    bool finished() {
        return wait_for([this] {
            return exit && output.ended && (child->errors() == nullptr || errors.ended);
        });
    }
    /// Polls something the loop cannot see, such as another process's end.
    bool comes_true(const std::function<bool()>& condition) {
        std::function<void()> look = [this, &look] { again = loop.after(2ms, look); };
        look();
        const bool result = wait_for(condition);
        again.reset();
        return result;
    }
    Handle again;
};

TEST_F(ChildTest, PipesJoinStdinStdoutAndStderr) {
    start("cat; echo warning >&2; exit 3");
    child->input()->write(Buffer::copy_of("through the child"));
    child->input()->finish_writing();
    ASSERT_TRUE(finished());
    EXPECT_EQ(output.text, "through the child");
    EXPECT_EQ(errors.text, "warning\n");
    EXPECT_EQ(exit->status, 3);
    EXPECT_EQ(exit->signal, 0);
}

TEST_F(ChildTest, MuchDataGoesThroughWhole) {
    start("cat");
    std::string bytes(4 << 20, '\0');
    for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = static_cast<char>(i * 31 + (i >> 13U));
    for (std::size_t at = 0; at < bytes.size(); at += 50'000) {
        child->input()->write(Buffer::copy_of(std::string_view(bytes).substr(at, 50'000)));
    }
    child->input()->finish_writing();
    ASSERT_TRUE(finished());
    EXPECT_TRUE(output.text == bytes);
}

TEST_F(ChildTest, AnExitLeavesNoZombie) {
    start("exit 0");
    const pid_t pid = child->pid();
    ASSERT_TRUE(wait_for([&] { return exit.has_value(); }));
    EXPECT_FALSE(exists(pid));
    EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
}

TEST_F(ChildTest, OutputThatIsReadLateIsStillThereAfterTheExit) {
    ChildOptions options;
    options.argv = shell("echo late");
    auto started = start_child(loop, options);
    ASSERT_TRUE(started);
    child = std::move(*started);
    child->set_on_exit([this](Exit how) { exit = how; });
    ASSERT_TRUE(wait_for([&] { return exit.has_value(); }));
    output.watch(child->output());
    ASSERT_TRUE(wait_for([&] { return output.ended; }));
    EXPECT_EQ(output.text, "late\n");
}

TEST_F(ChildTest, ASignalIsToldAsAShellTellsIt) {
    start("kill -TERM $$");
    ASSERT_TRUE(finished());
    EXPECT_EQ(exit->status, 128 + SIGTERM);
    EXPECT_EQ(exit->signal, SIGTERM);
}

TEST_F(ChildTest, AProgramThatIsNotThereIsNamed) {
    ChildOptions options;
    options.argv = {"no-such-program-anywhere"};
    const auto result = start_child(loop, options);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Code::io);
    EXPECT_NE(result.error().detail.find("no-such-program-anywhere: No such file"),
              std::string::npos)
        << result.error().line();
    EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
}

TEST_F(ChildTest, AProgramThatMayNotBeRunSaysSo) {
    const TemporaryDirectory directory;
    std::ofstream(directory / "data") << "no program";
    ChildOptions options;
    options.argv = {directory / "data"};
    const auto result = start_child(loop, options);
    ASSERT_FALSE(result);
    EXPECT_NE(result.error().detail.find("Permission denied"), std::string::npos);
}

TEST_F(ChildTest, AMissingDirectoryIsNamed) {
    ChildOptions options;
    options.argv = shell("true");
    options.directory = "/no/such/directory";
    const auto result = start_child(loop, options);
    ASSERT_FALSE(result);
    EXPECT_NE(result.error().detail.find("/no/such/directory"), std::string::npos);
    EXPECT_FALSE(start_child(loop, ChildOptions{}));
}

TEST_F(ChildTest, DirectoryAndEnvironmentAreTheChildsAlone) {
    ChildOptions options;
    options.argv = shell("pwd; echo $JETWAY_TEST $HOME");
    options.directory = "/usr";
    options.environment = {{"JETWAY_TEST", "given"}, {"HOME", "/replaced"}};
    start(options);
    ASSERT_TRUE(finished());
    EXPECT_EQ(output.text, "/usr\ngiven /replaced\n");
    EXPECT_EQ(getenv("JETWAY_TEST"), nullptr);
}

TEST_F(ChildTest, PathIsSearchedInOrderAndMayBeGiven) {
    const TemporaryDirectory directory;
    const std::string program = directory / "jetway-test-program";
    std::ofstream(program) << "#!/bin/sh\necho found $1\n";
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
    ChildOptions options;
    options.argv = {"jetway-test-program", "it"};
    options.environment = {{"PATH", "/nowhere:" + directory.path() + ":/usr/bin:/bin"}};
    start(options);
    ASSERT_TRUE(finished());
    EXPECT_EQ(output.text, "found it\n");
}

TEST_F(ChildTest, NoOtherDescriptorReachesTheProgram) {
    const int leaky = dup(0);  // without FD_CLOEXEC
    start("ls /proc/self/fd");
    ASSERT_TRUE(finished());
    EXPECT_EQ(output.text, "0\n1\n2\n3\n");  // 3 is the directory that ls reads
    close(leaky);
}

TEST_F(ChildTest, SignalsHaveTheirDefaultMeaningInTheProgram) {
    const Handle handler = loop.on_signal({SIGUSR1}, [](int) {});
    start("exec cat /proc/self/status");
    ASSERT_TRUE(finished());
    for (const char* set : {"SigBlk", "SigIgn", "SigCgt"}) {
        EXPECT_NE(output.text.find(set + std::string(":\t0000000000000000\n")), std::string::npos)
            << output.text;
    }
}

TEST_F(ChildTest, AClosedOutputEndsAProgramThatWritesForEver) {
    start("exec yes");
    ASSERT_TRUE(wait_for([&] { return output.received > 100; }));
    child->close_output();
    EXPECT_EQ(child->output(), nullptr);
    ASSERT_TRUE(wait_for([&] { return exit.has_value(); }));
    EXPECT_EQ(exit->signal, SIGPIPE);
}

TEST_F(ChildTest, ATerminalIsTheProgramsControllingOne) {
    start("test -t 0 && test -t 1 && test -t 2 && stty size && echo here > /dev/tty; exit 7",
          Streams::terminal);
    ASSERT_TRUE(finished());
    EXPECT_EQ(output.text, "24 80\r\nhere\r\n");
    EXPECT_EQ(exit->status, 7);
    EXPECT_EQ(child->errors(), nullptr);
    EXPECT_FALSE(output.failure);
}

TEST_F(ChildTest, AResizeReachesTheProgram) {
    start("trap 'stty size; exit 0' WINCH; echo ready; while :; do read line; done",
          Streams::terminal);
    ASSERT_TRUE(wait_for([&] { return output.text.find("ready") != std::string::npos; }));
    ASSERT_TRUE(child->resize(132, 43));
    ASSERT_TRUE(wait_for([&] { return exit.has_value() && output.ended; }));
    EXPECT_NE(output.text.find("43 132"), std::string::npos) << output.text;
}

TEST_F(ChildTest, AResizeWithoutATerminalIsAnError) {
    start("true");
    EXPECT_FALSE(child->resize(1, 1));
    EXPECT_TRUE(finished());
}

TEST_F(ChildTest, TypingControlCInterruptsTheProgram) {
    start("echo ready; exec sleep 1000", Streams::terminal);
    ASSERT_TRUE(wait_for([&] { return output.text.find("ready") != std::string::npos; }));
    child->input()->write(Buffer::copy_of("\x03"));
    ASSERT_TRUE(finished());
    EXPECT_EQ(exit->signal, SIGINT);
}

TEST_F(ChildTest, ASignalGoesToTheWholeGroup) {
    start("sleep 1000 & echo $!; wait");
    ASSERT_TRUE(wait_for([&] { return output.text.find('\n') != std::string::npos; }));
    const pid_t grandchild = std::stoi(output.text);
    child->signal(SIGTERM);
    ASSERT_TRUE(wait_for([&] { return exit.has_value(); }));
    EXPECT_TRUE(comes_true([&] { return !runs(grandchild); }));
}

TEST_F(ChildTest, StopInsistsUntilTheProgramIsGone) {
    start("trap 'echo hup' HUP; trap 'echo term' TERM; echo ready; while :; do sleep 0.01; done");
    ASSERT_TRUE(wait_for([&] { return output.text.find("ready") != std::string::npos; }));
    child->stop(30ms);
    ASSERT_TRUE(finished());
    EXPECT_EQ(exit->signal, SIGKILL);
    EXPECT_EQ(output.text, "ready\nhup\nterm\n");
}

TEST_F(ChildTest, TheGroupGoesWithItsOwner) {
    start("trap '' HUP TERM; sleep 1000 & echo $!; wait");
    ASSERT_TRUE(wait_for([&] { return output.text.find('\n') != std::string::npos; }));
    const pid_t pid = child->pid();
    const pid_t grandchild = std::stoi(output.text);
    child.reset();
    EXPECT_TRUE(comes_true([&] { return !runs(grandchild); }));
    EXPECT_TRUE(comes_true([&] { return !exists(pid); })) << "a zombie is left";
    EXPECT_FALSE(exit);
}

TEST_F(ChildTest, WhatAFinishedProgramLeftBehindGoesWithItsOwner) {
    start("trap '' HUP; sleep 1000 & echo $!");
    ASSERT_TRUE(
        wait_for([&] { return exit.has_value() && output.text.find('\n') != std::string::npos; }));
    const pid_t grandchild = std::stoi(output.text);
    EXPECT_TRUE(runs(grandchild));
    child.reset();
    EXPECT_TRUE(comes_true([&] { return !runs(grandchild); }));
}

TEST_F(ChildTest, ALoopThatGoesLeavesNoZombieEither) {
    pid_t pid = 0;
    {
        EventLoop short_lived;
        ChildOptions options;
        options.argv = {"sleep", "1000"};
        auto started = start_child(short_lived, options);
        ASSERT_TRUE(started);
        pid = (*started)->pid();
    }
    EXPECT_FALSE(exists(pid));
}

TEST_F(ChildTest, AHundredChildrenAreAllReaped) {
    std::vector<std::unique_ptr<Child>> children;
    int ended = 0;
    for (int i = 0; i < 100; ++i) {
        ChildOptions options;
        options.argv = shell("exit " + std::to_string(i));
        auto started = start_child(loop, options);
        ASSERT_TRUE(started);
        (*started)->set_on_exit([&ended, i](Exit how) {
            EXPECT_EQ(how.status, i);
            ++ended;
        });
        children.push_back(std::move(*started));
    }
    EXPECT_TRUE(wait_for([&] { return ended == 100; }));
    EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
}

TEST_F(ChildTest, TheChildMayBeDestroyedWhenItExits) {
    start("exit 0");
    bool gone = false;
    child->set_on_exit([&](Exit) {
        child.reset();
        gone = true;
    });
    EXPECT_TRUE(wait_for([&] { return gone; }));
}

TEST_F(ChildTest, AKilledParentTakesItsChildrenAlong) {
    std::array<int, 2> ends{};
    ASSERT_EQ(pipe(ends.data()), 0);
    const pid_t parent = fork();
    if (parent == 0) {
        EventLoop own;
        ChildOptions options;
        // A shell that starts a program tells its number, and waits for it.
        options.argv = shell("sleep 1000 & echo $!; wait");
        auto started = start_child(own, options);
        if (!started) _exit(1);
        pollfd output{(*started)->output()->descriptor(), POLLIN, 0};
        std::array<char, 32> told{};
        if (poll(&output, 1, -1) != 1) _exit(1);
        const ssize_t length = read(output.fd, told.data(), told.size());
        const std::array<pid_t, 2> pids{(*started)->pid(),
                                        static_cast<pid_t>(std::strtol(told.data(), nullptr, 10))};
        if (length <= 0 || write(ends[1], pids.data(), sizeof pids) != sizeof pids) _exit(1);
        pause();
        _exit(0);
    }
    close(ends[1]);
    std::array<pid_t, 2> pids{};
    ASSERT_EQ(read(ends[0], pids.data(), sizeof pids), static_cast<ssize_t>(sizeof pids));
    for (const pid_t pid : pids) {
        ASSERT_GT(pid, 0);
        EXPECT_TRUE(runs(pid));
    }
    kill(parent, SIGKILL);
    ASSERT_EQ(waitpid(parent, nullptr, 0), parent);
    for (const pid_t pid : pids) EXPECT_TRUE(comes_true([&] { return !runs(pid); }));
    close(ends[0]);
}

TEST_F(ChildTest, InheritedStreamsAreOurs) {
    ChildOptions options;
    options.argv = shell("exit 5");
    options.streams = Streams::inherit;
    auto started = start_child(loop, options);
    ASSERT_TRUE(started);
    EXPECT_EQ((*started)->input(), nullptr);
    EXPECT_EQ((*started)->output(), nullptr);
    (*started)->set_on_exit([this](Exit how) { exit = how; });
    ASSERT_TRUE(wait_for([&] { return exit.has_value(); }));
    EXPECT_EQ(exit->status, 5);
}

}  // namespace
}  // namespace jetway::io
