// Frames a second through one forwarder, from a link to another, beside the floor: a relay that
// looks the label up in a hash table and hands the same buffer on, without credits, lanes or a
// ledger. Counts allocations: a frame of DATA or WINDOW must make none.
#include "routing/forwarder.hpp"

#include <benchmark/benchmark.h>
#include <cstring>
#include <deque>
#include <unordered_map>
#include <vector>

#include "base/counting/counting.hpp"
#include "routing/crossroads.hpp"

namespace jetway::routing {
namespace {

constexpr LinkId west = 0;
constexpr LinkId east = 1;
constexpr std::uint64_t window = 4UL * 1024 * 1024;

/// `count` streams from the west to the east, open and granted.
class Streams {
public:
    Streams(std::size_t count, std::size_t frame_size)
        : body_(Buffer::allocate(frame_size)), sent_(count), granted_(count), grants_(count) {
        roads_.add_link(west, false);
        roads_.add_link(east, true);
        roads_.put_sign("service", east);
        for (std::size_t i = 0; i < count; ++i) {
            must(roads_.send(west, open_frame(label(i), "service")));
            roads_.pull_all(east);
            must(roads_.send(east, opened_frame(label(i))));
            grants_[i] = Buffer::allocate(16);
            grant(i);
        }
        roads_.pull_all(west);
        roads_.actions().clear();
    }

    /// One frame of each stream arrives, then all of them leave; credit is renewed when half of it
    /// is used.
    void step() {
        for (std::size_t i = 0; i < sent_.size(); ++i) {
            must(roads_.forwarder().receive({}, west, {wire::FrameType::data, label(i), body_}));
            sent_[i] += body_.size();
        }
        wire::Frame frame;
        while (roads_.forwarder().pull({}, east, frame))
            benchmark::DoNotOptimize(frame.body.data());
        for (std::size_t i = 0; i < sent_.size(); ++i) {
            if (granted_[i] - sent_[i] < window / 2) grant(i);
        }
        while (roads_.forwarder().pull({}, west, frame))
            benchmark::DoNotOptimize(frame.body.data());
        roads_.actions().clear();
    }

private:
    static std::uint32_t label(std::size_t i) { return static_cast<std::uint32_t>(2 * i + 1); }
    static void must(const Result<>& result) {
        if (!result) std::abort();
    }
    void grant(std::size_t i) {
        granted_[i] = sent_[i] + window;
        std::memcpy(grants_[i].mutable_data(), &granted_[i], 8);
        std::memcpy(grants_[i].mutable_data() + 8, &sent_[i], 8);
        must(roads_.forwarder().receive({}, east, {wire::FrameType::window, label(i), grants_[i]}));
    }

    /// So that every grant passes whole.
    static Options options() {
        Options result;
        result.memory = 1024 * window;
        return result;
    }

    Crossroads roads_{options()};
    Buffer body_;
    std::vector<std::uint64_t> sent_;
    std::vector<std::uint64_t> granted_;
    std::vector<Buffer> grants_;
};

/// The least that any relay does.
class Relay {
public:
    Relay(std::size_t count, std::size_t frame_size)
        : body_(Buffer::allocate(frame_size)), streams_(count) {
        for (std::size_t i = 0; i < count; ++i) labels_[label(i)] = label(count - i);
    }
    void step() {
        for (std::size_t i = 0; i < streams_; ++i) {
            wire::Frame frame(wire::FrameType::data, label(i), body_);
            frame.header.label = labels_.find(frame.header.label)->second;
            lane_.push_back(std::move(frame));
        }
        while (!lane_.empty()) {
            const wire::Frame frame = std::move(lane_.front());
            lane_.pop_front();
            benchmark::DoNotOptimize(frame.body.data());
        }
    }

private:
    static std::uint32_t label(std::size_t i) { return static_cast<std::uint32_t>(2 * i + 1); }
    Buffer body_;
    std::size_t streams_;
    std::unordered_map<std::uint32_t, std::uint32_t> labels_;
    std::deque<wire::Frame> lane_;
};

template <typename Subject>
void measure(benchmark::State& state, bool may_allocate) {
    const auto streams = static_cast<std::size_t>(state.range(0));
    const auto size = static_cast<std::size_t>(state.range(1));
    Subject subject(streams, size);
    for (int i = 0; i < 2000; ++i) subject.step();  // fill what is filled once
    const std::uint64_t before = allocations().count;
    for ([[maybe_unused]] auto _ : state) subject.step();
    const std::uint64_t made = allocations().count - before;
    const auto frames = static_cast<std::int64_t>(state.iterations() * streams);
    state.SetItemsProcessed(frames);
    state.SetBytesProcessed(frames * static_cast<std::int64_t>(size));
    state.counters["allocations"] = static_cast<double>(made);
    if (made != 0 && !may_allocate) state.SkipWithError("a frame allocated");
}

void forwarder(benchmark::State& state) {
    measure<Streams>(state, false);
}
void floor_of_a_relay(benchmark::State& state) {
    measure<Relay>(state, true);
}

// Streams, bytes a frame.
BENCHMARK(forwarder)->ArgsProduct({{1, 100}, {64, 65'535}});
BENCHMARK(floor_of_a_relay)->ArgsProduct({{1, 100}, {64, 65'535}});

}  // namespace
}  // namespace jetway::routing

BENCHMARK_MAIN();
