#include "services/pty/pty.hpp"

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>

#include "io/testing.hpp"
#include "screen/bytes.hpp"
#include "stream/test_relay.hpp"

namespace jetway::pty {
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

/// One who reads a session, and holds its messages against the rules.
struct Viewer {
    struct Size {
        std::uint64_t off;
        int columns;
        int rows;
        bool operator==(const Size&) const = default;
    };

    /// Everything that arrived since the last call.
    void look() {
        for (const std::string& encoded : std::exchange(line.messages, {})) {
            const auto message = screen::decode_pty(Buffer::copy_of(encoded));
            ASSERT_TRUE(message) << message.error().line();
            check(message->stamp);
            take(*message);
        }
    }
    void check(const screen::Stamp& stamp) {
        EXPECT_EQ(stamp.sequence, count++);
        EXPECT_GE(stamp.us, last_us) << "time does not go back";
        last_us = stamp.us;
        if (stamp.sequence == 0) first_off = next_off = stamp.off;
        EXPECT_EQ(stamp.off, next_off) << "no byte is missing";
        EXPECT_FALSE(exit) << "nothing follows the end";
    }
    void take(const screen::PtyMessage& message) {
        if (const auto* out = std::get_if<screen::PtyOut>(&message.body)) {
            text += out->bytes.text();
            next_off += out->bytes.size();
        } else if (const auto* size = std::get_if<screen::PtySize>(&message.body)) {
            sizes.push_back({message.stamp.off, size->columns, size->rows});
        } else if (const auto* ended = std::get_if<screen::PtyExit>(&message.body)) {
            exit = *ended;
        }
    }
    bool shows(const std::string& wanted) {
        look();
        return text.find(wanted) != std::string::npos;
    }

    bool has(const std::string& event) const { return line.has(event); }

    stream::Witness line;
    stream::StreamPtr& stream = line.stream;
    bool& consumes = line.consumes;
    const std::string& data = line.data;
    const wire::Outcome& outcome = line.outcome;
    const Error& end = line.end;
    std::string text;
    std::vector<Size> sizes;
    std::optional<screen::PtyExit> exit;
    std::uint64_t count = 0;
    std::uint64_t last_us = 0;
    std::uint64_t first_off = 0;
    std::uint64_t next_off = 0;
};

/// Viewers on the left, pty-server on the right, with real programs in real terminals.
struct PtyTest : testing::Test {
    void SetUp() override { serve({}); }
    void TearDown() override {
        relay.left.reset();
        service.reset();
    }
    void serve(Settings settings) {
        offer.reset();
        auto made = make(loop, {*relay.right, "pty-server", std::move(settings), {}});
        ASSERT_TRUE(made) << made.error().line();
        service = std::move(*made);
        bool offered = false;
        offer = relay.right->offer(
            "pty-server", capabilities(), *service,
            [&offered](const Result<>& answer) { offered = answer.has_value(); });
        ASSERT_TRUE(until([&] { return offered; }));
    }
    void open(Viewer& whom, const Settings& settings, bool messages = false) {
        wire::Open request = stream::open_to("pty-server", messages);
        wire::from_settings(settings, *request.mutable_settings());
        whom.stream = relay.left->open(request, whom.line);
    }
    static Settings running(const std::string& command) {
        Settings settings;
        settings.set("run", command);
        return settings;
    }
    /// A session under this name, so that others can join.
    static Settings shared(const std::string& command) {
        Settings settings = running(command);
        settings.set("session", "shared");
        return settings;
    }
    bool until(const std::function<bool()>& done) { return io::run_until(loop, done); }
    bool shows(Viewer& whom, const std::string& text) {
        return until([&] { return whom.shows(text); });
    }
    bool ends(Viewer& whom) {
        const bool ended = until([&] { return whom.has("finish") || whom.has("end"); });
        whom.look();
        return ended && whom.has("finish");
    }
    static void type(Viewer& whom, const std::string& keys) {
        whom.stream->write(Buffer::copy_of(keys));
    }
    static void send(Viewer& whom, decltype(screen::PtyMessage::body) body) {
        whom.stream->write(screen::encode(screen::PtyMessage{{}, std::move(body)}));
    }
    pid_t pid_in(Viewer& whom) {
        EXPECT_TRUE(shows(whom, "\r\n"));
        return static_cast<pid_t>(std::strtol(whom.text.c_str(), nullptr, 10));
    }

    io::EventLoop loop;
    Viewer viewer;
    Viewer other;
    std::unique_ptr<stream::Service> service;
    stream::Relay relay{loop};
    Handle offer;
};

using Sizes = std::vector<Viewer::Size>;

TEST_F(PtyTest, AProgramGetsATerminalOf80By24) {
    open(viewer,
         running(
             "stty size; echo $TERM $COLORTERM; test -t 0 && test -t 1 && test -t 2 && echo tty"));
    ASSERT_TRUE(ends(viewer));
    EXPECT_EQ(viewer.text, "24 80\r\nxterm-256color truecolor\r\ntty\r\n");
    EXPECT_EQ(viewer.sizes, (Sizes{{0, 80, 24}}));
    EXPECT_EQ(viewer.line.opened.content_type(), screen::pty_content_type);
    ASSERT_TRUE(viewer.exit);
    EXPECT_EQ(viewer.exit->status, 0);
    EXPECT_TRUE(viewer.outcome.has_status());
}

TEST_F(PtyTest, TheStreamMayAskForAnotherSizeAndPlace) {
    Settings settings = running("stty size; pwd");
    settings.set("columns", "132");
    settings.set("rows", "50");
    settings.set("directory", "/");
    open(viewer, settings);
    ASSERT_TRUE(ends(viewer));
    EXPECT_EQ(viewer.text, "50 132\r\n/\r\n");
    EXPECT_EQ(viewer.sizes, (Sizes{{0, 132, 50}}));
}

TEST_F(PtyTest, WithoutAProgramItIsTheShell) {
    const char* before = std::getenv("SHELL");
    const std::string saved = before == nullptr ? "" : before;
    ::setenv("SHELL", "/bin/sh", 1);
    serve({});
    before == nullptr ? ::unsetenv("SHELL") : ::setenv("SHELL", saved.c_str(), 1);
    open(viewer, {});
    type(viewer, "echo $0; exit 5\n");
    ASSERT_TRUE(ends(viewer));
    EXPECT_NE(viewer.text.find("/bin/sh\r\n"), std::string::npos) << viewer.text;
    EXPECT_EQ(viewer.outcome.status(), 5);
}

TEST_F(PtyTest, AMillionLinesComeWholeToASlowReaderBeforeTheExitStatus) {
    viewer.consumes = false;
    open(viewer, running("seq 1000000; exit 9"));
    std::size_t given_back = 0;
    const Time deadline = loop.now() + 60s;
    while (!viewer.has("finish") && loop.now() < deadline) {
        io::settle(loop);
        viewer.stream->consume(viewer.data.size() - given_back);
        given_back = viewer.data.size();
    }
    ASSERT_TRUE(viewer.has("finish"));
    viewer.look();
    std::string expected;
    for (int i = 1; i <= 1'000'000; ++i) expected += std::to_string(i) + "\r\n";
    EXPECT_TRUE(viewer.text == expected);
    ASSERT_TRUE(viewer.exit);
    EXPECT_EQ(viewer.exit->status, 9);
    EXPECT_EQ(viewer.outcome.status(), 9);
}

TEST_F(PtyTest, AReaderWithoutCreditMakesTheProgramWait) {
    viewer.consumes = false;
    open(viewer, running("yes"));
    ASSERT_TRUE(until([&] { return viewer.data.size() >= stream::window / 2; }));
    std::size_t arrived = 0;
    bool still = false;  // nothing has come for a while
    Handle timer;
    std::function<void()> look = [&] {
        still = std::exchange(arrived, viewer.data.size()) == viewer.data.size();
        if (!still) timer = loop.after(100ms, look);
    };
    look();
    ASSERT_TRUE(until([&] { return still; }));
    EXPECT_LE(arrived, 2 * stream::window);
}

TEST_F(PtyTest, ASignalIsAStatusOf128AndItsNumber) {
    open(viewer, running("kill -KILL $$"));
    ASSERT_TRUE(ends(viewer));
    EXPECT_EQ(viewer.exit->status, 128 + SIGKILL);
    EXPECT_EQ(viewer.exit->signal, SIGKILL);
    EXPECT_EQ(viewer.outcome.status(), 128 + SIGKILL);
}

TEST_F(PtyTest, AProgramThatCannotBeStartedIsRefusedWithTheReason) {
    Settings settings;
    settings.set("run", Settings::Values{"/no/such/program", "x"});
    open(viewer, settings);
    ASSERT_TRUE(until([&] { return viewer.has("end"); }));
    EXPECT_EQ(viewer.end.code, Code::service_failed);
    EXPECT_NE(viewer.end.detail.find("/no/such/program"), std::string::npos) << viewer.end.line();
}

TEST_F(PtyTest, SettingsOutOfRangeAreRefused) {
    Settings settings = running("true");
    settings.set("rows", "0");
    open(viewer, settings);
    ASSERT_TRUE(until([&] { return viewer.has("end"); }));
    EXPECT_EQ(viewer.end.code, Code::bad_file);
}

TEST_F(PtyTest, KeysReachTheProgramAndControlCInterruptsIt) {
    open(viewer, running("cat"));
    type(viewer, "hello\n");
    ASSERT_TRUE(shows(viewer, "hello\r\nhello\r\n"));
    type(viewer, "\x03");
    ASSERT_TRUE(ends(viewer));
    EXPECT_EQ(viewer.exit->status, 128 + SIGINT);
}

TEST_F(PtyTest, ControlCWorksUnderAFlood) {
    open(viewer, running("yes"));
    ASSERT_TRUE(until([&] { return viewer.data.size() > 1'000'000; }));
    const Time before = loop.now();
    type(viewer, "\x03");
    ASSERT_TRUE(ends(viewer));
    EXPECT_LT(loop.now() - before, 2s);
    EXPECT_EQ(viewer.exit->status, 128 + SIGINT);
}

TEST_F(PtyTest, TheEndOfWhatWasTypedIsTheEndOfTheProgramsInput) {
    open(viewer, running("cat; echo over"));
    type(viewer, "a\n");
    viewer.stream->finish();
    ASSERT_TRUE(ends(viewer));
    EXPECT_TRUE(viewer.text.ends_with("over\r\n"));
    EXPECT_EQ(viewer.exit->status, 0);
}

TEST_F(PtyTest, WhoHasNoKeyboardLeavesTheProgramAlone) {
    open(viewer, running("read -r line; echo \"got $line\""));
    viewer.stream->finish();
    ASSERT_TRUE(until([&] { return viewer.has("opened"); }));
    io::settle(loop);
    viewer.look();
    EXPECT_FALSE(viewer.exit);
}

TEST_F(PtyTest, AResizeIsInBandAndReachesTheProgram) {
    Settings settings =
        running("trap 'stty size; exit 0' WINCH; echo ready; while :; do read -r line; done");
    open(viewer, settings, true);
    ASSERT_TRUE(shows(viewer, "ready\r\n"));
    send(viewer, screen::PtySize{100, 30});
    send(viewer, screen::PtyOut{Buffer::copy_of("\n")});
    ASSERT_TRUE(ends(viewer));
    EXPECT_NE(viewer.text.find("30 100\r\n"), std::string::npos) << viewer.text;
    EXPECT_EQ(viewer.sizes, (Sizes{{0, 80, 24}, {7, 100, 30}}));
}

TEST_F(PtyTest, NonsenseAsInputEndsTheStreamAndTheProgram) {
    open(viewer, running("echo $$; exec sleep 1000"), true);
    const pid_t pid = pid_in(viewer);
    viewer.stream->write(Buffer::copy_of("nonsense"));
    ASSERT_TRUE(until([&] { return viewer.has("end") || viewer.has("finish"); }));
    EXPECT_TRUE(until([&] { return !alive(pid); }));
}

TEST_F(PtyTest, KeysForAProgramThatReadsNoneWaitWithTheCaller) {
    open(viewer, running("stty raw -echo; echo ready; exec sleep 1000"));
    ASSERT_TRUE(shows(viewer, "ready"));
    type(viewer, std::string(4'000'000, 'x'));
    ASSERT_TRUE(until([&] { return viewer.stream->sent() >= stream::window / 2; }));
    io::settle(loop);
    EXPECT_LT(viewer.stream->sent(), 3 * stream::window);
}

TEST_F(PtyTest, EveryReaderGetsTheSameBytesFromTheMomentItJoins) {
    open(viewer, shared("stty -echo; echo ready; cat"));
    ASSERT_TRUE(shows(viewer, "ready\r\n"));
    type(viewer, "first\n");
    ASSERT_TRUE(shows(viewer, "first\r\n"));
    open(other, shared(""));
    ASSERT_TRUE(until([&] { return other.has("opened"); }));
    type(other, "not heard: only the owner types\n");
    type(viewer, "second\n");
    ASSERT_TRUE(shows(other, "second\r\n"));
    EXPECT_EQ(other.text, "second\r\n");
    EXPECT_EQ(other.first_off, std::string_view("ready\r\nfirst\r\n").size());
    EXPECT_EQ(other.sizes, (Sizes{{other.first_off, 80, 24}}));
    viewer.stream->finish();
    ASSERT_TRUE(ends(viewer));
    ASSERT_TRUE(ends(other));
    EXPECT_EQ(viewer.text, "ready\r\nfirst\r\nsecond\r\n");
    EXPECT_TRUE(other.exit);
}

TEST_F(PtyTest, TheSlowestReaderSetsThePaceUntilItLeaves) {
    open(viewer, shared("read -r line; seq 1000000"));
    ASSERT_TRUE(until([&] { return viewer.has("opened"); }));
    other.consumes = false;
    open(other, shared(""));
    ASSERT_TRUE(until([&] { return other.has("opened"); }));
    type(viewer, "\n");
    ASSERT_TRUE(until([&] { return other.data.size() >= stream::window / 2; }));
    io::settle(loop);
    EXPECT_LT(viewer.data.size(), 3 * stream::window);
    other.stream.reset();
    ASSERT_TRUE(ends(viewer));
    EXPECT_TRUE(viewer.text.ends_with("\n1000000\r\n"));
}

TEST_F(PtyTest, AStreamWithAProgramOfItsOwnIsNotJoinedByOthers) {
    open(viewer, running("echo private; exec sleep 1000"));
    ASSERT_TRUE(shows(viewer, "private"));
    Settings shared_program;
    shared_program.set("run", "echo shared; exec sleep 1000");
    serve(shared_program);
    open(other, {});
    ASSERT_TRUE(shows(other, "shared"));
    EXPECT_FALSE(other.shows("private"));
}

TEST_F(PtyTest, TheOwnerThatLeavesEndsTheSessionForAll) {
    open(viewer, shared("echo $$; exec sleep 1000"));
    const pid_t pid = pid_in(viewer);
    open(other, shared(""));
    ASSERT_TRUE(until([&] { return other.has("opened"); }));
    viewer.stream.reset();
    ASSERT_TRUE(ends(other));
    EXPECT_EQ(other.exit->signal, SIGHUP);
    EXPECT_FALSE(alive(pid));
}

TEST_F(PtyTest, AnOwnerThatReadsNoMoreEndsTheSession) {
    open(viewer, running("yes"));
    ASSERT_TRUE(until([&] { return viewer.data.size() > 1000; }));
    viewer.stream->stop({Code::cancelled, "enough"});
    ASSERT_TRUE(until([&] { return viewer.has("finish"); }));
    EXPECT_EQ(viewer.outcome.status(), 128 + SIGHUP);
}

TEST_F(PtyTest, AProgramThatIgnoresHupAndTermIsKilledAfterThreeSeconds) {
    open(viewer, running("trap '' HUP TERM; echo $$; exec sleep 1000"));
    const pid_t pid = pid_in(viewer);
    const Time before = loop.now();
    viewer.stream.reset();
    EXPECT_TRUE(until([&] { return !alive(pid); }));
    EXPECT_GE(loop.now() - before, 2900ms);
}

TEST_F(PtyTest, WhatOutlivesTheProgramAndKeepsTheTerminalDoesNotDelayItsEnd) {
    open(viewer, running("(trap '' HUP; exec sleep 1000) & echo $!; exit 3"));
    ASSERT_TRUE(ends(viewer));
    EXPECT_EQ(viewer.exit->status, 3);
    const auto background = static_cast<pid_t>(std::strtol(viewer.text.c_str(), nullptr, 10));
    viewer.stream->finish();
    EXPECT_TRUE(until([&] { return !alive(background); }));
}

TEST_F(PtyTest, HasALimitOfPrograms) {
    Settings settings;
    settings.set("limit", "1");
    serve(settings);
    open(viewer, running("exec sleep 1000"));
    ASSERT_TRUE(until([&] { return viewer.has("opened"); }));
    open(other, running("true"));
    ASSERT_TRUE(until([&] { return other.has("end"); }));
    EXPECT_EQ(other.end.code, Code::pressure);
}

}  // namespace
}  // namespace jetway::pty
