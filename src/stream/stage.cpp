#include "stream/stage.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace jetway::stream {
namespace {

bool says_something(const wire::Outcome& outcome) {
    return outcome.has_status() || outcome.code() != 0;
}

using wire::to_error;
using wire::to_outcome;

}  // namespace

/// Upstream is this object's own stream; each leg is a Leg. Every event ends in settle(), which
/// looks at where all of them stand and does what is due.
class Stage::State final : public StreamEvents, public std::enable_shared_from_this<State> {
public:
    State(Session& session, StreamPtr upstream, StageEvents& events, std::string name)
        : session_(session),
          timer_(session.timer()),
          upstream_(std::move(upstream)),
          events_(&events),
          name_(std::move(name)),
          address_(session.machine().empty() ? name_ : name_ + "@" + session.machine()) {
        opening_ = upstream_->opening();
        upstream_->set_events(this);
    }

    void start(std::string_view produces, wire::Shape shape);
    bool write(const Buffer& bytes, bool end_of_message);
    void finish(const wire::Outcome& outcome, bool own);
    void fail(const Error& reason);
    void consume(std::size_t bytes) {
        if (upstream_) upstream_->consume(bytes);
    }
    /// The Stage goes.
    void close();
    std::size_t unsent() const;
    std::size_t legs() const { return legs_.size(); }
    const wire::Open& opening() const { return opening_; }

private:
    /// The stream to one next stop.
    struct Leg final : StreamEvents {
        Leg(State& owner, std::string address) : stage(owner), name(std::move(address)) {}
        void on_data(Buffer bytes, bool /*end_of_message*/) override {
            stream->consume(bytes.size());  // what comes back on a leg has nowhere to go
        }
        void on_finish(const wire::Outcome& told) override { stage.leg_finished(*this, told); }
        void on_stop(const Error& reason) override { stage.leg_stopped(*this, reason); }
        void on_end(const Error& reason) override { stage.leg_ended(*this, reason); }
        void on_writable() override { stage.leg_has_room(*this); }
        void on_done() override {
            stream.reset();
            stage.settle();
        }
        bool reads() const { return stream != nullptr && !stopped; }

        State& stage;
        std::string name;
        StreamPtr stream;       // nullptr once over
        bool stopped = false;   // takes no more output
        bool answered = false;  // has told its outcome
        bool waits = false;     // has no room
        wire::Outcome outcome;
    };

    // upstream
    void on_data(Buffer bytes, bool end_of_message) override;
    void on_finish(const wire::Outcome& outcome) override;
    void on_stop(const Error& reason) override;
    void on_end(const Error& reason) override;
    void on_writable() override;
    void on_done() override;

    void open_leg(const wire::Stage& next, std::string_view produces, wire::Shape shape);
    void leg_finished(Leg& leg, const wire::Outcome& outcome);
    void leg_stopped(Leg& leg, const Error& reason);
    void leg_ended(Leg& leg, const Error& reason);
    void leg_has_room(Leg& leg);
    void discard(Leg& leg, const Error& reason);
    void tell_stop(const Error& reason);
    void tell_space();
    void fail_with(const wire::Outcome& failure);
    void answer(const wire::Outcome& outcome);
    void settle();
    wire::Outcome result() const;
    bool all_answered() const;

    Session& session_;  // for start(); it may be gone later
    Timer& timer_;
    StreamPtr upstream_;   // nullptr once over
    StageEvents* events_;  // nullptr once the Stage is gone or on_end was told
    std::string name_;
    std::string address_;
    wire::Open opening_;
    std::vector<std::unique_ptr<Leg>> legs_;
    bool started_ = false;
    bool waits_ = false;       // write() returned false
    bool input_over_ = false;  // upstream finished, or was stopped
    bool finished_ = false;    // finish() was called
    bool stop_told_ = false;
    bool answered_ = false;  // upstream has got the outcome
    wire::Outcome own_;
    wire::Outcome input_;                   // what upstream finished with
    std::optional<wire::Outcome> failure_;  // the first cause
};

// ---- the service's calls

void Stage::State::start(std::string_view produces, wire::Shape shape) {
    if (started_ || !upstream_) return;
    started_ = true;
    if (opening_.next().empty()) return upstream_->accept(produces, shape);
    upstream_->accept();
    for (const wire::Stage& next : opening_.next()) open_leg(next, produces, shape);
}

void Stage::State::open_leg(const wire::Stage& next, std::string_view produces, wire::Shape shape) {
    wire::Open open;
    open.set_destination(next.address());
    open.set_source(name_);
    open.set_originator(opening_.originator());
    open.set_traffic_class(opening_.traffic_class());
    open.set_content_type(std::string(produces));
    open.set_shape(static_cast<std::uint32_t>(shape));
    *open.mutable_settings() = next.settings();
    *open.mutable_next() = next.next();
    legs_.push_back(std::make_unique<Leg>(*this, next.address()));
    Leg& leg = *legs_.back();
    leg.stream = session_.open(std::move(open), leg);
}

bool Stage::State::write(const Buffer& bytes, bool end_of_message) {
    if (finished_ || failure_ || !upstream_) return true;
    if (legs_.empty()) {
        waits_ = !upstream_->write(bytes, end_of_message);
        return !waits_;
    }
    for (const auto& leg : legs_) {
        if (leg->reads() && !leg->stream->write(bytes, end_of_message)) leg->waits = true;
        waits_ = waits_ || leg->waits;
    }
    return !waits_;
}

void Stage::State::finish(const wire::Outcome& outcome, bool own) {
    if (finished_ || failure_ || !upstream_) return;
    finished_ = true;
    own_ = outcome;
    if (says_something(own_) && own_.stage().empty()) own_.set_stage(address_);
    const wire::Outcome& onward = own ? own_ : input_;
    for (const auto& leg : legs_) {
        if (leg->stream) leg->stream->finish(onward);
    }
    if (!std::exchange(input_over_, true)) {
        upstream_->stop({Code::closed, name_ + " has finished"});
    }
    settle();
}

void Stage::State::fail(const Error& reason) {
    if (failure_ || !upstream_) return;
    fail_with(to_outcome(reason, address_));
    timer_.post([weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->settle();
    });
}

void Stage::State::close() {
    events_ = nullptr;
    upstream_.reset();
    for (const auto& leg : legs_) leg->stream.reset();
}

std::size_t Stage::State::unsent() const {
    std::size_t most = 0;
    for (const auto& leg : legs_) {
        if (leg->stream) most = std::max(most, leg->stream->unsent());
    }
    return legs_.empty() && upstream_ ? upstream_->unsent() : most;
}

// ---- upstream's events

void Stage::State::on_data(Buffer bytes, bool end_of_message) {
    if (events_ == nullptr || failure_) return;
    events_->on_input(std::move(bytes), end_of_message);
}

void Stage::State::on_finish(const wire::Outcome& outcome) {
    const auto alive = shared_from_this();
    const bool told = std::exchange(input_over_, true);
    input_ = outcome;
    if (!told && !failure_ && events_ != nullptr) events_->on_input_finish(outcome);
}

void Stage::State::on_stop(const Error& reason) {
    const auto alive = shared_from_this();
    if (legs_.empty()) tell_stop(reason);
}

/// A caller that leaves after it got the outcome has not failed.
void Stage::State::on_end(const Error& reason) {
    const auto alive = shared_from_this();
    const bool in_order = answered_ && upstream_ && upstream_->finished();
    upstream_.reset();
    if (!failure_ && !in_order) failure_ = to_outcome(reason, reason.where);
    for (const auto& leg : legs_) {
        if (leg->stream) leg->stream->reset(reason);
        leg->stream.reset();
    }
    settle();
}

void Stage::State::on_writable() {
    const auto alive = shared_from_this();
    if (legs_.empty()) tell_space();
}

void Stage::State::on_done() {
    const auto alive = shared_from_this();
    upstream_.reset();
    settle();
}

// ---- the legs' events

/// A leg that finished takes no more, said or not; one that failed fails the pipeline.
void Stage::State::leg_finished(Leg& leg, const wire::Outcome& outcome) {
    const auto alive = shared_from_this();
    leg.answered = true;
    leg.outcome = outcome;
    if (outcome.code() != 0) {
        wire::Outcome failure = outcome;
        if (failure.stage().empty()) failure.set_stage(leg.name);
        fail_with(failure);
        tell_stop(to_error(failure));
    } else {
        discard(leg, {Code::closed, leg.name + " has finished"});
    }
    settle();
}

void Stage::State::leg_stopped(Leg& leg, const Error& reason) {
    const auto alive = shared_from_this();
    discard(leg, reason);
    settle();
}

void Stage::State::leg_ended(Leg& leg, const Error& reason) {
    const auto alive = shared_from_this();
    leg.stream.reset();
    leg.waits = false;
    if (leg.answered) return settle();  // it had told its outcome, and that was in order
    fail_with(to_outcome(reason, leg.name));
    tell_stop(reason);
    settle();
}

void Stage::State::leg_has_room(Leg& leg) {
    const auto alive = shared_from_this();
    leg.waits = false;
    tell_space();
}

/// The leg gets no more; when none is left that reads, neither does anybody want our input.
void Stage::State::discard(Leg& leg, const Error& reason) {
    leg.waits = false;
    if (std::exchange(leg.stopped, true)) return;
    if (leg.stream) leg.stream->finish();
    if (std::any_of(legs_.begin(), legs_.end(), [](const auto& other) { return other->reads(); })) {
        return tell_space();
    }
    if (!finished_ && upstream_ && !input_over_) upstream_->stop(reason);
    tell_stop(reason);
    tell_space();
}

void Stage::State::tell_stop(const Error& reason) {
    if (finished_ || events_ == nullptr || std::exchange(stop_told_, true)) return;
    events_->on_stop(reason);
}

void Stage::State::tell_space() {
    const bool waiting =
        std::any_of(legs_.begin(), legs_.end(), [](const auto& leg) { return leg->waits; });
    if (!waits_ || waiting || finished_ || events_ == nullptr) return;
    waits_ = false;
    events_->on_space();
}

// ---- outcomes

/// The first cause wins: the legs are reset, upstream is stopped and told.
void Stage::State::fail_with(const wire::Outcome& failure) {
    if (failure_) return;
    failure_ = failure;
    waits_ = false;
    const Error reason = to_error(failure);
    for (const auto& leg : legs_) {
        if (leg->stream) leg->stream->reset(reason);
        leg->stream.reset();
    }
    if (!upstream_) return;
    if (!started_) {
        upstream_->refuse(reason);
        upstream_.reset();
        return;
    }
    if (!std::exchange(input_over_, true)) upstream_->stop(reason);
    answer(result());
}

void Stage::State::answer(const wire::Outcome& outcome) {
    if (std::exchange(answered_, true)) return;
    upstream_->finish(outcome);
}

/// Upstream hears how it went when everything downstream has; the service when upstream has, too.
void Stage::State::settle() {
    if (upstream_ && finished_ && all_answered()) answer(result());
    if (upstream_ || events_ == nullptr) return;
    if (std::any_of(legs_.begin(), legs_.end(),
                    [](const auto& leg) { return leg->stream != nullptr; })) {
        return;
    }
    StageEvents* const events = std::exchange(events_, nullptr);
    events->on_end(failure_ ? std::optional<Error>(to_error(*failure_)) : std::nullopt);
}

wire::Outcome Stage::State::result() const {
    if (failure_) {
        wire::Outcome outcome = *failure_;
        if (own_.has_status() && !outcome.has_status()) {
            outcome.set_has_status(true);
            outcome.set_status(own_.status());
        }
        return outcome;
    }
    // The first program in the line that did not succeed. One that nobody read any more was hung
    // up: its status says nothing when there is another.
    const bool hung_up = stop_told_ && !legs_.empty();
    if (own_.code() != 0 || (own_.status() != 0 && !hung_up)) return own_;
    for (const auto& leg : legs_) {
        if (leg->outcome.status() != 0) return leg->outcome;
    }
    if (hung_up) return legs_.front()->outcome;
    if (says_something(own_)) return own_;
    for (const auto& leg : legs_) {
        if (leg->outcome.has_status()) return leg->outcome;
    }
    return own_;
}

bool Stage::State::all_answered() const {
    return std::all_of(legs_.begin(), legs_.end(), [](const auto& leg) { return leg->answered; });
}

// ---- Stage

Stage::Stage(Session& session, StreamPtr upstream, StageEvents& events, std::string name)
    : state_(std::make_shared<State>(session, std::move(upstream), events, std::move(name))) {}

Stage::~Stage() {
    state_->close();
}

void Stage::start(std::string_view produces, wire::Shape shape) {
    state_->start(produces, shape);
}

bool Stage::write(const Buffer& bytes, bool end_of_message) {
    return state_->write(bytes, end_of_message);
}

void Stage::finish(const wire::Outcome& outcome) {
    state_->finish(outcome, true);
}

void Stage::finish() {
    state_->finish({}, false);
}

void Stage::fail(const Error& reason) {
    state_->fail(reason);
}

void Stage::consume(std::size_t bytes) {
    state_->consume(bytes);
}

std::size_t Stage::unsent() const {
    return state_->unsent();
}

std::size_t Stage::legs() const {
    return state_->legs();
}

const wire::Open& Stage::opening() const {
    return state_->opening();
}

}  // namespace jetway::stream
