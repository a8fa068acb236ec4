// The life of an Attachment: the turn of work, offers, and the end. Frames are in
// attachment_frames.cpp.
#include "stream/attachment.hpp"

#include <algorithm>
#include <utility>

namespace jetway::stream {
namespace {

constexpr std::uint32_t pool = 4 * 1024 * 1024;
constexpr std::uint64_t most_widened = 64UL * 1024 * 1024;  // of all windows of a process
constexpr std::size_t most_own_frames = 4096;
constexpr Duration confirm_delay = std::chrono::milliseconds(50);
constexpr Duration account_delay = std::chrono::milliseconds(500);

Error failed(const Error& reason) {
    return {Code::closed, "the connection to the router ended: " + reason.line()};
}

}  // namespace

void EndQueue::push(const EndPtr& end) {
    End::Place& place = end->places[lane_];
    if (place.queued) return;
    place.queued = true;
    (tail_ == nullptr ? head_ : tail_->places[lane_].next) = end;
    tail_ = end.get();
}

EndPtr EndQueue::pop() {
    if (head_ == nullptr) return nullptr;
    EndPtr end = std::move(head_);
    End::Place& place = end->places[lane_];
    head_ = std::move(place.next);
    if (head_ == nullptr) tail_ = nullptr;
    place.queued = false;
    return end;
}

Attachment::Attachment(ConnectionPtr connection, Timer& timer, const SessionOptions& options)
    : connection_(std::move(connection)),
      timer_(timer),
      options_(options),
      dialled_(connection_->dialled()),
      labels_(dialled_),
      granted_pool_(pool) {}

void Attachment::start() {
    wire::Attach attach;
    attach.set_version_min(wire::protocol_version);
    attach.set_version_max(wire::protocol_version);
    attach.set_process(options_.process);
    attach.set_pid(options_.pid);
    attach.set_pool(pool);
    say(wire::FrameType::attach, wire::encode(attach));
    connection_->set_on_closed([weak = weak_from_this()](const Error& reason) {
        if (const auto self = weak.lock()) self->closed(reason);
    });
    connection_->out().set_writer(this);
    timer_.post([weak = weak_from_this()] {
        const auto self = weak.lock();
        if (self != nullptr && self->connection_) self->connection_->in().set_reader(self.get());
    });
}

void Attachment::shut() {
    on_attached_ = nullptr;
    on_closed_ = nullptr;
    told_closed_ = true;
    holding_ = false;
    say_account();
    send();  // what can still leave does
    closed({Code::cancelled, "the session ended"});
    while (const EndPtr end = lane(Lane::events).pop()) {
        timer_.post([end] { end->deliver(); });
    }
    for (EndQueue& queue : lanes_) queue.clear();
    if (!connection_) return;
    connection_->in().set_reader(nullptr);
    connection_->out().set_writer(nullptr);
    connection_->close(*closed_);  // its last words leave
    connection_.reset();
}

void Attachment::set_on_attached(std::function<void()> on_attached) {
    on_attached_ = std::move(on_attached);
    if (is_attached_) post(&Attachment::tell_attached);
}

void Attachment::set_on_closed(std::function<void(const Error&)> on_closed) {
    on_closed_ = std::move(on_closed);
    if (closed_) post(&Attachment::tell_closed);
}

void Attachment::tell_attached() {
    if (const auto on_attached = std::exchange(on_attached_, nullptr)) on_attached();
}

void Attachment::tell_closed() {
    if (told_closed_ || !on_closed_) return;
    told_closed_ = true;
    const auto on_closed = std::exchange(on_closed_, nullptr);
    on_closed(*closed_);
}

// ---- offers and streams

Handle Attachment::offer(const std::string& name, const Capabilities& capabilities,
                         Service& service, Offered offered) {
    wire::Offer offer;
    offer.set_request(++next_request_);
    offer.set_service(name);
    offer.set_type(static_cast<std::uint32_t>(capabilities.type));
    for (const std::string& text : capabilities.accepts) offer.add_accepts(text);
    for (const std::string& text : capabilities.produces) offer.add_produces(text);
    for (const std::string& text : capabilities.features) offer.add_features(text);
    Buffer body = wire::encode(offer);

    if (const Result<> possible = check_offer(name, body); !possible) {
        if (offered) timer_.post([offered, possible] { offered(possible); });
        return {};
    }
    say(wire::FrameType::offer, std::move(body));
    offers_.emplace(name, Offering{next_request_, capabilities, &service, std::move(offered)});
    return Handle([weak = weak_from_this(), name, request = next_request_] {
        if (const auto self = weak.lock()) self->withdraw(name, request);
    });
}

/// What the router would take for an offence is refused here.
Result<> Attachment::check_offer(const std::string& name, const Buffer& body) const {
    if (closed_) return failed(*closed_);
    JETWAY_TRY(wire::check_service_name(name));
    if (offers_.contains(name)) return Error(Code::usage, "\"" + name + "\" is offered already");
    if (body.size() > wire::max_record)
        return Error(Code::too_large, "the capabilities of \"" + name + "\" exceed 32 KiB");
    if (own_.size() >= most_own_frames)
        return Error(Code::pressure, "the router answers too slowly");
    JETWAY_TRY(wire::decode<wire::Offer>(body.bytes()));
    return success();
}

/// Streams that are on their way to us meet no service and are refused.
void Attachment::withdraw(const std::string& name, std::uint64_t request) {
    const auto found = offers_.find(name);
    if (found == offers_.end() || found->second.request != request) return;
    offers_.erase(found);
    wire::Withdraw body;
    body.set_service(name);
    say(wire::FrameType::withdraw, wire::encode(body));
}

EndPtr Attachment::open(wire::Open open, StreamEvents& events) {
    const Result<> possible = check_open(open);
    const auto label = possible ? labels_.pick() : std::nullopt;
    EndPtr end = make_end(label.value_or(0), true, std::move(open));
    end->set_events(&events);
    if (label) {
        ends_.emplace(*label, end);
        want(Lane::control, *end);
    } else {
        end->fail(possible ? Error(Code::pressure, "this process has 65,535 streams open")
                           : possible.error());
    }
    return end;
}

Result<> Attachment::check_open(const wire::Open& open) const {
    if (closed_) return failed(*closed_);
    JETWAY_TRY(wire::parse_address(open.destination()));
    const Buffer body = wire::encode(open);
    if (body.size() + 16 > wire::max_open)  // with the first window
        return Error(Code::too_large, "the settings and the itinerary exceed 32 KiB");
    JETWAY_TRY(wire::decode<wire::Open>(body.bytes()));
    return success();
}

std::uint32_t Attachment::take_pool(std::uint32_t most) {
    const std::uint32_t taken = std::min(most, usable_pool_);
    usable_pool_ -= taken;
    return taken;
}

void Attachment::return_pool(End& end) {
    (end.opener() ? usable_pool_ : granted_pool_) += std::exchange(end.pool_taken, 0);
}

std::uint64_t Attachment::most_wide(std::uint64_t now) const {
    return (most_widened - (widened_ - now)) / 2;
}

void Attachment::widened(std::uint64_t was, std::uint64_t is) {
    widened_ += is - was;
}

void Attachment::release(End& end, bool rest) {
    return_pool(end);
    widened_ -= end.widened();
    const auto found = ends_.find(end.label());
    if (found == ends_.end() || found->second.get() != &end) return;
    const EndPtr keep = std::move(found->second);
    ends_.erase(found);
    if (end.opener()) labels_.release(end.label(), rest);
}

EndPtr Attachment::make_end(std::uint32_t label, bool opener, wire::Open opening) {
    auto end = std::make_shared<End>(shared_from_this(), timer_, label, opener, std::move(opening));
    living_.insert(end.get());
    return end;
}

void Attachment::gone(const End& end) {
    if (living_.erase(&end) == 0) return;
    past_ += end.ledger();
    arm_account();
}

wire::Ledger Attachment::ledger() const {
    wire::Ledger sum = past_;
    for (const End* end : living_) sum += end->ledger();
    return sum;
}

// ---- the turn of work

void Attachment::want(Lane where, End& end) {
    if (closed_ && where != Lane::events) return;
    lane(where).push(end.shared_from_this());
    where == Lane::confirm ? arm_confirm() : wake();
}

void Attachment::post(void (Attachment::*action)()) {
    timer_.post([weak = weak_from_this(), action] {
        if (const auto self = weak.lock()) ((*self).*action)();
    });
}

void Attachment::wake() {
    if (working_ || posted_) return;
    posted_ = true;
    timer_.post([weak = weak_from_this()] {
        const auto self = weak.lock();
        if (self == nullptr) return;
        self->posted_ = false;
        self->work();
    });
}

/// What a sender has to know for its own sake (is everything there?) but not to go on.
void Attachment::arm_confirm() {
    if (confirm_) return;
    confirm_ = timer_.after(confirm_delay, [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (self == nullptr) return;
        self->confirm_.release();
        while (const EndPtr end = self->lane(Lane::confirm).pop()) end->confirm();
    });
}

/// Tells the router what became of everything, soon, and again while that changes.
void Attachment::arm_account() {
    if (account_ || !is_attached_ || closed_) return;
    account_ = timer_.after(account_delay, [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (self == nullptr) return;
        self->account_.release();
        if (self->say_account()) self->arm_account();
    });
}

/// False when nothing has changed.
bool Attachment::say_account() {
    const wire::Ledger now = ledger();
    if (!is_attached_ || now == told_) return false;
    told_ = now;
    say(wire::FrameType::account, wire::encode(wire::to_account(now)));
    return true;
}

void Attachment::work() {
    if (working_) return;
    const auto alive = shared_from_this();
    working_ = true;
    arm_account();
    do {
        send();
    } while (deliver());
    working_ = false;
}

/// Tells the application what happened. True when anything did: then there may be more to send.
bool Attachment::deliver() {
    bool any = false;
    while (const EndPtr end = lane(Lane::events).pop()) {
        any = true;
        end->deliver();
    }
    return any;
}

void Attachment::send() {
    while (!closed_ && (pending_ || next_frame())) {
        const std::size_t size = pending_->body.size();
        if (!connection_->out().write(*pending_)) return;
        pending_.reset();
        ++counts_.frames_out;
        counts_.bytes_out += size;
    }
    if (!holding_ || closed_ || !late_resets_.empty()) return;
    holding_ = false;
    connection_->in().resume();
}

/// Before ATTACHED only ATTACH leaves.
bool Attachment::next_frame() {
    if (!own_.empty() && (is_attached_ || counts_.frames_out == 0)) {
        pending_ = std::move(own_.front());
        own_.pop_front();
        return true;
    }
    return is_attached_ && next_of_lanes();
}

bool Attachment::next_of_lanes() {
    Message message;
    if (!late_resets_.empty()) {
        const wire::FrameHeader header{0, static_cast<std::uint8_t>(wire::FrameType::reset_ack), 0,
                                       late_resets_.front()};
        late_resets_.pop_front();
        pending_ = Message{header.pack(), {}};
        return true;
    }
    while (const EndPtr end = lane(Lane::control).pop()) {
        const bool found = end->next_control(message);
        if (end->has_control()) lane(Lane::control).push(end);
        if (!found) continue;
        pending_ = std::move(message);
        return true;
    }
    while (const EndPtr end = lane(Lane::data).pop()) {
        const bool found = end->next_data(message);
        if (end->has_data()) lane(Lane::data).push(end);
        if (!found) continue;
        pending_ = std::move(message);
        return true;
    }
    return false;
}

void Attachment::say(wire::FrameType type, Buffer body) {
    const wire::FrameHeader header{static_cast<std::uint16_t>(body.size()),
                                   static_cast<std::uint8_t>(type), 0, 0};
    own_.push_back({header.pack(), std::move(body)});
    wake();
}

// ---- the end

/// The router broke the protocol, or refused us.
void Attachment::fail(const Error& reason) {
    if (closed_) return;
    connection_->in().set_reader(nullptr);
    connection_->close(reason);
    closed(reason);
}

void Attachment::closed(const Error& reason) {
    if (closed_) return;
    const auto alive = shared_from_this();
    closed_ = reason;
    confirm_.reset();
    account_.reset();
    pending_.reset();
    own_.clear();
    late_resets_.clear();
    lane(Lane::control).clear();
    lane(Lane::data).clear();
    lane(Lane::confirm).clear();
    const auto ends = std::exchange(ends_, {});
    for (const auto& [label, end] : ends) end->orphan(failed(reason));
    past_ = ledger();
    living_.clear();
    post(&Attachment::tell_closed);
}

}  // namespace jetway::stream
