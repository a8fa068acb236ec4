#include "stream/receive_window.hpp"

#include <algorithm>
#include <deque>
#include <gtest/gtest.h>

#include "kernel/manual_timer.hpp"

namespace jetway::stream {
namespace {

using namespace std::chrono_literals;

/// A sender that never runs out, a link with a rate and a round trip, and a reader.
class ReceiveWindowTest : public testing::Test {
protected:
    /// Bytes a second while `bytes` cross. The reader keeps up, or takes `pace` bytes a second.
    double send(std::uint64_t bytes, Duration round_trip, double rate, double pace = 1e12) {
        const Time begin = timer.now();
        const std::uint64_t start = taken;
        const std::uint64_t end = taken + bytes;
        Time link_free = begin;
        while (taken < end) {
            for (; !grants.empty() && grants.front().counts <= timer.now(); grants.pop_front()) {
                if (known == taken) link_free = grants.front().counts;
                known = grants.front().limit;
            }
            if (known == taken) {
                timer.advance(10us);
            } else {
                const std::uint64_t size = std::min<std::uint64_t>(16'384, known - taken);
                link_free +=
                    Duration(static_cast<std::int64_t>(1e9 * static_cast<double>(size) / rate));
                if (link_free > timer.now()) timer.advance(link_free - timer.now());
                taken += size;
                if (receive.arrived(timer, taken)) receive.grow();
            }
            const double seconds = std::chrono::duration<double>(timer.now() - begin).count();
            const double read = pace * seconds;
            consumed = std::min(taken, start + static_cast<std::uint64_t>(std::min(read, 1e15)));
            if (consumed + receive.size() >= limit + receive.size() / 2) {
                receive.granted(timer.now(), taken, limit);
                limit = consumed + receive.size();
                grants.push_back({timer.now() + round_trip, limit});
            }
        }
        return static_cast<double>(bytes) /
               std::chrono::duration<double>(timer.now() - begin).count();
    }

    struct Grant {
        Time counts;  // when the first byte that needs it can have come
        std::uint64_t limit;
    };
    ManualTimer timer;
    ReceiveWindow receive;
    std::deque<Grant> grants;
    std::uint64_t taken = 0;
    std::uint64_t consumed = 0;
    std::uint64_t limit = window;
    std::uint64_t known = window;  // to the sender
};

TEST_F(ReceiveWindowTest, ALongWayGetsALargeOne) {
    // 100 MB/s over 40 ms: 4 MB are under way.
    send(100'000'000, 40ms, 100e6);
    EXPECT_GE(receive.size(), 4'000'000U);
    EXPECT_LE(receive.size(), wire::most_window);
    EXPECT_GT(send(100'000'000, 40ms, 100e6), 95e6);
}

TEST_F(ReceiveWindowTest, AShortWayKeepsASmallOne) {
    send(100'000'000, 200us, 100e6);
    EXPECT_EQ(receive.size(), window);
}

TEST_F(ReceiveWindowTest, ASlowReaderKeepsASmallOne) {
    send(4'000'000, 1ms, 1e9, 1e6);
    EXPECT_EQ(receive.size(), window);
}

TEST_F(ReceiveWindowTest, ItDoesNotGrowBeyondWhatTheProtocolAllows) {
    send(2'000'000'000, 400ms, 1e9);
    EXPECT_EQ(receive.size(), wire::most_window);
}

}  // namespace
}  // namespace jetway::stream
