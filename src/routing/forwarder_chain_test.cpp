// Properties of chained forwarders: parties at the outer ends do at random what honest processes
// may do, frames are delayed at random, and each party checks every byte, offset and state that
// reaches it.
#include <deque>
#include <gtest/gtest.h>
#include <map>

#include "base/random.hpp"
#include "routing/crossroads.hpp"
#include "routing/label_table.hpp"

namespace jetway::routing {
namespace {

using wire::Frame;
using wire::FrameType;
using Frames = std::deque<Frame>;

/// A process on a link to a forwarder. Its bytes are a function of stream and offset, so nothing is
/// remembered.
class Party {
public:
    Party(Random& random, std::string name, std::vector<std::string> destinations)
        : random_(random),
          name_(std::move(name)),
          destinations_(std::move(destinations)),
          labels_(true) {}

    static constexpr std::uint32_t pool = 40'000;

    /// Does one thing at random. What it sends goes to `out`.
    void act() {
        if (legs_.size() < 12 && random_.below(4) == 0) return open();
        if (legs_.empty()) return;
        auto leg = legs_.begin();
        std::advance(leg, random_.below(legs_.size()));
        act_on(leg->first, leg->second);
    }
    /// Ends what it has, in order, and opens nothing more.
    void wind_up() {
        std::vector<std::uint32_t> labels;
        labels.reserve(legs_.size());
        for (const auto& [label, leg] : legs_) labels.push_back(label);
        for (const std::uint32_t label : labels) {
            if (!legs_.count(label)) continue;
            Leg& leg = legs_[label];
            if (!leg.ours && !leg.answered) send(opened_frame(label)), leg.answered = true;
            if (!leg.reset_sent) consume(label, leg);
            if (leg.answered && !leg.reset_sent) finish(label, leg);
        }
    }
    void take(const Frame& frame) {
        const std::uint32_t label = frame.header.label;
        if (frame.header.is(FrameType::open)) return take_open(frame);
        const auto found = legs_.find(label);
        if (found == legs_.end()) return take_late(frame);
        Leg& leg = found->second;
        switch (static_cast<FrameType>(frame.header.type)) {
            case FrameType::opened:
                EXPECT_TRUE(leg.ours && !leg.answered);
                leg.answered = true;
                return labels_.heard(leg.number);
            case FrameType::nack:
                EXPECT_TRUE(leg.ours && !leg.answered);
                labels_.heard(leg.number);
                return leg.reset_sent ? void(leg.answered = true) : erase(label, false);
            case FrameType::data:
                return take_data(label, leg, frame);
            case FrameType::window:
                return take_window(leg, frame);
            case FrameType::stop:
                leg.told_to_stop = true;
                return;
            case FrameType::reset:
                return take_reset(label, leg);
            default:
                EXPECT_TRUE(leg.reset_sent);
                return erase(label, false);
        }
    }

    Frames out;
    std::size_t open_streams() const { return legs_.size(); }
    std::uint64_t bytes_received() const { return bytes_received_; }
    std::uint64_t finished() const { return finished_; }

private:
    struct Leg {
        std::uint64_t key = 0;
        std::uint64_t number = 0;
        bool ours = false, answered = false;
        std::uint32_t pool_taken = 0;
        std::uint64_t sent = 0, credit = 0;
        std::uint64_t received = 0, granted = 0;
        bool fin_sent = false, fin_received = false, told_to_stop = false, said_stop = false,
             reset_sent = false;
    };

    static std::uint8_t byte_at(std::uint64_t key, std::uint64_t offset) {
        return static_cast<std::uint8_t>(((key + offset) * 2654435761U) >> 13U);
    }
    void send(Frame frame) { out.push_back(std::move(frame)); }

    void act_on(std::uint32_t label, Leg& leg) {
        if (leg.reset_sent) return;
        if (!leg.ours && !leg.answered) return answer(label, leg);
        const auto choice = random_.below(40);
        if (choice < 20) return write(label, leg);
        if (choice < 34) return consume(label, leg);
        if (choice < 37) return leg.answered ? finish(label, leg) : void();
        if (choice == 37 && !leg.said_stop && !leg.fin_received) {
            leg.said_stop = true;
            return send(stop_frame(label));
        }
        if (choice == 38) {
            leg.reset_sent = true;
            return_pool(leg);
            send(reset_frame(label));
        }
    }
    void open() {
        const auto label = labels_.pick();
        ASSERT_TRUE(label);
        wire::Open open;
        open.set_destination(destinations_[random_.below(destinations_.size())]);
        open.set_source(name_ + std::to_string(++opened_));
        const std::uint32_t window =
            std::min<std::uint32_t>(pool_, static_cast<std::uint32_t>(random_.below(16385)));
        open.set_first_window(window);
        pool_ -= window;
        Leg& leg = legs_[*label];
        leg.ours = true;
        leg.key = wire::digest(open.source());
        leg.number = labels_.opened();
        leg.credit = leg.pool_taken = window;
        send({FrameType::open, *label, wire::encode(open)});
    }
    void answer(std::uint32_t label, Leg& leg) {
        if (random_.below(6) == 0) {
            send(nack_frame(label, Code::denied, name_));
            return erase(label, false);
        }
        leg.answered = true;
        send(opened_frame(label));
    }
    void write(std::uint32_t label, Leg& leg) {
        const std::uint64_t room =
            std::min<std::uint64_t>(leg.credit - leg.sent, 1 + random_.below(9000));
        if (leg.fin_sent || leg.told_to_stop || room == 0) return;
        Buffer body = Buffer::allocate(room);
        const std::uint64_t key = leg.ours ? leg.key : ~leg.key;
        for (std::uint64_t i = 0; i < room; ++i)
            body.mutable_data()[i] = byte_at(key, leg.sent + i);
        leg.sent += room;
        send({FrameType::data, label, std::move(body)});
    }
    void finish(std::uint32_t label, Leg& leg) {
        if (leg.fin_sent) return;
        leg.fin_sent = true;
        send(fin_frame(label));
        erase_if_finished(label);
    }
    void consume(std::uint32_t label, Leg& leg) {
        if (leg.fin_received || leg.granted == leg.received + window_) return;
        leg.granted = leg.received + window_;
        send(window_frame(label, leg.granted, leg.received));
    }
    void take_open(const Frame& frame) {
        const auto open = wire::decode<wire::Open>(frame.body.bytes());
        ASSERT_TRUE(open);
        ASSERT_EQ(frame.header.label % 2, 0U);
        ASSERT_EQ(legs_.count(frame.header.label), 0U) << "a label in use";
        Leg& leg = legs_[frame.header.label];
        leg.key = wire::digest(open->source());
        leg.granted = open->first_window();
    }
    void take_data(std::uint32_t label, Leg& leg, const Frame& frame) {
        if (leg.reset_sent) return;
        ASSERT_TRUE(!leg.ours || leg.answered);
        ASSERT_FALSE(leg.fin_received);
        const std::uint64_t key = leg.ours ? ~leg.key : leg.key;
        for (std::size_t i = 0; i < frame.body.size(); ++i) {
            ASSERT_EQ(frame.body.data()[i], byte_at(key, leg.received + i))
                << "at offset " << leg.received + i;
        }
        leg.received += frame.body.size();
        bytes_received_ += frame.body.size();
        ASSERT_LE(leg.received, leg.granted) << "more than was granted";
        if ((frame.header.flags & wire::flag::fin) == 0) return;
        leg.fin_received = true;
        erase_if_finished(label);
    }
    void take_window(Leg& leg, const Frame& frame) {
        const auto window = wire::decode_window(frame.body.bytes());
        ASSERT_TRUE(window);
        ASSERT_LE(window->consumed, leg.sent);
        leg.credit = std::max(leg.credit, window->up_to);
        return_pool(leg);
    }
    void take_reset(std::uint32_t label, Leg& leg) {
        send(reset_ack_frame(label));
        labels_.heard(leg.number);
        if (!leg.reset_sent) erase(label, false);
    }
    /// Only what may cross an end on its way: never an answer, and RESET is answered again.
    void take_late(const Frame& frame) {
        if (frame.header.is(FrameType::reset)) return send(reset_ack_frame(frame.header.label));
        EXPECT_TRUE(frame.header.is(FrameType::data) || frame.header.is(FrameType::window) ||
                    frame.header.is(FrameType::stop))
            << int{frame.header.type};
    }
    void return_pool(Leg& leg) {
        pool_ += leg.pool_taken;
        leg.pool_taken = 0;
    }
    void erase(std::uint32_t label, bool rest) {
        return_pool(legs_[label]);
        if (legs_[label].ours) rest ? labels_.rest(label) : labels_.release(label);
        legs_.erase(label);
    }
    void erase_if_finished(std::uint32_t label) {
        const Leg& leg = legs_[label];
        if (!leg.fin_sent || !leg.fin_received || leg.reset_sent) return;
        ++finished_;
        erase(label, true);
    }

    static constexpr std::uint64_t window_ = 24'000;
    Random& random_;
    std::string name_;
    std::vector<std::string> destinations_;
    std::uint32_t pool_ = pool;
    OwnLabels labels_;
    std::map<std::uint32_t, Leg> legs_;
    std::uint64_t opened_ = 0;
    std::uint64_t bytes_received_ = 0;
    std::uint64_t finished_ = 0;
};

/// left party - roads[0] - ... - roads[n-1] - right party. Links: 0 towards the left, 1 towards the
/// right.
class Chain {
public:
    Chain(std::uint64_t seed, std::size_t length, Options options)
        : random_(seed),
          left_(random_, "left", {"right", "left", "nowhere"}),
          right_(random_, "right", {"left", "right", "left"}) {
        options.pool = Party::pool;
        for (std::size_t i = 0; i < length; ++i) {
            Crossroads& roads = roads_.emplace_back(options);
            roads.add_link(0, false, i == 0 ? LinkKind::local : LinkKind::network, Party::pool);
            roads.add_link(1, i + 1 < length, i + 1 == length ? LinkKind::local : LinkKind::network,
                           Party::pool);
            roads.put_sign("left", 0);
            roads.put_sign("right", 1);
        }
        to_left_.resize(length + 1);
        to_right_.resize(length + 1);
    }

    /// Both parties act, and frames move on, in any order.
    void step() {
        left_.act();
        right_.act();
        for (std::uint64_t i = random_.below(12); i > 0; --i)
            move(random_.below(roads_.size() + 1));
    }
    void settle() {
        for (int round = 0; round < 400; ++round) {
            left_.wind_up();
            right_.wind_up();
            for (std::size_t hop = 0; hop <= roads_.size(); ++hop) {
                while (move(hop)) {
                }
            }
        }
    }
    void expect_balanced() {
        for (auto& roads : roads_) EXPECT_TRUE(roads.balanced());
    }
    void expect_quiet() {
        EXPECT_EQ(left_.open_streams() + right_.open_streams(), 0U);
        for (auto& roads : roads_) {
            EXPECT_EQ(roads.forwarder().streams_on(0) + roads.forwarder().streams_on(1), 0U);
            EXPECT_EQ(roads.counts().bytes_queued, 0U);
            EXPECT_TRUE(roads.balanced());
        }
    }
    Party& left() { return left_; }
    Party& right() { return right_; }

private:
    /// Link `hop` lies between roads[hop - 1] and roads[hop]; the outer ones lead to the parties.
    bool move(std::size_t hop) {
        bool moved = collect(left_.out, hop == 0, to_right_[hop]);
        moved |= collect(right_.out, hop == roads_.size(), to_left_[hop]);
        if (hop > 0) moved |= pull(roads_[hop - 1], 1, to_right_[hop]);
        if (hop < roads_.size()) moved |= pull(roads_[hop], 0, to_left_[hop]);
        moved |= deliver(to_right_[hop], hop, hop == roads_.size() ? &right_ : nullptr, 0);
        moved |= deliver(to_left_[hop], hop - 1, hop == 0 ? &left_ : nullptr, 1);
        return moved;
    }
    bool collect(Frames& from, bool here, Frames& to) {
        if (!here || from.empty()) return false;
        for (auto& frame : from) to.push_back(std::move(frame));
        from.clear();
        return true;
    }
    bool pull(Crossroads& roads, LinkId link, Frames& to) {
        auto frame = roads.pull(link);
        if (frame) to.push_back(std::move(*frame));
        return frame.has_value();
    }
    bool deliver(Frames& from, std::size_t road, Party* party, LinkId link) {
        if (from.empty()) return false;
        Frame frame = std::move(from.front());
        from.pop_front();
        if (party != nullptr) {
            party->take(frame);
        } else {
            const auto result = roads_[road].send(link, std::move(frame));
            EXPECT_TRUE(result) << result.error().line();
        }
        return true;
    }

    SeededRandom random_;
    Party left_;
    Party right_;
    std::deque<Crossroads> roads_;
    std::vector<Frames> to_left_;
    std::vector<Frames> to_right_;
};

void run_chain(std::uint64_t seed, std::size_t length, const Options& options = {}) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Chain chain(seed, length, options);
    for (int step = 0; step < 1500 && !testing::Test::HasFailure(); ++step) {
        chain.step();
        if (step % 50 == 0) chain.expect_balanced();
    }
    chain.settle();
    chain.expect_quiet();
    EXPECT_GT(chain.left().bytes_received() + chain.right().bytes_received(), 0U);
    EXPECT_GT(chain.left().finished(), 0U);
}

TEST(ForwarderChain, OfOneKeepsEveryPromise) {
    for (std::uint64_t seed = 1; seed <= 30 && !HasFailure(); ++seed) run_chain(seed, 1);
}

TEST(ForwarderChain, OfThreeKeepsEveryPromise) {
    for (std::uint64_t seed = 1; seed <= 30 && !HasFailure(); ++seed) run_chain(seed, 3);
}

TEST(ForwarderChain, KeepsEveryPromiseWhenMemoryIsShort) {
    Options options;
    options.memory = 60'000;
    for (std::uint64_t seed = 1; seed <= 20 && !HasFailure(); ++seed) run_chain(seed, 2, options);
}

}  // namespace
}  // namespace jetway::routing
