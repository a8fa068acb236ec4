#include "io/bell.hpp"

#include <csignal>
#include <thread>

#include "io/loop_thread.hpp"
#include "io/testing.hpp"

namespace jetway::io {
namespace {

using namespace std::chrono_literals;

struct Called final : BellEvents {
    explicit Called(EventLoop& loop) : bell(std::make_shared<Bell>(loop)) {
        bell->set_events(this);
    }
    ~Called() { bell->set_events(nullptr); }
    void on_rung() override {
        ++times;
        if (then) then();
    }

    BellPtr bell;
    int times = 0;
    std::function<void()> then;
};

TEST(BellTest, WhatRangManyTimesIsCalledOnce) {
    EventLoop loop;
    const Called called(loop);
    for (int i = 0; i < 5; ++i) called.bell->ring();
    settle(loop);
    EXPECT_EQ(called.times, 1);
    called.bell->ring();
    settle(loop);
    EXPECT_EQ(called.times, 2);
}

TEST(BellTest, BellsAreCalledInTheOrderInWhichTheyWereRung) {
    EventLoop loop;
    std::string order;
    Called a(loop);
    Called b(loop);
    a.then = [&] { order += "a"; };
    b.then = [&] { order += "b"; };
    b.bell->ring();
    a.bell->ring();
    settle(loop);
    EXPECT_EQ(order, "ba");
}

TEST(BellTest, OneMayRingItselfAgainAndTheLoopGoesOnMeanwhile) {
    EventLoop loop;
    Called called(loop);
    called.then = [&] { called.bell->ring(); };
    called.bell->ring();
    bool timer_came = false;
    const Handle timer = loop.after(1ms, [&] { timer_came = true; });
    EXPECT_TRUE(run_until(loop, [&] { return timer_came && called.times > 10; }));
    called.then = nullptr;
}

TEST(BellTest, WhoIsGoneIsNotCalledAndMayGoInACall) {
    EventLoop loop;
    auto second = std::make_unique<Called>(loop);
    auto first = std::make_unique<Called>(loop);
    first->then = [&] {
        second.reset();
        first.reset();
    };
    first->bell->ring();
    second->bell->ring();
    settle(loop);
    EXPECT_EQ(first, nullptr);
}

TEST(BellTest, ABellThatNobodyHeardMayOutliveItsLoopSilently) {
    BellPtr bell;
    {
        EventLoop loop;
        bell = std::make_shared<Bell>(loop);
        bell->ring();
    }
    EXPECT_EQ(bell.use_count(), 1);
}

TEST(BellTest, ALoopWithABellHasSomethingToWaitFor) {
    EventLoop loop;
    auto called = std::make_unique<Called>(loop);
    called->then = [&] { called.reset(); };
    std::thread other([bell = called->bell] { bell->ring(); });
    loop.run();
    EXPECT_EQ(called, nullptr);
    other.join();
}

// Each counts up to what it last saw of the other, so one lost call stops both.
TEST(BellTest, BetweenTwoLoopsNoCallIsLost) {
    constexpr std::uint64_t rounds = 5000;
    EventLoop here;
    LoopThread there;
    std::atomic<std::uint64_t> asked = 0;
    std::atomic<std::uint64_t> answered = 0;
    Called ours(here);
    std::unique_ptr<Called> theirs;
    std::atomic<bool> is_ready = false;
    BellPtr their_bell;
    there.loop().post([&] {
        theirs = std::make_unique<Called>(there.loop());
        theirs->then = [&] {
            answered = asked.load();
            ours.bell->ring();
        };
        their_bell = theirs->bell;
        is_ready = true;
        ours.bell->ring();
    });
    ours.then = [&] {
        if (!is_ready || answered != asked) return;
        ++asked;
        their_bell->ring();
    };
    EXPECT_TRUE(run_until(here, [&] { return asked >= rounds; }));
    ours.then = nullptr;
    bool is_gone = false;
    there.loop().post([&] {
        theirs.reset();
        here.post([&] { is_gone = true; });
    });
    EXPECT_TRUE(run_until(here, [&] { return is_gone; }));
}

TEST(BellTest, ManyThreadsMayRingAtOnce) {
    EventLoop loop;
    constexpr int times = 10'000;
    std::vector<std::unique_ptr<Called>> called;
    std::atomic<int> rung = 0;
    for (int i = 0; i < 8; ++i) called.push_back(std::make_unique<Called>(loop));
    std::vector<std::thread> threads;
    threads.reserve(4);
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < times; ++i) called[static_cast<std::size_t>(i) % 8]->bell->ring();
            ++rung;
        });
    }
    EXPECT_TRUE(run_until(loop, [&] { return rung == 4; }));
    settle(loop);
    for (auto& thread : threads) thread.join();
    for (const auto& one : called) EXPECT_GT(one->times, 0);
}

TEST(LoopThreadTest, WhatWasPostedIsCalledBeforeItStops) {
    int called = 0;
    {
        LoopThread thread;
        for (int i = 0; i < 100; ++i) thread.loop().post([&] { ++called; });
    }
    EXPECT_EQ(called, 100);
}

TEST(LoopThreadTest, SignalsOfTheProcessDoNotReachIt) {
    EventLoop loop;
    LoopThread thread;
    std::optional<sigset_t> blocked;
    thread.loop().post([&] {
        sigset_t now;
        pthread_sigmask(SIG_SETMASK, nullptr, &now);
        loop.post([&, now] { blocked = now; });
    });
    ASSERT_TRUE(run_until(loop, [&] { return blocked.has_value(); }));
    for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGCHLD, SIGPIPE})
        EXPECT_EQ(sigismember(&*blocked, signal), 1) << signal;
    sigset_t ours;
    pthread_sigmask(SIG_SETMASK, nullptr, &ours);
    EXPECT_EQ(sigismember(&ours, SIGTERM), 0) << "only while the thread begins";
}

}  // namespace
}  // namespace jetway::io
