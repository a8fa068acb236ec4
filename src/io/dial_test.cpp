// dial() and listen() together, on real sockets.

#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "io/byte_stream.hpp"
#include "io/testing.hpp"

namespace jetway::io {
namespace {

using namespace std::chrono_literals;

struct DialTest : testing::Test {
    EventLoop loop;
    TemporaryDirectory directory;
    std::vector<Accepted> accepted;
    std::string bound;

    Handle listen_on(const std::string& address) {
        auto result =
            listen(loop, address, [this](Accepted a) { accepted.push_back(std::move(a)); }, &bound);
        EXPECT_TRUE(result) << (result ? "" : result.error().line());
        return result ? std::move(*result) : Handle();
    }

    Result<ByteStreamPtr> dial_to(const std::string& address, Duration timeout = 20s) {
        std::optional<Result<ByteStreamPtr>> answer;
        const Handle handle = dial(loop, address, timeout, [&](Result<ByteStreamPtr> result) {
            answer = std::move(result);
        });
        EXPECT_FALSE(answer) << "the answer comes from the loop";
        EXPECT_TRUE(run_until(loop, [&] { return answer.has_value(); }));
        return answer ? std::move(*answer) : Error{Code::timeout, "no answer at all"};
    }

    void exchange(const std::string& address) {
        const std::size_t before = accepted.size();
        auto stream = dial_to(address);
        ASSERT_TRUE(stream) << stream.error().line();
        ASSERT_TRUE(run_until(loop, [&] { return accepted.size() == before + 1; }));
        StreamRecord record(accepted.back().stream.get());
        (*stream)->write(Buffer::copy_of("hello"));
        EXPECT_TRUE(run_until(loop, [&] { return record.text == "hello"; }));
        accepted.back().stream.reset();
    }
};

TEST_F(DialTest, Ipv4ConnectsAndNamesThePeer) {
    const Handle listening = listen_on("127.0.0.1:0");
    exchange(bound);
    EXPECT_TRUE(accepted[0].peer.starts_with("127.0.0.1:")) << accepted[0].peer;
    EXPECT_FALSE(accepted[0].uid);
}

TEST_F(DialTest, Ipv6Connects) {
    const Handle listening = listen_on("[::1]:0");
    exchange(bound);
    EXPECT_TRUE(accepted[0].peer.starts_with("[::1]:")) << accepted[0].peer;
}

TEST_F(DialTest, AnEmptyHostListensForIpv4AndIpv6) {
    const Handle listening = listen_on(":0");
    const std::string port = bound.substr(bound.rfind(':'));
    exchange("127.0.0.1" + port);
    exchange("[::1]" + port);
    EXPECT_TRUE(accepted[0].peer.starts_with("127.0.0.1:")) << accepted[0].peer;
}

TEST_F(DialTest, AHostNameIsResolved) {
    const Handle listening = listen_on(":0");
    exchange("localhost" + bound.substr(bound.rfind(':')));
}

TEST_F(DialTest, ANameThatDoesNotExistIsAnErrorThatNamesIt) {
    const auto stream = dial_to("no-such-host.invalid:9");
    ASSERT_FALSE(stream);
    EXPECT_NE(stream.error().detail.find("no-such-host.invalid"), std::string::npos);
}

TEST_F(DialTest, ADialMayBeTakenBackWhileItsNameIsLookedUp) {
    bool answered = false;
    for (int i = 0; i < 20; ++i) {
        Handle handle = dial(loop, "localhost:9", 10s, [&](auto) { answered = true; });
        loop.run_until([] { return false; }, loop.now() + i * 50us);
        if (i % 2 == 0) settle(loop);
        handle.reset();
        answered = false;
        settle(loop);
        EXPECT_FALSE(answered);
    }
}

TEST_F(DialTest, UnixConnectsWithThePeersCredentials) {
    const Handle listening = listen_on("unix:" + (directory / "s"));
    exchange("unix:" + (directory / "s"));
    EXPECT_EQ(accepted[0].uid, getuid());
    EXPECT_EQ(accepted[0].pid, static_cast<std::uint32_t>(getpid()));
}

TEST_F(DialTest, BothEndsSendWithoutDelay) {
    const Handle listening = listen_on("127.0.0.1:0");
    auto stream = dial_to(bound);
    ASSERT_TRUE(stream);
    ASSERT_TRUE(run_until(loop, [&] { return accepted.size() == 1; }));
    for (const ByteStream* end : {stream->get(), accepted[0].stream.get()}) {
        int on = 0;
        socklen_t size = sizeof on;
        ASSERT_EQ(getsockopt(end->descriptor(), IPPROTO_TCP, TCP_NODELAY, &on, &size), 0);
        EXPECT_NE(on, 0);
        EXPECT_NE(fcntl(end->descriptor(), F_GETFD) & FD_CLOEXEC, 0);
    }
}

TEST_F(DialTest, APortNobodyListensOnRefuses) {
    const auto stream = dial_to(free_address());
    ASSERT_FALSE(stream);
    EXPECT_EQ(stream.error().code, Code::io);
    EXPECT_NE(stream.error().detail.find("refused"), std::string::npos) << stream.error().line();
}

TEST_F(DialTest, ASocketThatIsNotThereIsAnError) {
    const auto stream = dial_to("unix:" + (directory / "none"));
    ASSERT_FALSE(stream);
    EXPECT_NE(stream.error().detail.find("No such file"), std::string::npos);
}

TEST_F(DialTest, ABadAddressIsAnErrorFromTheLoop) {
    const auto stream = dial_to("nonsense");
    ASSERT_FALSE(stream);
    EXPECT_EQ(stream.error().code, Code::usage);
}

TEST_F(DialTest, ADialWhoseHandleWentNeverAnswers) {
    const Handle listening = listen_on("127.0.0.1:0");
    bool answered = false;
    Handle handle = dial(loop, bound, 10s, [&](auto) { answered = true; });
    handle.reset();
    settle(loop);
    EXPECT_FALSE(answered);
}

TEST_F(DialTest, TheHandleMayGoInsideTheAnswer) {
    const Handle listening = listen_on("127.0.0.1:0");
    bool answered = false;
    Handle handle;
    handle = dial(loop, bound, 10s, [&](auto) {
        handle.reset();
        answered = true;
    });
    EXPECT_TRUE(run_until(loop, [&] { return answered; }));
}

TEST_F(DialTest, AFullBacklogIsWaitedForUntilTheTimeout) {
    const std::string path = directory / "full";
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT_EQ(bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::listen(listener, 0), 0);
    const auto first = dial_to("unix:" + path);
    ASSERT_TRUE(first);
    const auto second = dial_to("unix:" + path, 30ms);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Code::timeout);

    std::optional<Result<ByteStreamPtr>> third;
    const Handle handle =
        dial(loop, "unix:" + path, 20s, [&](auto result) { third = std::move(result); });
    settle(loop);
    EXPECT_FALSE(third);
    const int taken = accept(listener, nullptr, nullptr);
    ASSERT_TRUE(run_until(loop, [&] { return third.has_value(); }));
    EXPECT_TRUE(*third);
    close(taken);
    close(listener);
}

TEST_F(DialTest, AnAddressInUseIsRefusedByName) {
    const Handle listening = listen_on("127.0.0.1:0");
    const auto second = listen(loop, bound, [](Accepted) {});
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Code::address_in_use);
    EXPECT_NE(second.error().detail.find(bound), std::string::npos);
}

TEST_F(DialTest, AnAddressIsFreeAgainWhenTheHandleGoes) {
    Handle listening = listen_on("127.0.0.1:0");
    exchange(bound);
    const std::string address = bound;
    listening.reset();
    EXPECT_FALSE(dial_to(address));
    listening = listen_on(address);
    exchange(address);
}

TEST_F(DialTest, ANameCannotBeListenedOn) {
    EXPECT_EQ(listen(loop, "localhost:0", [](Accepted) {}).error().code, Code::usage);
}

TEST_F(DialTest, ANewUnixSocketHasMode0600WhateverTheUmask) {
    const mode_t before = umask(0);
    const Handle listening = listen_on("unix:" + (directory / "s"));
    umask(before);
    struct stat status{};
    ASSERT_EQ(stat((directory / "s").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(DialTest, AUnixSocketInUseIsRefusedAndLeftAlone) {
    const std::string address = "unix:" + (directory / "s");
    const Handle listening = listen_on(address);
    const auto second = listen(loop, address, [](Accepted) {});
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Code::address_in_use);
    settle(loop);
    accepted.clear();  // the question whether anybody accepts
    exchange(address);
}

TEST_F(DialTest, AStaleUnixSocketIsReplaced) {
    const std::string path = directory / "s";
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    const int dead = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT_EQ(bind(dead, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    close(dead);
    const Handle listening = listen_on("unix:" + path);
    exchange("unix:" + path);
}

TEST_F(DialTest, AFileThatIsNoSocketIsNeverReplaced) {
    const std::string path = directory / "precious";
    std::ofstream(path) << "data";
    const auto listening = listen(loop, "unix:" + path, [](Accepted) {});
    ASSERT_FALSE(listening);
    EXPECT_EQ(listening.error().code, Code::address_in_use);
    EXPECT_TRUE(std::filesystem::is_regular_file(path));
}

TEST_F(DialTest, TheSocketFileGoesWithItsListenerButNotItsSuccessors) {
    const std::string path = directory / "s";
    Handle first = listen_on("unix:" + path);
    std::filesystem::rename(path, path + ".old");
    Handle second = listen_on("unix:" + path);
    first.reset();
    EXPECT_TRUE(std::filesystem::exists(path));
    second.reset();
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(DialTest, AListenerMayBeClosedWhileItAccepts) {
    Handle listening;
    int count = 0;
    auto result = listen(
        loop, "unix:" + (directory / "s"),
        [&](Accepted) {
            ++count;
            listening.reset();
        },
        &bound);
    ASSERT_TRUE(result);
    listening = std::move(*result);
    const auto one = dial_to(bound);
    const auto two = dial_to(bound);
    settle(loop);
    EXPECT_EQ(count, 1);
}

TEST_F(DialTest, RunningOutOfDescriptorsPausesAcceptingAndGoesOn) {
#if defined(__has_feature)
#if __has_feature(undefined_behavior_sanitizer)
    GTEST_SKIP() << "UBSan opens pipes to look at objects, and reports one when it cannot";
#endif
#endif
    const Handle listening = listen_on("127.0.0.1:0");
    std::vector<ByteStreamPtr> dialled;
    std::vector<Handle> handles;
    handles.reserve(20);
    rlimit before{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
    const int next = dup(0);
    close(next);
    // Room for the dialling ends, and half of the accepted ones.
    rlimit tight = before;
    tight.rlim_cur = static_cast<rlim_t>(next) + 30;
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &tight), 0);
    for (int i = 0; i < 20; ++i) {
        handles.push_back(dial(loop, bound, 20s, [&](Result<ByteStreamPtr> result) {
            ASSERT_TRUE(result) << result.error().line();
            dialled.push_back(std::move(*result));
        }));
    }
    ASSERT_TRUE(run_until(loop, [&] { return dialled.size() == 20; }));
    settle(loop);
    EXPECT_LT(accepted.size(), 20U);
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_TRUE(run_until(loop, [&] { return accepted.size() == 20; }));
}

TEST_F(DialTest, AThousandConnectionsComeAndGo) {
    const Handle listening = listen_on("unix:" + (directory / "s"));
    for (int round = 0; round < 10; ++round) {
        std::vector<ByteStreamPtr> dialled;
        std::vector<Handle> handles;
        handles.reserve(100);
        for (int i = 0; i < 100; ++i) {
            handles.push_back(dial(loop, bound, 20s, [&](Result<ByteStreamPtr> result) {
                ASSERT_TRUE(result) << result.error().line();
                dialled.push_back(std::move(*result));
            }));
        }
        ASSERT_TRUE(
            run_until(loop, [&] { return dialled.size() == 100 && accepted.size() == 100; }));
        accepted.clear();
    }
}

}  // namespace
}  // namespace jetway::io
