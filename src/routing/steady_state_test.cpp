// What a frame costs the forwarder once everything is as large as it gets: no memory and no lock.
#include <gtest/gtest.h>

#include "base/counting/counting.hpp"
#include "routing/crossroads.hpp"

namespace jetway::routing {
namespace {

constexpr LinkId in = 0;
constexpr LinkId out = 1;
constexpr std::uint32_t streams = 100;

/// Each stream sends a frame and, once half of a window was consumed, is granted another.
class SteadyState : public testing::Test {
protected:
    SteadyState() {
        roads.add_link(in, false);
        roads.add_link(out, true);
        roads.put_sign("far", out);
        for (std::uint32_t i = 0; i < streams; ++i) {
            EXPECT_TRUE(roads.send(in, open_frame(label(i), "far")));
            roads.pull_all(out);
            EXPECT_TRUE(roads.send(out, opened_frame(label(i))));
            EXPECT_TRUE(roads.send(out, window_frame(label(i), window)));
        }
        roads.pull_all(in);
        body = Buffer::copy_of(std::string(1000, 'x'));
    }
    static std::uint32_t label(std::uint32_t i) { return 2 * i + 1; }

    /// The frames of a round, then what comes of them. The grants are made before: they are the
    /// receivers'.
    std::size_t round(std::vector<Buffer>& grants) {
        std::size_t passed = 0;
        wire::Frame frame;
        for (std::uint32_t i = 0; i < streams; ++i) {
            take(in, {wire::FrameType::data, label(i), body});
            if (!grants.empty()) {
                take(out, {wire::FrameType::window, label(i), std::move(grants.back())});
                grants.pop_back();
            }
        }
        for (const LinkId link : {in, out}) {
            for (; roads.forwarder().pull({}, link, frame); ++passed) {
            }
        }
        roads.actions().clear();
        return passed;
    }
    void take(LinkId link, wire::Frame&& frame) {
        if (!roads.forwarder().receive({}, link, std::move(frame))) ADD_FAILURE();
    }
    std::vector<Buffer> grants_at(std::uint64_t consumed) {
        return {streams, wire::encode(wire::Window{consumed + window, consumed})};
    }

    static constexpr std::uint64_t window = 256UL * 1024;
    Crossroads roads;
    Buffer body;
};

TEST_F(SteadyState, AFrameNeitherAllocatesNorLocks) {
    std::size_t passed = 0;
    std::size_t allocated = 0;
    std::size_t locked = 0;
    for (std::uint64_t number = 0; number < 300; ++number) {
        auto grants = number % 100 == 99 ? grants_at(number * 1000) : std::vector<Buffer>();
        const Allocations before = allocations();
        const std::size_t locks_before = locks();
        const std::size_t frames = round(grants);
        if (number < 150) continue;  // fills what is filled once
        passed += frames;
        allocated += allocations().count - before.count;
        locked += locks() - locks_before;
    }
    EXPECT_EQ(passed, 150 * streams + 2 * streams);
    EXPECT_EQ(allocated, 0U);
    EXPECT_EQ(locked, 0U);
}

}  // namespace
}  // namespace jetway::routing
