// Messages a second through the kernel, beside the plain function call that a connected pipe comes
// down to and the std::deque that a queue would be. Counts allocations: a message through a joint
// must make none.
#include "kernel/kernel.hpp"

#include <benchmark/benchmark.h>
#include <deque>
#include <memory>
#include <vector>

#include "base/counting/counting.hpp"

namespace jetway {
namespace {

/// Takes everything, as a service that keeps up does.
class Sink final : public PipeReader {
public:
    bool on_message(Message& message) override {
        const Message taken = std::move(message);
        sum_ += taken.header + taken.body.size();
        return true;
    }
    std::uint64_t sum() const { return sum_; }

private:
    std::uint64_t sum_ = 0;
};

/// Runs `step` for each message; fails the benchmark when any of them allocates.
template <typename Step>
void measure(benchmark::State& state, Step step, std::int64_t messages_a_step = 1) {
    const Buffer body = Buffer::copy_of("a short message");
    std::uint64_t number = 0;
    for (int i = 0; i < 1000; ++i) step(Message{number++, body});  // fill what is filled once
    const std::uint64_t before = allocations().count;
    for ([[maybe_unused]] auto _ : state) step(Message{number++, body});
    const std::uint64_t made = allocations().count - before;
    state.SetItemsProcessed(state.iterations() * messages_a_step);
    state.counters["allocations"] = static_cast<double>(made);
    if (made != 0) state.SkipWithError("a message allocates");
}

/// The limit from below: a virtual call that takes the message.
void function_call(benchmark::State& state) {
    Sink sink;
    PipeReader* reader = &sink;
    benchmark::DoNotOptimize(reader);
    measure(state, [&](Message message) { reader->on_message(message); });
    benchmark::DoNotOptimize(sink.sum());
}

/// What a queue of the standard library costs. It allocates a block for every sixteen messages.
void deque(benchmark::State& state) {
    std::deque<Message> queue;
    Sink sink;
    const Buffer body = Buffer::copy_of("a short message");
    std::uint64_t number = 0;
    for ([[maybe_unused]] auto _ : state) {
        queue.push_back(Message{number++, body});
        Message message = std::move(queue.front());
        queue.pop_front();
        sink.on_message(message);
    }
    state.SetItemsProcessed(state.iterations());
    benchmark::DoNotOptimize(sink.sum());
}

void pipe_write(benchmark::State& state) {
    Kernel kernel;
    Sink sink;
    const PipePtr pipe = kernel.create_pipe();
    pipe->set_reader(&sink);
    measure(state, [&](Message message) { pipe->write(message); });
    pipe->set_reader(nullptr);
    benchmark::DoNotOptimize(sink.sum());
}

void connect(benchmark::State& state) {
    Kernel kernel;
    Sink sink;
    const PipePtr from = kernel.create_pipe();
    const PipePtr to = kernel.create_pipe();
    to->set_reader(&sink);
    const Handle joint = kernel.connect(from, to);
    measure(state, [&](Message message) { from->write(message); });
    to->set_reader(nullptr);
    benchmark::DoNotOptimize(sink.sum());
}

/// The same with a reader that takes nothing until the queue is full: all messages pass through the
/// ring.
void connect_queued(benchmark::State& state) {
    Kernel kernel;
    Sink sink;
    const PipePtr from = kernel.create_pipe();
    const PipePtr to = kernel.create_pipe({.capacity = 64});
    const Handle joint = kernel.connect(from, to);
    measure(state, [&](Message message) {
        from->write(message);
        if (to->size() == 64) {
            to->set_reader(&sink);
            to->set_reader(nullptr);
        }
    });
    benchmark::DoNotOptimize(sink.sum());
}

void split_in_two(benchmark::State& state) {
    Kernel kernel;
    Sink left_sink;
    Sink right_sink;
    const PipePtr from = kernel.create_pipe();
    const PipePtr left = kernel.create_pipe();
    const PipePtr right = kernel.create_pipe();
    left->set_reader(&left_sink);
    right->set_reader(&right_sink);
    const Handle joint = kernel.split(from, {left, right});
    measure(state, [&](Message message) { from->write(message); });
    left->set_reader(nullptr);
    right->set_reader(nullptr);
    benchmark::DoNotOptimize(left_sink.sum() + right_sink.sum());
}

void merge_of_two(benchmark::State& state) {
    Kernel kernel;
    Sink sink;
    const PipePtr left = kernel.create_pipe();
    const PipePtr right = kernel.create_pipe();
    const PipePtr to = kernel.create_pipe();
    to->set_reader(&sink);
    const Handle joint = kernel.merge({left, right}, to);
    measure(state,
            [&](Message message) { (message.header % 2 == 0 ? left : right)->write(message); });
    to->set_reader(nullptr);
    benchmark::DoNotOptimize(sink.sum());
}

BENCHMARK(function_call);
BENCHMARK(deque);
BENCHMARK(pipe_write);
BENCHMARK(connect);
BENCHMARK(connect_queued);
BENCHMARK(split_in_two);
BENCHMARK(merge_of_two);

}  // namespace
}  // namespace jetway

BENCHMARK_MAIN();
