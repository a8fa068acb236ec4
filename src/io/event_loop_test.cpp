#include "io/event_loop.hpp"

#include <array>
#include <csignal>
#include <thread>

#include "io/testing.hpp"

namespace jetway::io {
namespace {

using namespace std::chrono_literals;

TEST(EventLoopTest, APostedActionRunsAfterWhatRunsNow) {
    EventLoop loop;
    std::string order;
    loop.post([&] {
        loop.post([&] { order += "b"; });
        order += "a";
    });
    loop.run();
    EXPECT_EQ(order, "ab");
}

TEST(EventLoopTest, RunReturnsWhenNothingIsLeftToWaitFor) {
    EventLoop loop;
    loop.run();
    int fired = 0;
    const Handle timer = loop.after(1ms, [&] { ++fired; });
    loop.run();
    EXPECT_EQ(fired, 1);
}

TEST(EventLoopTest, TimersFireInTheOrderOfTheirTimeAndThenOfAsking) {
    EventLoop loop;
    std::string order;
    const Time now = loop.now();
    const Handle c = loop.at(now + 3ms, [&] { order += "c"; });
    const Handle a = loop.at(now + 1ms, [&] { order += "a"; });
    const Handle b = loop.at(now + 1ms, [&] { order += "b"; });
    loop.run();
    EXPECT_EQ(order, "abc");
    EXPECT_GE(loop.now(), now + 3ms);
}

TEST(EventLoopTest, ATimerWhoseHandleWentDoesNotFire) {
    EventLoop loop;
    bool fired = false;
    Handle early = loop.after(1ms, [&] { fired = true; });
    Handle self;
    self = loop.after(0ms, [&] { early.reset(); });
    loop.run();
    EXPECT_FALSE(fired);
}

TEST(EventLoopTest, ATimerMayCancelAnotherThatIsDueAtTheSameMoment) {
    EventLoop loop;
    int fired = 0;
    const Time when = loop.now();
    Handle second;
    const Handle first = loop.at(when, [&] {
        ++fired;
        second.reset();
    });
    second = loop.at(when, [&] { ++fired; });
    loop.run();
    EXPECT_EQ(fired, 1);
}

TEST(EventLoopTest, ATimerHandleMayOutliveItsLoop) {
    Handle timer;
    {
        EventLoop loop;
        timer = loop.after(1h, [] {});
    }
    timer.reset();
}

TEST(EventLoopTest, ATimerThatIsPutOffAgainAndAgainFiresAtItsLastTimeAndNotBefore) {
    EventLoop loop;
    const Time begin = loop.now();
    Time last{};
    Time fired{};
    Handle put_off;
    std::array<Handle, 10> steps;
    for (std::size_t i = 0; i < steps.size(); ++i) {
        steps.at(i) = loop.at(begin + i * 1ms, [&] {
            last = loop.now() + 3ms;
            put_off = loop.at(last, [&] { fired = loop.now(); });
        });
    }
    loop.run();
    EXPECT_GE(last, begin + 12ms);
    EXPECT_GE(fired, last);
}

TEST(EventLoopTest, AnEarlierTimerOvertakesTheOneThatIsWaitedFor) {
    EventLoop loop;
    const Handle late = loop.after(1h, [] {});
    Handle early;
    loop.post([&] { early = loop.after(1ms, [&] { loop.stop(); }); });
    const Time begin = loop.now();
    loop.run();
    EXPECT_LT(loop.now(), begin + 10s);
}

TEST(EventLoopTest, RunUntilWaitsAtMostUntilItsDeadline) {
    EventLoop loop;
    const Time deadline = loop.now() + 5ms;
    EXPECT_FALSE(loop.run_until([] { return false; }, deadline));
    EXPECT_GE(loop.now(), deadline);
}

TEST(EventLoopTest, RunUntilReturnsAsSoonAsItIsDone) {
    EventLoop loop;
    bool done = false;
    const Handle timer = loop.after(1ms, [&] { done = true; });
    const Time begin = loop.now();
    EXPECT_TRUE(run_until(loop, [&] { return done; }));
    EXPECT_LT(loop.now(), begin + 10s);
}

TEST(EventLoopTest, StopEndsARunAndOnlyOne) {
    EventLoop loop;
    int rounds = 0;
    const Handle forever = loop.after(1h, [] {});
    loop.post([&] {
        ++rounds;
        loop.stop();
    });
    loop.run();
    loop.post([&] {
        ++rounds;
        loop.stop();
    });
    loop.run();
    EXPECT_EQ(rounds, 2);
}

TEST(EventLoopTest, AStopThatComesBeforeRunIsNotLost) {
    EventLoop loop;
    const Handle forever = loop.after(1h, [] {});
    loop.stop();
    loop.run();
}

TEST(EventLoopTest, OtherThreadsPostInOrderAndWakeTheLoop) {
    EventLoop loop;
    constexpr int posts = 10'000;
    int next = 0;
    bool in_order = true;
    const Handle forever = loop.after(1h, [] {});
    std::thread poster([&] {
        for (int i = 0; i < posts; ++i) {
            loop.post([&, i] {
                in_order = in_order && next == i;
                if (++next == posts) loop.stop();
            });
        }
    });
    loop.run();
    poster.join();
    EXPECT_EQ(next, posts);
    EXPECT_TRUE(in_order);
}

TEST(EventLoopTest, AnotherThreadMayStopTheLoop) {
    EventLoop loop;
    const Handle forever = loop.after(1h, [] {});
    std::thread stopper([&] { loop.stop(); });
    loop.run();
    stopper.join();
}

TEST(EventLoopTest, LoopsOfTwoThreadsPostToEachOther) {
    EventLoop one;
    EventLoop two;
    int bounces = 0;
    std::function<void()> to_one;
    std::function<void()> to_two;
    to_two = [&] { two.post(to_one); };
    to_one = [&] {
        one.post([&] {
            if (++bounces < 1000) return to_two();
            one.stop();
            two.stop();
        });
    };
    const Handle keep_one = one.after(1h, [] {});
    const Handle keep_two = two.after(1h, [] {});
    one.post(to_two);
    std::thread thread([&] { two.run(); });
    one.run();
    thread.join();
    EXPECT_EQ(bounces, 1000);
}

TEST(EventLoopTest, ASignalCallsItsActionEachTimeUntilTheHandleGoes) {
    EventLoop loop;
    int seen = 0;
    Handle handle = loop.on_signal({SIGUSR1, SIGUSR2}, [&](int number) {
        EXPECT_EQ(number, seen == 0 ? SIGUSR1 : SIGUSR2);
        ++seen;
    });
    ASSERT_EQ(raise(SIGUSR1), 0);
    ASSERT_TRUE(run_until(loop, [&] { return seen == 1; }));
    ASSERT_EQ(raise(SIGUSR2), 0);
    ASSERT_TRUE(run_until(loop, [&] { return seen == 2; }));
    handle.reset();
    loop.run();  // nothing is waited for any more
}

TEST(EventLoopTest, NoneOfSeveralSignalsIsLostBetweenTwoTurns) {
    EventLoop loop;
    std::vector<int> seen;
    const Handle handle =
        loop.on_signal({SIGUSR1, SIGUSR2}, [&](int number) { seen.push_back(number); });
    for (const int number : {SIGUSR1, SIGUSR2, SIGUSR1}) ASSERT_EQ(raise(number), 0);
    ASSERT_TRUE(run_until(loop, [&] { return seen.size() == 3; }));
    EXPECT_EQ(seen, (std::vector{SIGUSR1, SIGUSR2, SIGUSR1}));
}

TEST(EventLoopTest, TwoMayWaitForOneSignalAndTheLastToGoGivesItBack) {
    EventLoop loop;
    int first = 0;
    int second = 0;
    Handle one = loop.on_signal({SIGUSR1}, [&](int) { ++first; });
    Handle two = loop.on_signal({SIGUSR1}, [&](int) { ++second; });
    ASSERT_EQ(raise(SIGUSR1), 0);
    ASSERT_TRUE(run_until(loop, [&] { return first == 1 && second == 1; }));
    one.reset();
    ASSERT_EQ(raise(SIGUSR1), 0);
    ASSERT_TRUE(run_until(loop, [&] { return second == 2; }));
    EXPECT_EQ(first, 1);
    two.reset();
    struct sigaction now{};
    ASSERT_EQ(sigaction(SIGUSR1, nullptr, &now), 0);
    EXPECT_EQ(now.sa_handler, SIG_DFL);
}

TEST(EventLoopTest, ASignalsActionMayEndTheWaitForMore) {
    EventLoop loop;
    int seen = 0;
    Handle handle;
    handle = loop.on_signal({SIGUSR1}, [&](int) {
        ++seen;
        handle.reset();
    });
    ASSERT_EQ(raise(SIGUSR1), 0);
    ASSERT_EQ(raise(SIGUSR1), 0);
    loop.run();
    EXPECT_EQ(seen, 1);
}

TEST(EventLoopTest, WhatPostedActionsPostIsDoneBeforeTheSystemIsAskedAgain) {
    EventLoop loop;
    std::string order;
    loop.post([&] {
        loop.post([&] {
            order += "b";
            loop.post([&] { order += "c"; });
        });
        order += "a";
    });
    int turns = 0;
    loop.run_until([&] { return ++turns == 2; }, loop.now() + 1s);
    EXPECT_EQ(order, "abc");
}

TEST(EventLoopTest, AChainOfPostsDoesNotKeepTimersFromFiring) {
    EventLoop loop;
    bool fired = false;
    const Handle timer = loop.after(1ms, [&] { fired = true; });
    std::function<void()> again = [&] {
        if (!fired) loop.post(again);
    };
    loop.post(again);
    EXPECT_TRUE(run_until(loop, [&] { return fired; }));
}

}  // namespace
}  // namespace jetway::io
