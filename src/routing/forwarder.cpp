#include "routing/forwarder.hpp"

#include <algorithm>
#include <cassert>

#include "routing/forwarder_state.hpp"

namespace jetway::routing {

using wire::Frame;
using wire::FrameType;

Forwarder::Forwarder(const Options& options, Opens& opens, Random& random, Actions& actions)
    : state_(std::make_unique<State>(options, opens, random, actions)) {}

Forwarder::~Forwarder() = default;

void Forwarder::add_link(Time /*now*/, LinkId link, const LinkOptions& options,
                         std::uint32_t peer_pool) {
    auto& links = state_->links;
    if (link >= links.size()) links.resize(link + 1);
    assert(links[link] == nullptr);
    links[link] = std::make_unique<StreamLink>(options, state_->options.pool, peer_pool);
}

void Forwarder::remove_link(Time now, LinkId id, const Error& reason, RouterId peer) {
    StreamLink* link = state_->find_link(id);
    if (link == nullptr) return;
    state_->clock = now;
    state_->close_ends_of(now, *link, reason, peer);
    state_->links[id].reset();
}

void Forwarder::set_rate(LinkId id, std::uint64_t bytes_per_second) {
    if (StreamLink* link = state_->find_link(id)) link->turns.set_rate(bytes_per_second);
}

void Forwarder::retry(Time now) {
    state_->clock = now;
    state_->retry(now);
}

void Forwarder::tick(Time now) {
    state_->clock = now;
    state_->tick(now);
}

Time Forwarder::next_deadline() const {
    return state_->waiting.deadline();
}

Result<> Forwarder::receive(Time now, LinkId id, Frame&& frame) {
    StreamLink* link = state_->find_link(id);
    if (link == nullptr) return Error(Code::closed, "frame from a link that is gone");
    state_->clock = now;
    ++state_->counts.frames_in;
    const wire::FrameHeader header = frame.header;
    if (header.label == 0) return protocol_error("frame without a stream");
    if (header.type < static_cast<std::uint8_t>(FrameType::open) ||
        header.type > static_cast<std::uint8_t>(FrameType::fin_ack)) {
        if ((header.type & wire::ignorable) != 0) return success();
        return protocol_error("frame of type " + std::to_string(header.type) +
                              " on a stream's label");
    }
    if (header.flags != 0 && !header.is(FrameType::data))
        return protocol_error("flags on a frame that has none");
    if (header.is(FrameType::open)) return state_->on_open(now, id, *link, frame);
    const EndRef ref = link->labels.find(header.label);
    if (ref == no_end) return state_->on_late_frame(*link, id, frame);
    return state_->on_stream_frame(now, ref, std::move(frame));
}

bool Forwarder::pull(Time now, LinkId id, Frame& frame) {
    StreamLink* link = state_->find_link(id);
    if (link == nullptr) return false;
    state_->clock = now;
    if (!state_->pull_control(*link, frame) && !state_->pull_data(*link, frame)) return false;
    ++state_->counts.frames_out;
    return true;
}

bool Forwarder::has_frames(LinkId id) const {
    const StreamLink* link = state_->find_link(id);
    return link != nullptr &&
           (!link->stray_acks.empty() || !link->control.empty() || !link->turns.empty());
}

void Forwarder::reset_streams(Time now, LinkId id, const Error& reason) {
    const StreamLink* link = state_->find_link(id);
    if (link == nullptr) return;
    state_->clock = now;
    for (const EndRef ref : link->labels.ends()) state_->reset_both(ref / 2, reason);
}

const ForwarderCounts& Forwarder::counts() const {
    return state_->counts;
}

MemoryUse Forwarder::memory() const {
    return {state_->options.memory, state_->frames.charge(), state_->wide};
}

std::vector<StreamInfo> Forwarder::streams() const {
    std::vector<StreamInfo> result;
    for (std::uint32_t index = 0; index < state_->crossings.bound(); ++index) {
        const Crossing& crossing = state_->crossings[index];
        const auto& [from, to] = crossing.ends;
        const bool waits = from.state == EndState::waiting || to.state == EndState::waiting;
        if (!waits && from.state != EndState::open && to.state != EndState::open) continue;
        const auto& [forward, backward] = crossing.flows;
        const auto bytes = [](const FrameQueue& queue) {
            return queue.charge - queue.frames * frame_charge;
        };
        StreamInfo& row = result.emplace_back();
        row.from = from.link;
        row.to = to.link;
        row.source = crossing.source;
        row.destination = crossing.destination;
        row.forward_bytes = forward.sent;
        row.backward_bytes = backward.sent;
        row.queued = bytes(forward.queue) + bytes(backward.queue);
        row.kept = bytes(forward.kept) + bytes(backward.kept);
        row.attempt = crossing.opening == nullptr ? 0 : crossing.opening->open.attempt();
        row.waiting = waits;
    }
    return result;
}

std::size_t Forwarder::streams_on(LinkId id) const {
    const StreamLink* link = state_->find_link(id);
    return link == nullptr ? 0 : link->labels.size();
}

/// The owner is told once between takes; `ready` is short, so looking through it is cheaper than a
/// flag to keep right.
void Forwarder::State::notify(LinkId link) {
    auto& ready = actions.ready;
    if (!ready.empty() && ready.back() == link) return;
    if (std::find(ready.begin(), ready.end(), link) == ready.end()) ready.push_back(link);
}

Result<> Forwarder::State::on_stream_frame(Time now, EndRef ref, Frame&& frame) {
    if (crossings.end(ref).state == EndState::opening)
        return protocol_error("frame before its stream was opened");
    switch (static_cast<FrameType>(frame.header.type)) {
        case FrameType::data:
            return on_data(ref, std::move(frame));
        case FrameType::window:
            return on_window(ref, std::move(frame.body));
        case FrameType::stop:
            return on_stop(ref, frame.body);
        case FrameType::opened:
            return on_opened(now, ref, frame.body);
        case FrameType::nack:
            return on_nack(now, ref, frame.body);
        case FrameType::reset:
            return on_reset(now, ref, frame.body);
        case FrameType::fin_ack:
            return on_fin_ack(ref, frame.body);
        default:
            return frame.body.empty() ? on_reset_ack(ref)
                                      : protocol_error("RESET_ACK with a payload");
    }
}

/// A frame on a label that is not in use: the peer may have sent it before it heard of the end.
Result<> Forwarder::State::on_late_frame(StreamLink& link, LinkId id, const Frame& frame) {
    if (!link.labels.known(frame.header.label))
        return protocol_error("frame of a stream that was never opened");
    switch (static_cast<FrameType>(frame.header.type)) {
        case FrameType::data:
            counts.bytes_in += stream_bytes(frame.body.size(), frame.header.flags);
            discard(stream_bytes(frame.body.size(), frame.header.flags), Discard::stale);
            return success();
        case FrameType::window:
        case FrameType::stop:
        case FrameType::fin_ack:
            return success();
        case FrameType::reset:
            if (link.stray_acks.size() >= max_stray_acks)
                return protocol_error("RESET without end");
            link.stray_acks.push_back(frame.header.label);
            notify(id);
            return success();
        default:
            return protocol_error("answer on a label that is free");
    }
}

void Forwarder::State::close_ends_of(Time now, StreamLink& link, const Error& reason,
                                     RouterId peer) {
    link.closing = true;
    wire::Reset told = wire::to_reset(reason, options.machine);
    if (peer != 0) {
        told.set_resumable(true);
        told.add_failed()->set_from(options.router);
        told.mutable_failed(0)->set_to(peer);
    }
    const Buffer body = wire::encode(told);
    for (const EndRef ref : link.labels.ends()) {
        const End& end = crossings.end(ref);
        if (end.state == EndState::closed) continue;  // closed with its other end: a hairpin
        const bool live = end.state == EndState::open || end.state == EndState::opening;
        // What has not left yet was not delivered, and may go another way.
        if (end.state == EndState::opening &&
            try_again(now, ref / 2, nack(Code::no_route, reason.line()))) {
            continue;
        }
        if (live && lose_way(now, ref, reason)) continue;
        if (live) end_stream(crossings[ref / 2], Event::Kind::stream_ended, reason);
        drop_queue(ref, Discard::way_lost);
        if (end.state != EndState::closed) close_end(ref, false);
        if (live) reset_end(ref ^ 1U, body, Discard::way_lost);
        remove_if_over(ref / 2);
    }
    try_ways(now);
}

}  // namespace jetway::routing
