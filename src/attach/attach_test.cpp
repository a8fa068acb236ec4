#include "attach/attach.hpp"

#include <cstdlib>
#include <fstream>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "io/testing.hpp"
#include "transport/testing.hpp"
#include "transport/transport.hpp"
#include "wire/control.hpp"

namespace jetway::attach {
namespace {

using namespace std::chrono_literals;

/// A variable of the environment, put back as it was.
class Variable {
public:
    Variable(const char* name, const char* value) : name_(name) {
        if (const char* before = std::getenv(name)) before_ = before;
        set(value);
    }
    ~Variable() { set(before_ ? before_->c_str() : nullptr); }
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;

private:
    void set(const char* value) { value == nullptr ? unsetenv(name_) : setenv(name_, value, 1); }
    const char* name_;
    std::optional<std::string> before_;
};

/// As much of a daemon as attaching meets.
class Daemon {
public:
    enum class Manner { welcoming, silent, refusing, hanging_up };

    Daemon(io::EventLoop& loop, std::string machine, Manner manner = Manner::welcoming)
        : machine_(std::move(machine)),
          manner_(manner),
          transport_(transport::make_socket_transport(loop)) {
        auto listening = transport_->listen("unix:" + *socket_path(machine_),
                                            [this](ConnectionPtr c) { accept(std::move(c)); });
        EXPECT_TRUE(listening) << listening.error().text();
        listening_ = std::move(*listening);
    }

    std::vector<std::unique_ptr<transport::TestEnd>> ends;

private:
    void accept(ConnectionPtr connection) {
        ends.push_back(std::make_unique<transport::TestEnd>(std::move(connection)));
        ends.back()->on_frame = [this, end = ends.back().get()](const wire::Frame& frame) {
            if (frame.header.is(wire::FrameType::attach)) answer(*end);
        };
    }
    void answer(transport::TestEnd& end) {
        if (manner_ == Manner::welcoming) {
            wire::Attached attached;
            attached.set_version(wire::protocol_version);
            attached.set_mesh("home");
            attached.set_machine(machine_);
            attached.set_pool(1 << 20);
            attached.set_pid(99);
            end.send(wire::Frame(wire::FrameType::attached, 0, wire::encode(attached)));
        } else if (manner_ == Manner::refusing) {
            wire::Goaway goaway;
            goaway.set_code(static_cast<std::uint32_t>(Code::draining));
            goaway.set_detail("going down");
            end.send(wire::Frame(wire::FrameType::goaway, 0, wire::encode(goaway)));
        } else if (manner_ == Manner::hanging_up) {
            end.connection->close({Code::closed, "no"});
        }
    }

    std::string machine_;
    Manner manner_;
    std::unique_ptr<transport::Transport> transport_;
    Handle listening_;
};

struct AttachTest : testing::Test {
    io::TemporaryDirectory directory;
    Variable runtime{"XDG_RUNTIME_DIR", directory.path().c_str()};
    Variable state{"XDG_STATE_HOME", nullptr};
    Variable home{"HOME", directory.path().c_str()};
    Variable machine{"JETWAY_MACHINE", nullptr};
    io::EventLoop loop;

    Result<std::unique_ptr<stream::Session>> attach(const std::string& to) {
        std::optional<Result<std::unique_ptr<stream::Session>>> answer;
        const Handle handle = connect(loop, to, {"test", static_cast<std::uint64_t>(getpid())},
                                      [&](auto result) { answer = std::move(result); });
        EXPECT_FALSE(answer) << "the answer comes from the loop";
        EXPECT_TRUE(io::run_until(loop, [&] { return answer.has_value(); }));
        return answer ? std::move(*answer) : Error{Code::cancelled, "no answer"};
    }
};

TEST_F(AttachTest, TheRuntimeDirectoryIsMadeForUsAlone) {
    const auto path = runtime_directory();
    ASSERT_TRUE(path) << path.error().text();
    EXPECT_EQ(*path, directory / "jetway");
    struct stat status{};
    ASSERT_EQ(stat(path->c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0700U);
    EXPECT_EQ(*runtime_directory(), *path);
}

TEST_F(AttachTest, ARuntimeDirectoryThatOthersMayEnterIsRefused) {
    ASSERT_EQ(mkdir((directory / "jetway").c_str(), 0700), 0);
    ASSERT_EQ(chmod((directory / "jetway").c_str(), 0755), 0);
    const auto path = runtime_directory();
    ASSERT_FALSE(path);
    EXPECT_EQ(path.error().code, Code::io);
    EXPECT_FALSE(path.error().next.empty());
}

TEST_F(AttachTest, ARuntimeDirectoryBehindALinkIsRefused) {
    ASSERT_EQ(symlink("/tmp", (directory / "jetway").c_str()), 0);
    EXPECT_FALSE(runtime_directory());
}

TEST_F(AttachTest, ARelativeRuntimeDirectoryIsIgnored) {
    const Variable relative("XDG_RUNTIME_DIR", "somewhere");
    const auto path = runtime_directory();
    if (path) EXPECT_EQ(*path, "/tmp/jetway-" + std::to_string(getuid()));
    EXPECT_FALSE(std::filesystem::exists("somewhere"));
}

TEST_F(AttachTest, TheStateDirectoryIsMadeWithItsParents) {
    EXPECT_EQ(*state_directory("home", "machine-a"),
              directory / ".local/state/jetway/home/machine-a");
    const std::string given = directory / "given";
    const Variable set("XDG_STATE_HOME", given.c_str());
    EXPECT_EQ(*state_directory("home", "machine-a"), given + "/jetway/home/machine-a");
    EXPECT_TRUE(std::filesystem::is_directory(given + "/jetway/home/machine-a"));
}

TEST_F(AttachTest, AMachinesNameNeverLeadsOutOfTheDirectories) {
    for (const char* name : {"", ".", "..", "../evil", "a/b", "a b"}) {
        EXPECT_EQ(socket_path(name).error().code, Code::usage) << name;
        EXPECT_EQ(state_directory("home", name).error().code, Code::usage) << name;
    }
}

TEST_F(AttachTest, ASocketPathThatIsTooLongSaysWhatToDo) {
    const std::string deep = directory / std::string(100, 'd');
    ASSERT_EQ(mkdir(deep.c_str(), 0700), 0);
    const Variable set("XDG_RUNTIME_DIR", deep.c_str());
    const auto path = socket_path("machine-a");
    ASSERT_FALSE(path);
    EXPECT_NE(path.error().next.find("XDG_RUNTIME_DIR"), std::string::npos);
}

TEST_F(AttachTest, OnlyDaemonsThatAnswerAreRunning) {
    const Daemon b(loop, "b");
    const Daemon a(loop, "a");
    // What a killed daemon leaves behind, and what is no socket at all.
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socket_path("dead")->copy(address.sun_path, sizeof address.sun_path - 1);
    const int dead = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT_EQ(bind(dead, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    close(dead);
    std::ofstream(*socket_path("file")) << "no socket";
    std::ofstream(*runtime_directory() + "/a.lock") << "";
    EXPECT_EQ(*running_machines(), (std::vector<std::string>{"a", "b"}));
}

TEST_F(AttachTest, TheMachineIsTheNamedOneElseTheVariablesElseTheOnlyOne) {
    EXPECT_EQ(*choose_machine("named"), "named");
    EXPECT_EQ(choose_machine("").error().code, Code::no_daemon);
    const Daemon a(loop, "a");
    EXPECT_EQ(*choose_machine(""), "a");
    const Daemon b(loop, "b");
    const auto several = choose_machine("");
    ASSERT_FALSE(several);
    EXPECT_EQ(several.error().code, Code::ambiguous);
    EXPECT_NE(several.error().detail.find("a, b"), std::string::npos);
    EXPECT_NE(several.error().next.find("--machine"), std::string::npos);
    const Variable set("JETWAY_MACHINE", "b");
    EXPECT_EQ(*choose_machine(""), "b");
}

TEST_F(AttachTest, ASessionKnowsItsMachine) {
    const Daemon a(loop, "a");
    const auto session = attach("");
    ASSERT_TRUE(session) << session.error().text();
    EXPECT_EQ((*session)->machine(), "a");
    EXPECT_EQ((*session)->mesh(), "home");
    EXPECT_EQ((*session)->daemon_pid(), 99U);
    const auto told = wire::decode<wire::Attach>(a.ends.back()->frames.front().body.bytes());
    ASSERT_TRUE(told);
    EXPECT_EQ(told->process(), "test");
    EXPECT_EQ(a.ends.back()->connection->credentials()->uid, getuid());
}

TEST_F(AttachTest, WhereNoDaemonRunsTheAnswerComesAtOnceAndSaysWhatToDo) {
    const Time begin = loop.now();
    const auto session = attach("a");
    ASSERT_FALSE(session);
    EXPECT_EQ(session.error().code, Code::no_daemon);
    EXPECT_EQ(session.error().next, "jetway run deployment.yml --machine a");
    EXPECT_LT(loop.now() - begin, 1s);
    EXPECT_EQ(attach("").error().code, Code::no_daemon);
}

TEST_F(AttachTest, AWrongMachineIsToldWhichOnesRun) {
    const Daemon a(loop, "a");
    const auto session = attach("b");
    ASSERT_FALSE(session);
    EXPECT_EQ(session.error().code, Code::no_daemon);
    EXPECT_EQ(session.error().evidence, "those that run here: a");
}

TEST_F(AttachTest, ADaemonThatRefusesIsQuoted) {
    const Daemon a(loop, "a", Daemon::Manner::refusing);
    const auto session = attach("a");
    ASSERT_FALSE(session);
    EXPECT_EQ(session.error().code, Code::draining);
    EXPECT_NE(session.error().detail.find("going down"), std::string::npos);
}

TEST_F(AttachTest, ADaemonThatHangsUpIsNone) {
    const Daemon a(loop, "a", Daemon::Manner::hanging_up);
    const auto session = attach("a");
    ASSERT_FALSE(session);
    EXPECT_EQ(session.error().code, Code::no_daemon);
}

TEST_F(AttachTest, ADaemonThatSaysNothingIsNotWaitedForForEver) {
    const Daemon a(loop, "a", Daemon::Manner::silent);
    const auto session = attach("a");
    ASSERT_FALSE(session);
    EXPECT_EQ(session.error().code, Code::timeout);
}

TEST_F(AttachTest, AnAttemptWhoseHandleWentNeverAnswers) {
    const Daemon a(loop, "a");
    for (const bool connected_first : {false, true}) {
        bool answered = false;
        const std::size_t before = a.ends.size();
        Handle handle = connect(loop, "a", {"test", 1}, [&](auto) { answered = true; });
        if (connected_first) {
            ASSERT_TRUE(io::run_until(loop, [&] { return a.ends.size() == before + 1; }));
        }
        handle.reset();
        io::settle(loop);
        EXPECT_FALSE(answered);
    }
    EXPECT_TRUE(
        io::run_until(loop, [&] { return a.ends.empty() || a.ends.back()->closed.has_value(); }));
}

TEST_F(AttachTest, TheHandleMayGoInsideTheAnswer) {
    const Daemon a(loop, "a");
    std::unique_ptr<stream::Session> session;
    Handle handle;
    handle = connect(loop, "a", {"test", 1}, [&](auto result) {
        handle.reset();
        ASSERT_TRUE(result);
        session = std::move(*result);
    });
    ASSERT_TRUE(io::run_until(loop, [&] { return session != nullptr; }));
    io::settle(loop);
    EXPECT_FALSE(a.ends.back()->closed);
}

TEST_F(AttachTest, ASessionEndsWithItsDaemon) {
    auto a = std::make_unique<Daemon>(loop, "a");
    auto session = attach("a");
    ASSERT_TRUE(session);
    std::optional<Error> closed;
    (*session)->set_on_closed([&](const Error& reason) { closed = reason; });
    a.reset();
    ASSERT_TRUE(io::run_until(loop, [&] { return closed.has_value(); }));
    EXPECT_EQ(closed->code, Code::closed);
}

}  // namespace
}  // namespace jetway::attach
