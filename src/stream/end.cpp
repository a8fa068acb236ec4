// The life of an End: what the application asks, what it is told, and how it ends. Frames are in
// end_frames.cpp.
#include "stream/end.hpp"

#include <algorithm>
#include <utility>

#include "stream/session.hpp"

namespace jetway::stream {
namespace {

constexpr std::size_t most_pieces = 4096;    // waiting to be sent, however small
constexpr std::size_t most_unread = 16'384;  // pieces that wait for the application

bool keeps_latest(const wire::Open& open) {
    return carries_messages(open) &&
           open.policy() == static_cast<std::uint32_t>(wire::Policy::latest);
}

Outbox::Options keeping(const wire::Open& open) {
    const bool messages = carries_messages(open);
    Outbox::Options options{.messages = messages, .latest = keeps_latest(open)};
    if (messages && open.policy() == static_cast<std::uint32_t>(wire::Policy::deadline))
        options.lifetime = std::chrono::microseconds(open.remaining_us());
    return options;
}

wire::Tally tally(const Buffer& bytes, bool end_of_message) {
    return {bytes.size(), end_of_message ? 1U : 0U};
}

}  // namespace

End::End(std::weak_ptr<EndOwner> owner, Timer& timer, std::uint32_t label, bool opener,
         wire::Open opening)
    : owner_(std::move(owner)),
      timer_(timer),
      label_(label),
      opener_(opener),
      opening_(std::move(opening)),
      phase_(opener ? Phase::opening : Phase::asked),
      control_(opener ? control::open : 0),
      outbox_(keeping(opening_)),
      framed_(!opener && carries_messages(opening_)) {
    if (!opener) allowed_ = opening_.first_window();
}

End::~End() {
    if (const auto owner = owner_.lock()) owner->gone(*this);
}

// ---- calls of the application

void End::set_events(StreamEvents* events) {
    events_ = events;
    if (events_ != nullptr && (happened_ != 0 || !inbox_.empty())) notify(0);
}

void End::accept(std::string_view content_type, wire::Shape answer) {
    if (phase_ != Phase::asked) return;
    phase_ = Phase::open;
    if (answer == wire::Shape::messages) outbox_.mark_messages();
    opened_.set_shape(static_cast<std::uint32_t>(answer));
    opened_.set_content_type(std::string(content_type));
    opened_.set_service(opening_.destination().substr(0, opening_.destination().find('@')));
    opened_.set_instance(opening_.instance());
    if (const auto owner = owner_.lock()) opened_.set_machine(owner->machine());
    allowed_ = std::max(allowed_, window_.size());
    want_control(control::opened | control::window);
    if (happened_ != 0 || !inbox_.empty()) notify(0);
    want(Lane::data);
}

void End::refuse(const Error& reason) {
    if (phase_ != Phase::asked) return;
    forget_everything();
    ended_ = true;
    answer_ = reason;
    phase_ = Phase::refused;
    want_control(control::nack);
}

bool End::write(Buffer bytes, bool end_of_message) {
    const wire::Tally written = tally(bytes, end_of_message && outbox_.marks_messages());
    ledger_.sent += written;
    if (ended_ || stopped_ || outbox_.finishing()) {
        (ended_ ? ledger_.ended : ledger_.unwanted) += written;
        return true;
    }
    outbox_.push(std::move(bytes), end_of_message, departed_,
                 outbox_.has_lifetime() ? timer_.now() : Time{});
    if (outbox_.has_lifetime()) expire();
    want(Lane::data);
    if (outbox_.bytes() <= send_buffer && outbox_.pieces() <= most_pieces) return true;
    wants_space_ = true;
    return false;
}

void End::finish(const wire::Outcome& outcome) {
    if (ended_ || outbox_.finishing()) return;
    const bool plain = !outcome.has_status() && outcome.code() == 0 && outcome.detail().empty();
    Buffer body = plain ? Buffer() : wire::encode(outcome);
    if (!plain && !wire::decode<wire::Outcome>(body.bytes())) {
        // The peer would take it for an offence; what matters are the numbers.
        wire::Outcome numbers;
        numbers.set_has_status(outcome.has_status());
        numbers.set_status(outcome.status());
        numbers.set_code(outcome.code() & 0xFFFFU);
        body = wire::encode(numbers);
    }
    outbox_.finish(std::move(body));
    want(Lane::data);
}

void End::stop(const Error& reason) {
    if (ended_ || reading_stopped_ || fin_taken_) return;
    reading_stopped_ = true;
    drop_inbox();
    stop_reason_ = reason;
    want_control(control::stop);
}

void End::reset(const Error& reason) {
    if (ended_) return;
    if (phase_ == Phase::asked) return refuse(reason);
    ended_ = true;
    forget_everything();
    send_reset(reason);
}

void End::consume(std::size_t bytes) {
    if (!framed_) consumed_ += std::min<std::uint64_t>(bytes, received() - consumed_);
    while (!told_.empty()) {
        Part& part = told_.front();
        consumed_ += std::exchange(part.header, 0);
        const auto size = static_cast<std::uint32_t>(std::min<std::uint64_t>(bytes, part.bytes));
        consumed_ += size;
        bytes -= size;
        part.bytes -= size;
        if (part.bytes != 0) break;
        told_.pop();
    }
    if (phase_ != Phase::open || fin_taken_ || reading_stopped_) return;
    // A router on the way may allow less than we do: it waits for no more than half of the least.
    if (consumed_ + window_.size() - allowed_ >= window / 2) {
        want_control(control::window);
    } else if (consumed_ != consumed_sent_) {
        want(Lane::confirm);
    }
}

void End::confirm() {
    if (phase_ != Phase::open || reading_stopped_ || consumed_ == consumed_sent_) return;
    if (!fin_taken_) want_control(control::window);
}

void End::abandon() {
    events_ = nullptr;
    reset({Code::cancelled, "the stream was dropped"});
}

// ---- what the application is told

void End::notify(std::uint8_t events) {
    happened_ |= events;
    if (const auto owner = owner_.lock()) return owner->want(Lane::events, *this);
    timer_.post([self = shared_from_this()] { self->deliver(); });
}

bool End::happened(std::uint8_t event) {
    if ((happened_ & event) == 0) return false;
    happened_ ^= event;
    return true;
}

void End::deliver() {
    if (delivering_) return;
    const auto self = shared_from_this();
    delivering_ = true;
    while (events_ != nullptr && deliver_one()) {
    }
    delivering_ = false;
}

/// The next thing that happened, in the order in which the application may hear of them.
bool End::deliver_one() {
    if (happened(event::end)) {
        std::exchange(events_, nullptr)->on_end(end_reason_);
        return true;
    }
    if (phase_ == Phase::asked) return false;
    if (happened(event::opened)) {
        events_->on_opened(opened_);
    } else if (!inbox_.empty()) {
        Buffer frame = std::move(inbox_.front());
        inbox_.pop_front();
        tell_data(std::move(frame));
    } else if (happened(event::finish)) {
        if (!reader_.between() && !reading_stopped_) {
            offend("the stream ends in the middle of a message");
        } else {
            events_->on_finish(outcome_);
        }
    } else if (happened(event::stop)) {
        events_->on_stop(peer_stop_);
    } else if (happened(event::writable)) {
        events_->on_writable();
    } else if (happened(event::done)) {
        ended_ = true;
        std::exchange(events_, nullptr)->on_done();
    } else {
        return false;
    }
    return true;
}

/// Straight to the application when it can be told now: nothing is queued for each frame.
void End::take_data(Buffer frame) {
    if (events_ != nullptr && inbox_.empty() && happened_ == 0 && phase_ == Phase::open &&
        !delivering_) {
        delivering_ = true;
        tell_data(std::move(frame));
        delivering_ = false;
        return;
    }
    if (inbox_.size() >= most_unread)
        return offend("too many frames before the stream was accepted");
    // A few bytes must not keep the large block alive that they arrived in.
    if (frame.block_size() > 4 * frame.size() + 1024) frame = Buffer::copy_of(frame.bytes());
    inbox_.push_back(std::move(frame));
    notify(0);
}

/// The bytes of a frame, message by message where there are messages, until the application wants
/// no more.
void End::tell_data(Buffer frame) {
    while (!frame.empty() && !ended_ && !reading_stopped_) {
        if (events_ == nullptr) return inbox_.push_front(std::move(frame));
        wire::PieceReader::Part part;
        if (framed_) {
            const auto step = reader_.next(frame, part);
            if (step == wire::PieceReader::Step::used_up) return;
            if (step == wire::PieceReader::Step::wrong)
                return offend("a message whose header is longer than six bytes");
            told_.push({part.header, static_cast<std::uint32_t>(part.bytes.size())});
        } else {
            part.bytes = std::exchange(frame, {});
        }
        ledger_.received += tally(part.bytes, part.end_of_message);
        events_->on_data(std::move(part.bytes), part.end_of_message);
    }
    ledger_.unread.bytes += frame.size();
}

void End::drop_inbox() {
    for (const Buffer& frame : inbox_) ledger_.unread.bytes += frame.size();
    inbox_.clear();
}

/// Messages whose time is over go, now and when it is.
void End::expire() {
    const Time deadline = outbox_.deadline();
    if (deadline == Time::max()) return;
    const Time now = timer_.now();
    if (deadline <= now) {
        outbox_.expire(now);
        tell_space();
    } else if (expiry_) {
        return;
    }
    if (outbox_.deadline() == Time::max()) return;
    expiry_ = timer_.at(outbox_.deadline(), [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (self == nullptr) return;
        self->expiry_.release();
        self->expire();
    });
}

/// What was written is where its state says; what came, as it was counted.
wire::Ledger End::ledger() const {
    wire::Ledger ledger = ledger_;
    ledger.replaced = outbox_.replaced();
    ledger.late = outbox_.late();
    ledger.delivered = departed_.confirmed();
    wire::Tally left = departed_.sent();
    left -= departed_.confirmed();
    const bool over = ended_ || phase_ > Phase::open;
    if (over) {
        (in_order_ && !stopped_ ? ledger.delivered : ledger.unconfirmed) += left;
    } else {
        ledger.in_flight = left;
        ledger.in_flight += outbox_.waiting();
    }
    return ledger;
}

// ---- how it ends

void End::forget_everything() {
    control_ = 0;
    happened_ = 0;
    drop_inbox();
    ledger_.ended += outbox_.drop();
}

/// Before its time, for the application too.
void End::end(const Error& reason) {
    const bool told = ended_;
    forget_everything();
    ended_ = true;
    if (told) return;
    end_reason_ = reason;
    notify(event::end);
}

void End::fail(const Error& reason) {
    end(reason);
    release(false);
}

void End::orphan(const Error& reason) {
    phase_ = Phase::over;
    owner_.reset();
    if (ended_) return;
    if ((happened_ & event::done) != 0) return notify(0);
    end(reason);
}

/// The peer did on this stream what it may not do.
void End::offend(std::string detail) {
    const Error reason(Code::protocol, std::move(detail));
    const bool asked = phase_ == Phase::asked;
    end(reason);
    if (!asked) return send_reset(reason);
    answer_ = reason;
    phase_ = Phase::refused;
    want_control(control::nack);
}

void End::send_reset(const Error& reason) {
    if (phase_ != Phase::opening && phase_ != Phase::open) return;
    if (opener_ && opened_number == 0) return release(false);  // OPEN has not left
    answer_ = reason;
    phase_ = Phase::resetting;
    want_control(control::reset);
}

/// A writer that was asked to wait may go on.
void End::tell_space() {
    if (!wants_space_ || outbox_.bytes() > send_buffer / 2 || outbox_.pieces() > most_pieces / 2)
        return;
    wants_space_ = false;
    notify(event::writable);
}

void End::close_if_finished() {
    if (phase_ != Phase::open || !fin_taken_ || !outbox_.finished()) return;
    control_ = 0;
    in_order_ = true;
    release(true);
    notify(event::done);
}

void End::release(bool rest) {
    if (phase_ == Phase::over) return;
    phase_ = Phase::over;
    if (const auto owner = owner_.lock()) owner->release(*this, rest);
}

void End::want(Lane lane) {
    if (places[static_cast<std::size_t>(lane)].queued) return;
    if (const auto owner = owner_.lock()) owner->want(lane, *this);
}

void End::want_control(std::uint8_t bits) {
    control_ |= bits;
    want(Lane::control);
}

}  // namespace jetway::stream
