#include "router/outgoing.hpp"

#include <algorithm>

#include "base/log.hpp"

namespace jetway::router {
namespace {

constexpr Duration idle_limit = std::chrono::seconds(30);
constexpr Duration look_again = std::chrono::milliseconds(100);  // who offers a name
constexpr std::size_t most_queued = 64UL * 1024 * 1024;
constexpr std::size_t most_lanes = 256;  // of one destination

std::size_t weight(const wire::Envelope& envelope) {
    return envelope.data.size() + 256;
}

}  // namespace

// ---- one stream

Timer& Envelopes::Outgoing::timer() const {
    return group_.owner().timer_;
}

Envelopes::Outgoing::Outgoing(Group& group, Lane lane) : group_(group), lane_(std::move(lane)) {
    wire::Open open;
    open.set_source(group_.key().first);
    open.set_destination(lane_.address);
    open.set_content_type(std::string(wire::envelope_content_type));
    open.set_shape(static_cast<std::uint32_t>(wire::Shape::messages));
    stream_ = group_.owner().session_.open(std::move(open), *this);
    idle();
}

void Envelopes::Outgoing::send(wire::Envelope envelope, RouteOptions options) {
    const std::size_t size = weight(envelope);
    if (blocked_ && queued_ + size > most_queued)
        return tell(options,
                    {Code::pressure, "64 MiB of envelopes wait for " + lane_.address + " already"});
    queued_ += size;
    used_ = timer().now();
    waiting_.push_back({std::move(envelope), std::move(options), used_});
    drain();
}

void Envelopes::Outgoing::drain() {
    forget_confirmed();
    while (!blocked_ && !waiting_.empty()) {
        Item item = std::move(waiting_.front());
        waiting_.pop_front();
        queued_ -= weight(item.envelope);
        if (item.envelope.deadline) {
            *item.envelope.deadline -= timer().now() - item.since;
            if (*item.envelope.deadline <= Duration::zero()) {
                tell(item.options,
                     {Code::timeout, "its deadline passed while it waited for " + lane_.address});
                continue;
            }
        }
        Buffer bytes = wire::encode(item.envelope);
        if (bytes.size() > wire::max_envelope) {
            tell(item.options, {Code::too_large, "an envelope of more than 1 GiB"});
            continue;
        }
        item.begin = written_;
        written_ += bytes.size();
        item.end = written_;
        unconfirmed_.push_back(std::move(item));
        blocked_ = !stream_->write(std::move(bytes));
    }
}

void Envelopes::Outgoing::tell(RouteOptions& options, Error reason) const {
    if (!options.failed) return;
    timer().post(
        [failed = std::move(options.failed), reason = std::move(reason)] { failed(reason); });
}

void Envelopes::Outgoing::on_writable() {
    blocked_ = false;
    drain();
}

void Envelopes::Outgoing::forget_confirmed() {
    while (!unconfirmed_.empty() && unconfirmed_.front().end <= stream_->confirmed())
        unconfirmed_.pop_front();
}

void Envelopes::Outgoing::idle() {
    idle_ = timer().at(std::max(timer().now(), used_) + idle_limit, [this] {
        const bool idle = used_ + idle_limit <= timer().now() && waiting_.empty();
        if (idle && stream_->confirmed() == written_) return stream_->finish();
        this->idle();
    });
}

void Envelopes::Outgoing::on_end(const Error& reason) {
    forget_confirmed();
    log::warn("[Router] {} -> {}: {}", group_.key().first, lane_.address, reason.line());
    const std::uint64_t left = opened_ ? stream_->sent() : 0;  // of a refused stream nothing counts
    std::deque<Item> items = std::move(unconfirmed_);
    std::ranges::move(waiting_, std::back_inserter(items));
    for (Item& item : items) {
        const bool unsent = item.end == 0 || item.begin >= left;
        if (!unsent || !group_.send_elsewhere(lane_, item.envelope, item.options))
            tell(item.options, reason);
    }
    group_.gone(Lane(lane_));  // destroys this
}

void Envelopes::Outgoing::on_done() {
    group_.gone(Lane(lane_));  // destroys this
}

// ---- the streams of one (source, destination)

Lane Envelopes::Group::send(wire::Envelope envelope, RouteOptions options) {
    Lane lane = pick(options);
    auto& stream = streams_[lane];
    if (!stream) stream = std::make_unique<Outgoing>(*this, lane);
    stream->send(std::move(envelope), std::move(options));
    return lane;
}

void Envelopes::Group::send_after(const Lane& lane, wire::Envelope envelope) {
    const auto found = streams_.find(lane);
    if (found != streams_.end()) found->second->send(std::move(envelope), {});
}

bool Envelopes::Group::send_elsewhere(const Lane& lane, wire::Envelope& envelope,
                                      RouteOptions& options) {
    std::erase(lanes_, lane);
    if (options.balance == Balance::nearest || lanes_.empty()) return false;
    send(std::move(envelope), std::move(options));
    return true;
}

void Envelopes::Group::gone(const Lane& lane) {
    streams_.erase(lane);
    if (!streams_.empty()) return;
    const Key key = key_;
    owner_.groups_.erase(key);  // destroys this
}

/// An instance has a lane of its own: its machine's address, numbered where a machine has several.
void Envelopes::Group::refresh() {
    const Time now = owner_.timer_.now();
    if (seen_ && now < *seen_ + look_again && !lanes_.empty()) return;
    seen_ = now;
    lanes_.clear();
    const auto address = wire::parse_address(key_.second);
    std::map<routing::RouterId, std::size_t> counts;
    for (const routing::RouteRow& row : owner_.instances_(address->service)) {
        const std::string text = wire::router_text(row.router);
        const bool asked = address->machine.empty() || address->machine == row.machine ||
                           text.starts_with(address->machine);
        if (row.alternate || row.path.empty() || !asked || lanes_.size() >= most_lanes) continue;
        lanes_.push_back({address->service + "@" + text, counts[row.router]++});
    }
}

Lane Envelopes::Group::pick(const RouteOptions& options) {
    Lane any{key_.second};
    if (options.balance == Balance::nearest) return any;
    refresh();
    if (lanes_.empty()) return any;  // its refusal says why
    switch (options.balance) {
        case Balance::round_robin:
            return lanes_[turn_++ % lanes_.size()];
        case Balance::hash:
            return by_key(options.key);
        default:
            return least_loaded();
    }
}

/// In turn among equals.
Lane Envelopes::Group::least_loaded() {
    ++turn_;
    const Lane* best = nullptr;
    std::uint64_t least = 0;
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
        const Lane& lane = lanes_[(turn_ + i) % lanes_.size()];
        const auto open = streams_.find(lane);
        const std::uint64_t backlog = open == streams_.end() ? 0 : open->second->backlog();
        if (best != nullptr && backlog >= least) continue;
        best = &lane;
        least = backlog;
    }
    return *best;
}

/// Rendezvous hashing (Thaler and Ravishankar, 1998): when an instance comes or goes, only its own
/// keys move.
Lane Envelopes::Group::by_key(const std::string& key) const {
    return *std::ranges::max_element(lanes_, {}, [&key](const Lane& lane) {
        return wire::digest(key + "|" + lane.address + "|" + std::to_string(lane.number));
    });
}

}  // namespace jetway::router
