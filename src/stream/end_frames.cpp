// The frames of an End: what comes in, what goes out.
#include <algorithm>
#include <utility>

#include "stream/end.hpp"
#include "stream/session.hpp"

namespace jetway::stream {
namespace {

using wire::FrameType;

constexpr std::uint8_t known_flags = wire::flag::fin | wire::flag::outcome;

Error offence(std::string detail) {
    return {Code::protocol, std::move(detail)};
}

}  // namespace

// ---- in

Result<> End::receive(const wire::FrameHeader& header, Buffer body) {
    if (opener_ && opened_number == 0) return offence("a frame before its stream was opened");
    switch (static_cast<FrameType>(header.type)) {
        case FrameType::opened:
            return on_opened(body);
        case FrameType::nack:
            return on_nack(body);
        case FrameType::data:
            return on_data(header.flags, std::move(body));
        case FrameType::window:
            return on_window(body);
        case FrameType::stop:
            return on_stop(body);
        case FrameType::reset:
            return on_reset(body);
        default:
            return on_reset_ack(body);
    }
}

Result<> End::on_opened(const Buffer& body) {
    if (!opener_ || answered_ || phase_ == Phase::acking) {
        return offence("OPENED for a stream that waits for none");
    }
    JETWAY_ASSIGN(opened_, wire::decode<wire::Opened>(body.bytes()));
    answered_ = true;
    if (const auto owner = owner_.lock()) owner->answered(*this);
    if (phase_ != Phase::opening) return success();  // our RESET is on its way
    phase_ = Phase::open;
    framed_ = opened_.shape() == static_cast<std::uint32_t>(wire::Shape::messages);
    allowed_ = window_.size();
    if (!reading_stopped_) want_control(control::window);
    notify(event::opened);
    return success();
}

Result<> End::on_nack(const Buffer& body) {
    if (!opener_ || answered_ || phase_ == Phase::acking) {
        return offence("NACK for a stream that waits for none");
    }
    JETWAY_ASSIGN(const wire::Nack nack, wire::decode<wire::Nack>(body.bytes()));
    answered_ = true;
    if (const auto owner = owner_.lock()) owner->answered(*this);
    const bool reset_left = phase_ == Phase::resetting && (control_ & control::reset) == 0;
    if (reset_left) return success();  // the label waits for RESET_ACK
    control_ = 0;
    end(wire::to_error(nack));
    release(false);
    return success();
}

Result<> End::on_data(std::uint8_t flags, Buffer body) {
    const bool outcome = (flags & wire::flag::outcome) != 0;
    const bool fin = (flags & wire::flag::fin) != 0;
    if ((flags & ~known_flags) != 0 || (outcome && !fin)) {
        return offence("DATA with flags " + std::to_string(flags));
    }
    if (phase_ == Phase::opening) return offence("DATA before OPENED");
    if (phase_ != Phase::open && phase_ != Phase::asked) return success();  // late
    if (fin_taken_) {
        offend("DATA after the end of the stream");
        return success();
    }
    const std::size_t size = outcome ? 0 : body.size();
    if (size > allowed_ - taken_) {
        offend("DATA beyond what was granted");
        return success();
    }
    taken_ += size;
    if (size != 0) measure_window();
    // The end is known before the bytes before it are told: the application may ask for no more in
    // that call.
    if (fin && !take_finish(flags, body)) return success();
    if (size != 0 && reading_stopped_) {
        ledger_.unread.bytes += size;
    } else if (size != 0) {
        take_data(std::move(body));
    }
    if (!fin || (phase_ != Phase::open && phase_ != Phase::asked)) return success();
    notify(event::finish);
    close_if_finished();
    return success();
}

void End::measure_window() {
    if (!window_.arrived(timer_, taken_)) return;
    const auto owner = owner_.lock();
    if (owner != nullptr && 2 * window_.size() - window <= owner->most_wide(wide_)) window_.grow();
}

/// Others may have come since it grew: then it grants less than was consumed.
void End::fit_window() {
    const auto owner = owner_.lock();
    if (owner == nullptr) return;
    while (window_.size() > window && window_.size() - window > owner->most_wide(wide_))
        window_.shrink();
    const std::uint64_t reach = std::max(allowed_, consumed_ + window_.size()) - consumed_;
    owner->widened(wide_, reach - window);
    wide_ = reach - window;
}

/// False when the outcome cannot be read.
bool End::take_finish(std::uint8_t flags, const Buffer& body) {
    if ((flags & wire::flag::outcome) != 0) {
        auto outcome = wire::decode<wire::Outcome>(body.bytes());
        if (!outcome) {
            offend("the outcome: " + outcome.error().detail);
            return false;
        }
        outcome_ = std::move(*outcome);
    }
    fin_taken_ = true;
    return true;
}

Result<> End::on_window(const Buffer& body) {
    JETWAY_ASSIGN(const wire::Window offsets, wire::decode_window(body.bytes()));
    if (phase_ != Phase::open && phase_ != Phase::asked) return success();
    if (offsets.consumed > departed_.offset())
        return offence("WINDOW for bytes that were never sent");
    if (offsets.up_to > offsets.consumed + wire::most_window)
        return offence("WINDOW beyond 16 MiB");
    if (const auto owner = owner_.lock()) owner->return_pool(*this);
    granted_ = std::max(granted_, offsets.up_to);
    departed_.confirm(offsets.consumed);
    want(Lane::data);
    return success();
}

Result<> End::on_stop(const Buffer& body) {
    JETWAY_ASSIGN(const wire::Reset reason, wire::decode<wire::Reset>(body.bytes()));
    if ((phase_ != Phase::open && phase_ != Phase::asked) || stopped_) return success();
    stopped_ = true;
    ledger_.unwanted += outbox_.drop();
    peer_stop_ = wire::to_error(reason);
    want(Lane::data);
    if (!outbox_.finished()) notify(event::stop);
    tell_space();
    return success();
}

Result<> End::on_reset(const Buffer& body) {
    JETWAY_ASSIGN(const wire::Reset reason, wire::decode<wire::Reset>(body.bytes()));
    if (phase_ == Phase::acking || (control_ & control::reset_ack) != 0) {
        return offence("RESET twice");
    }
    if (const auto owner = owner_.lock(); owner != nullptr && opener_) owner->answered(*this);
    const bool reset_left = phase_ == Phase::resetting && (control_ & control::reset) == 0;
    if (!reset_left) {
        control_ = 0;
        end(wire::to_error(reason));
        phase_ = Phase::acking;
    }
    want_control(control::reset_ack);
    return success();
}

Result<> End::on_reset_ack(const Buffer& body) {
    const bool reset_left = phase_ == Phase::resetting && (control_ & control::reset) == 0;
    if (!reset_left || !body.empty()) return offence("RESET_ACK without RESET");
    if ((control_ & control::reset_ack) != 0) {
        phase_ = Phase::acking;
    } else {
        release(false);
    }
    return success();
}

// ---- out

bool End::next_control(Message& message) {
    if (!has_control()) return false;
    const auto bit = static_cast<std::uint8_t>(control_ & -control_);
    control_ ^= bit;
    message = take_control(bit);
    if (bit == control::nack || (bit == control::reset_ack && phase_ == Phase::acking)) {
        release(false);
    }
    return true;
}

Message End::take_control(std::uint8_t bit) {
    switch (bit) {
        case control::open:
            return frame(FrameType::open, take_open());
        case control::opened:
            return frame(FrameType::opened, wire::encode(opened_));
        case control::nack:
            return frame(FrameType::nack, wire::encode(wire::to_nack(answer_, machine())));
        case control::window:
            return frame(FrameType::window, take_window());
        case control::stop:
            return frame(FrameType::stop, wire::encode(wire::to_reset(stop_reason_, machine())));
        case control::reset:
            return frame(FrameType::reset, wire::encode(wire::to_reset(answer_, machine())));
        default:
            return frame(FrameType::reset_ack, {});
    }
}

std::string End::machine() const {
    const auto owner = owner_.lock();
    return owner == nullptr ? std::string() : owner->machine();
}

Buffer End::take_open() {
    if (const auto owner = owner_.lock()) {
        pool_taken = owner->take_pool(wire::first_window);
        opened_number = owner->next_open();
    }
    granted_ = pool_taken;
    opening_.set_first_window(pool_taken);
    if (granted_ != 0) want(Lane::data);
    return wire::encode(opening_);
}

Buffer End::take_window() {
    fit_window();
    const std::uint64_t limit =
        std::exchange(allowed_, std::max(allowed_, consumed_ + window_.size()));
    if (allowed_ > limit) window_.granted(timer_.now(), taken_, limit);
    consumed_sent_ = consumed_;
    if (const auto owner = owner_.lock(); owner != nullptr && !opener_) owner->return_pool(*this);
    return wire::encode(wire::Window{allowed_, consumed_});
}

bool End::has_data() const {
    const bool may = phase_ == Phase::open || (phase_ == Phase::opening && opened_number != 0);
    return may && outbox_.ready(credit());
}

bool End::next_data(Message& message) {
    if (!has_data()) return false;
    Payload payload = outbox_.take(credit(), departed_);
    message = frame(FrameType::data, std::move(payload.bytes), payload.flags);
    tell_space();
    close_if_finished();
    return true;
}

Message End::frame(FrameType type, Buffer body, std::uint8_t flags) const {
    const wire::FrameHeader header{static_cast<std::uint16_t>(body.size()),
                                   static_cast<std::uint8_t>(type), flags, label_};
    return {header.pack(), std::move(body)};
}

}  // namespace jetway::stream
