// The ground on which every transport is tried (conformance_test.cpp). A transport enters with two
// lines: how one is made, and how an address is made up for it.
#pragma once

#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

#include "io/testing.hpp"
#include "transport/testing.hpp"
#include "transport/transport.hpp"

namespace jetway::transport {

struct Subject {
    std::string name;
    std::function<std::unique_ptr<Transport>(io::EventLoop&)> make;
    /// A new address that nobody listens on.
    std::function<std::string(const io::TemporaryDirectory&)> address;
};

inline Subject tcp_over(std::string name, std::size_t threads) {
    return {std::move(name),
            [threads](io::EventLoop& loop) { return make_socket_transport(loop, threads); },
            [](const io::TemporaryDirectory&) { return io::free_address(); }};
}
inline Subject unix_over(std::string name, std::size_t threads) {
    return {std::move(name),
            [threads](io::EventLoop& loop) { return make_socket_transport(loop, threads); },
            [](const io::TemporaryDirectory& directory) { return "unix:" + (directory / "s"); }};
}

// Each transport's line.
inline const Subject tcp = tcp_over("Tcp", 1);
inline const Subject local = unix_over("Unix", 1);
// One end of the first connection stays in the loop, or none.
inline const Subject tcp_two = tcp_over("TcpOverTwoLoops", 2);
inline const Subject tcp_three = tcp_over("TcpOverThreeLoops", 3);
inline const Subject local_three = unix_over("UnixOverThreeLoops", 3);
inline const Subject loopback{"Loopback",
                              [](io::EventLoop& loop) { return make_loopback_transport(loop); },
                              [](const io::TemporaryDirectory&) { return "loopback:here"; }};

inline void PrintTo(const Subject& subject, std::ostream* out) {
    *out << subject.name;
}
inline std::string name_of(const testing::TestParamInfo<Subject>& info) {
    return info.param.name;
}

/// A listener, and what it accepted.
class Conformance : public testing::TestWithParam<Subject> {
protected:
    void SetUp() override { start_listening(address); }

    void start_listening(const std::string& where) {
        auto result = transport->listen(where, [this](ConnectionPtr c) {
            accepted.push_back(std::make_unique<TestEnd>(std::move(c)));
        });
        ASSERT_TRUE(result) << result.error().line();
        listening = std::move(*result);
    }

    Result<ConnectionPtr> dial(const std::string& where) {
        std::optional<Result<ConnectionPtr>> answer;
        const Handle handle = transport->dial(
            where, [&](Result<ConnectionPtr> result) { answer = std::move(result); });
        EXPECT_FALSE(answer) << "the answer comes from the loop";
        EXPECT_TRUE(until([&] { return answer.has_value(); }));
        return answer ? std::move(*answer) : Error{Code::timeout, "no answer"};
    }

    /// A connection's two ends, the one that dialled first.
    void open() {
        const std::size_t before = accepted.size();
        auto connection = dial(address);
        ASSERT_TRUE(connection) << connection.error().line();
        left = std::make_unique<TestEnd>(std::move(*connection));
        ASSERT_TRUE(until([&] { return accepted.size() == before + 1; }));
        right = std::move(accepted.back());
        accepted.pop_back();
    }

    bool until(const std::function<bool()>& done) { return io::run_until(loop, done); }

    /// Runs until `progress` has stood still for many turns of the loop.
    std::size_t until_still(const std::function<std::size_t()>& progress) {
        std::size_t last = progress();
        for (int still = 0; still < 50; ++still) {
            io::settle(loop);
            if (progress() != last) still = 0;
            last = progress();
        }
        return last;
    }

    io::EventLoop loop;
    io::TemporaryDirectory directory;
    std::string address = GetParam().address(directory);
    std::unique_ptr<Transport> transport = GetParam().make(loop);
    std::vector<std::unique_ptr<TestEnd>> accepted;
    std::unique_ptr<TestEnd> left;
    std::unique_ptr<TestEnd> right;
    Handle listening;
};

}  // namespace jetway::transport
