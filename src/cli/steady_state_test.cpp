// What a write costs the router in the middle, from the socket it comes from to the socket it
// leaves by: no lock, and no memory as such. What costs memory is a read: a block when it brought
// little, and one for a frame that lies in two reads. Small writes share frames, and reads. With
// several loops it is the router's that is looked at (the others: transport/remote_test.cpp).
#include <future>
#include <gtest/gtest.h>
#include <iostream>
#include <thread>

#include "base/counting/counting.hpp"
#include "base/random.hpp"
#include "cli/transports.hpp"
#include "io/testing.hpp"
#include "router/routing_server.hpp"
#include "stream/session.hpp"

namespace jetway::cli {
namespace {

using router::RoutingServer;
using router::TerminalType;

struct Machine {
    Machine(io::EventLoop& loop, const std::string& name, routing::RouterId id,
            std::size_t threads = 1)
        : random(id),
          server(kernel, loop, random, socket_transport(loop, threads), options(name, id)) {}
    static routing::Options options(const std::string& name, routing::RouterId id) {
        routing::Options options;
        options.machine = name;
        options.router = id;
        options.epoch = 1;
        options.boot_nonce = id;
        options.heartbeat = std::chrono::seconds(10);  // they are not what is counted
        return options;
    }

    Kernel kernel;
    SeededRandom random;
    RoutingServer server;
    Handle listening;
};

struct Cost {
    std::size_t allocations = 0;
    std::size_t locks = 0;
    std::uint64_t frames = 0;  // in
};

/// The machine in the middle, on a thread of its own.
class Middle {
public:
    Middle(const std::string& address, const std::string& next, std::size_t threads)
        : thread_([this, address, next, threads] { live(address, next, threads); }) {
        started_.get_future().wait();
    }
    ~Middle() {
        loop_->post([this] { loop_->stop(); });
        stopped_.set_value();
        thread_.join();
    }
    /// So far.
    Cost cost() {
        std::promise<Cost> answer;
        loop_->post([this, &answer] {
            answer.set_value(
                {allocations().count, locks(), machine_->server.core().counts().frames_in});
        });
        return answer.get_future().get();
    }

private:
    void live(const std::string& address, const std::string& next, std::size_t threads) {
        io::EventLoop loop;
        Machine machine(loop, "b", 2, threads);
        machine.listening = machine.server.listen(address).value();
        EXPECT_TRUE(machine.server.create_terminal("to-c", TerminalType::network, next, {"c", {}}));
        loop_ = &loop;
        machine_ = &machine;
        started_.set_value();
        loop.run();
        stopped_.get_future().wait();  // the loop outlives the post() that stops it
    }

    std::promise<void> started_;
    std::promise<void> stopped_;
    io::EventLoop* loop_ = nullptr;
    Machine* machine_ = nullptr;
    std::thread thread_;
};

/// Takes one stream, and reads everything.
class Sink final : public stream::Service, public stream::StreamEvents {
public:
    void on_open(stream::StreamPtr stream) override {
        stream_ = std::move(stream);
        stream_->set_events(this);
        stream_->accept();
    }
    void on_data(Buffer bytes, bool /*end*/) override {
        received += bytes.size();
        stream_->consume(bytes.size());
    }
    void on_end(const Error& reason) override { ADD_FAILURE() << reason.line(); }

    std::uint64_t received = 0;

private:
    stream::StreamPtr stream_;
};

class Source final : public stream::StreamEvents {
public:
    Source(stream::Session& session, std::size_t size) : bytes_(Buffer::allocate(size)) {
        std::fill_n(bytes_.mutable_data(), size, std::uint8_t{7});
        wire::Open open;
        open.set_destination("sink@c");
        stream_ = session.open(std::move(open), *this);
    }
    void send(std::size_t writes) {
        left_ += writes;
        on_writable();
    }
    void on_writable() override {
        bool more = true;
        for (; more && left_ > 0; --left_) more = stream_->write(bytes_);
    }
    void on_data(Buffer /*bytes*/, bool /*end*/) override {}
    void on_end(const Error& reason) override { ADD_FAILURE() << reason.line(); }

private:
    Buffer bytes_;
    std::size_t left_ = 0;
    stream::StreamPtr stream_;
};

struct SteadyState : testing::TestWithParam<std::tuple<std::size_t, std::size_t>> {
    const std::size_t size = std::get<0>(GetParam());
    const std::size_t threads = std::get<1>(GetParam());
};

TEST_P(SteadyState, AWriteCostsTheRouterInTheMiddleNoLockAndNoMemoryThatIsNotShared) {
    constexpr std::size_t writes = 10'000;
    const std::string at_b = io::free_address();
    const std::string at_c = io::free_address();
    io::EventLoop loop;
    Machine a(loop, "a", 1);
    Machine c(loop, "c", 3);
    c.listening = c.server.listen(at_c).value();
    Middle b(at_b, at_c, threads);
    ASSERT_TRUE(a.server.create_terminal("to-b", TerminalType::network, at_b, {"b", {}}));
    stream::Session here(a.server.connect_local("source"), loop, {"source", 1});
    stream::Session there(c.server.connect_local("sink"), loop, {"sink", 1});
    Sink sink;
    const Handle offer = there.offer("sink", {}, sink);
    ASSERT_TRUE(io::run_until(
        loop, [&] { return a.server.core().resolve(loop.now(), "sink@c").has_value(); }));

    Source source(here, size);
    const auto pass = [&] {
        const std::uint64_t wanted = sink.received + writes * size;
        source.send(writes);
        EXPECT_TRUE(io::run_until(loop, [&] { return sink.received == wanted; }));
    };
    pass();
    const Cost before = b.cost();
    pass();
    const Cost after = b.cost();
    const auto per_write = [](std::size_t count) {
        return static_cast<double>(count) / static_cast<double>(writes);
    };
    const double allocated = per_write(after.allocations - before.allocations);
    RecordProperty("allocations", std::to_string(allocated));
    std::cout << allocated << " allocations a write, " << after.locks - before.locks << " locks, "
              << after.frames - before.frames << " frames\n";
    EXPECT_GT(after.frames, before.frames);
    EXPECT_LT(allocated, size <= 64 ? 0.05 : size <= 1000 ? 0.5 : 2);
    EXPECT_LE(after.locks - before.locks, 2U) << "the questions of this test";
}

INSTANTIATE_TEST_SUITE_P(SizesAndThreads, SteadyState,
                         testing::Combine(testing::Values(64, 1000, 16'384),
                                          testing::Values(1, 2, 3)));

}  // namespace
}  // namespace jetway::cli
