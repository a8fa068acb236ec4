// Many streams at once, with random writes, reads, stops and ends: what arrives is what was sent,
// in order, and nobody sends beyond what was granted (the relay keeps the books).
#include <deque>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "stream/test_relay.hpp"

namespace jetway::stream {
namespace {

/// A stream and both of its directions, with what each side has written.
struct Exchange {
    struct Direction {
        Witness* from;
        Witness* to;
        std::string written;
        std::vector<std::string> messages;
        std::string open_message;
        std::size_t consumed = 0;
        bool finished = false;
        bool stopped = false;
    };
    Witness near;
    Witness far;
    Direction directions[2]{{&near, &far, {}, {}, {}}, {&far, &near, {}, {}, {}}};
    bool reset = false;
};

struct Mesh {
    Mesh() {
        for (int side = 0; side < 2; ++side) {
            takers[side].take = [this](StreamPtr stream) {
                const auto number = std::stoul(stream->opening().reply_to());
                Witness& far = exchanges.at(number).far;
                far.stream = std::move(stream);
                far.stream->set_events(&far);
                far.consumes = false;
                if (number % 3 != 0) far.stream->accept();
            };
            Session& session = side == 0 ? *relay.left : *relay.right;
            handles.push_back(session.offer("s", {}, takers[side]));
        }
        timer.run();
    }
    ~Mesh() { exchanges.clear(); }

    void open(bool from_left, bool messages) {
        Exchange& exchange = exchanges.emplace_back();
        wire::Open open = open_to("s", messages);
        open.set_reply_to(std::to_string(exchanges.size() - 1));
        exchange.near.consumes = false;
        exchange.near.stream =
            (from_left ? relay.left : relay.right)->open(std::move(open), exchange.near);
    }

    static void write(Exchange::Direction& flow, std::size_t size, bool end) {
        if (flow.finished || !flow.from->stream) return;
        std::string bytes(size, ' ');
        for (char& c : bytes) c = static_cast<char>('a' + (flow.written.size() + size) % 26);
        flow.written += bytes;
        flow.open_message += bytes;
        if (end) flow.messages.push_back(std::exchange(flow.open_message, {}));
        flow.from->stream->write(Buffer::copy_of(bytes), end);
    }
    static void consume(Exchange::Direction& flow, std::size_t most) {
        const std::size_t size = std::min(most, flow.to->data.size() - flow.consumed);
        flow.consumed += size;
        if (flow.to->stream) flow.to->stream->consume(size);
    }
    static void finish(Exchange::Direction& flow) {
        if (flow.finished || !flow.from->stream) return;
        if (!flow.open_message.empty()) write(flow, 1, true);
        flow.finished = true;
        flow.from->stream->finish();
    }

    ManualTimer timer;
    std::deque<Exchange> exchanges;
    Taker takers[2];
    Relay relay{timer};
    std::vector<Handle> handles;
};

RC_GTEST_PROP(Exchanges, ArriveWholeAndInOrderWithinTheirWindows, ()) {
    Mesh mesh;
    mesh.relay.pool = *rc::gen::element(0U, 20'000U, 1'000'000U);
    const auto streams = *rc::gen::inRange<std::size_t>(1, 8);
    for (std::size_t i = 0; i < streams; ++i) mesh.open(*rc::gen::arbitrary<bool>(), i % 2 == 0);
    const auto steps = *rc::gen::container<std::vector<std::pair<int, std::uint32_t>>>(
        rc::gen::pair(rc::gen::inRange(0, 12), rc::gen::arbitrary<std::uint32_t>()));
    for (const auto& [step, random] : steps) {
        Exchange& exchange = mesh.exchanges[random % streams];
        auto& flow = exchange.directions[random / 16 % 2];
        const std::size_t amount = random / 64 % (step % 2 == 0 ? 300'000 : 300);
        if (step < 6) {
            mesh.write(flow, amount, step != 3);
        } else if (step < 8) {
            mesh.consume(flow, amount);
        } else if (step == 8) {
            mesh.finish(flow);
        } else if (step == 9 && random % 7 == 0 && flow.to->stream) {
            flow.stopped = true;
            flow.to->stream->stop({Code::closed, "enough"});
        } else if (step == 10 && random % 11 == 0 && exchange.near.stream) {
            exchange.reset = true;
            exchange.near.stream.reset();
        } else {
            mesh.timer.run(random % 50);
        }
        RC_ASSERT(mesh.relay.left->ledger().balances());
        RC_ASSERT(mesh.relay.right->ledger().balances());
    }
    for (Exchange& exchange : mesh.exchanges) {
        for (auto& flow : exchange.directions) mesh.finish(flow);
    }
    mesh.timer.run();
    for (std::size_t i = 0; i < streams; ++i) {
        Witness& far = mesh.exchanges[i].far;
        if (far.stream) far.stream->accept();
    }
    mesh.timer.run();
    for (Exchange& exchange : mesh.exchanges) mesh.finish(exchange.directions[1]);
    for (int round = 0; round < 100; ++round) {
        for (Exchange& exchange : mesh.exchanges) {
            for (auto& flow : exchange.directions) mesh.consume(flow, SIZE_MAX);
        }
        mesh.timer.run();
    }
    for (Exchange& exchange : mesh.exchanges) {
        for (const auto& flow : exchange.directions) {
            if (!flow.from->stream || !flow.to->stream) continue;
            const wire::Ledger from = flow.from->stream->ledger();
            const wire::Ledger to = flow.to->stream->ledger();
            RC_ASSERT(from.sent.bytes == flow.written.size());
            RC_ASSERT(from.in_flight == wire::Tally{} || !flow.from->has("done"));
            // A STOP may meet a stream that has finished: then it did arrive, and nobody wanted it.
            RC_ASSERT(from.delivered.bytes <= to.received.bytes + to.unread.bytes);
            RC_ASSERT(to.received.bytes <= from.sent.bytes);
        }
        if (exchange.reset) continue;
        RC_ASSERT(exchange.near.has("done"));
        RC_ASSERT(exchange.far.has("done"));
        for (const auto& flow : exchange.directions) {
            if (flow.stopped) {
                RC_ASSERT(flow.written.compare(0, flow.to->data.size(), flow.to->data) == 0);
                continue;
            }
            RC_ASSERT(flow.to->data == flow.written);
            RC_ASSERT(flow.from->stream->ledger().delivered == flow.to->stream->ledger().received);
            if (carries_messages(exchange.near.stream->opening())) {
                RC_ASSERT(flow.to->messages == flow.messages);
            }
        }
    }
}

TEST(ManyStreams, OpenAndEndOneAfterTheOtherOnTheSameFewLabels) {
    Mesh mesh;
    mesh.relay.tracing = true;
    for (int i = 0; i < 1000; ++i) {
        mesh.exchanges.clear();
        mesh.open(i % 2 == 0, true);
        Exchange& exchange = mesh.exchanges[0];
        mesh.timer.run();
        exchange.far.stream->accept();
        mesh.write(exchange.directions[0], 100, true);
        for (auto& flow : exchange.directions) mesh.finish(flow);
        mesh.timer.run();
        ASSERT_EQ(exchange.far.data.size(), 100U);
        ASSERT_TRUE(exchange.near.has("done"));
        ASSERT_TRUE(exchange.far.has("done"));
    }
    for (const std::string& frame : mesh.relay.frames) {
        const auto label = std::stoul(frame.substr(frame.find(' ')));
        ASSERT_LE(label, 8U) << frame;
    }
}

}  // namespace
}  // namespace jetway::stream
