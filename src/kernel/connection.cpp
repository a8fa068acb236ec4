// connection_pair: two Connections joined by the turns of a loop.
#include "kernel/connection.hpp"

#include <array>

#include "base/timer.hpp"

namespace jetway {
namespace {

constexpr PipeOptions pair_pipe{.capacity = 128, .capacity_bytes = 512UL * 1024};

class PairEnd;

/// What the two ends share; it outlives the turns that were posted.
struct Pair {
    Timer& timer;
    std::array<PairEnd*, 2> ends{};
    bool closed = false;
};
using PairPtr = std::shared_ptr<Pair>;

/// Carries out() to the other end's in(): a write wakes a turn, the turn delivers.
class PairEnd final : public Connection, private PipeReader, private PipeWriter {
public:
    PairEnd(PairPtr pair, std::size_t side, const std::string& name)
        : Connection(std::make_shared<Pipe>(pair_pipe), std::make_shared<Pipe>(pair_pipe),
                     side == 0, name),
          pair_(std::move(pair)),
          side_(side) {
        pair_->ends[side_] = this;
        out_->set_reader(this);
        in_->set_writer(this);
    }

    ~PairEnd() override {
        end({Code::closed, "closed here"});
        pair_->ends[side_] = nullptr;
        out_->set_reader(nullptr);
        in_->set_writer(nullptr);
    }

    void close(const Error& reason) override { end(reason); }

private:
    bool on_message(Message& message) override {
        PairEnd* const other = pair_->ends[1 - side_];
        if (pair_->closed || other == nullptr) return false;
        if (budget_ == 0) {
            wake();
            return false;
        }
        --budget_;
        return other->in_->write(message);
    }

    /// The other end's reader is too slow no more.
    void on_space() override {
        if (PairEnd* const other = pair_->ends[1 - side_]) other->wake();
    }

    void wake() {
        if (woken_) return;
        woken_ = true;
        pair_->timer.post([pair = pair_, side = side_] {
            if (PairEnd* const end = pair->ends[side]) end->turn();
        });
    }

    /// At most one pipe full a turn, so that two ends that answer each other leave the loop to
    /// others.
    void turn() {
        woken_ = false;
        budget_ = pair_pipe.capacity;
        const PairPtr pair = pair_;
        const std::size_t side = side_;
        const PipePtr out = out_;
        out->resume();
        if (PairEnd* const end = pair->ends[side]; end == this) end->budget_ = 0;
    }

    void end(const Error& reason) {
        if (pair_->closed) return;
        pair_->closed = true;
        const Error there(Code::closed, "the other end closed: " + reason.line());
        pair_->timer.post([pair = pair_, side = 1 - side_, out = out_, left = out_->size(), there] {
            if (PairEnd* const end = pair->ends[side]) end->receive_rest(*out, left);
            announce(*pair, side, there);
        });
        pair_->timer.post([pair = pair_, side = side_, reason] { announce(*pair, side, reason); });
    }

    /// What was written before the close, as far as there is room.
    void receive_rest(Pipe& from, std::size_t left) {
        const PipePtr in = in_;
        for (; left != 0; --left) {
            std::optional<Message> message = from.read();
            if (!message || !in->write(*message)) return;
        }
    }

    static void announce(const Pair& pair, std::size_t side, const Error& reason) {
        PairEnd* const end = pair.ends[side];
        if (end == nullptr) return;
        if (const auto on_closed = std::exchange(end->on_closed_, nullptr)) on_closed(reason);
    }

    PairPtr pair_;
    std::size_t side_;
    std::size_t budget_ = 0;  // messages that may still be delivered in this turn
    bool woken_ = false;
};

}  // namespace

std::pair<ConnectionPtr, ConnectionPtr> connection_pair(Timer& timer, const std::string& name) {
    auto pair = std::make_shared<Pair>(Pair{timer});
    auto first = std::make_unique<PairEnd>(pair, 0, name);
    auto second = std::make_unique<PairEnd>(pair, 1, name);
    return {std::move(first), std::move(second)};
}

}  // namespace jetway
