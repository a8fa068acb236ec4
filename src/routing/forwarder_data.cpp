#include <algorithm>
#include <cassert>

#include "routing/forwarder_state.hpp"

namespace jetway::routing {
namespace {

constexpr std::uint8_t known_flags = wire::flag::fin | wire::flag::outcome;

Result<> check_flags(const wire::Frame& frame) {
    const std::uint8_t flags = frame.header.flags;
    if ((flags & ~known_flags) != 0)
        return protocol_error("DATA with flags " + std::to_string(flags));
    if ((flags & wire::flag::outcome) == 0) return success();
    if ((flags & wire::flag::fin) == 0)
        return protocol_error("an outcome before the end of the stream");
    JETWAY_TRY(wire::decode<wire::Outcome>(frame.body.bytes()));
    return success();
}

}  // namespace

Result<> Forwarder::State::on_data(EndRef ref, wire::Frame&& frame) {
    Crossing& crossing = crossings[ref / 2];
    Flow& flow = crossing.flows[ref & 1U];
    const std::uint8_t flags = frame.header.flags;
    if (flags != 0) JETWAY_TRY(check_flags(frame));
    if (crossings.end(ref).state != EndState::open) {
        const std::size_t size = stream_bytes(frame.body.size(), flags);
        counts.bytes_in += size;
        discard(size, Discard::stale);
        return success();
    }
    if (crossing.far == (ref & 1U) && drop_said_again(flow, frame)) return success();
    if (flow.fin_taken) return protocol_error("DATA after the end of the stream");
    if ((ref & 1U) == 1U && !crossing.answered) return protocol_error("DATA before OPENED");
    const std::size_t size = stream_bytes(frame.body.size(), flags);
    if (size > flow.granted - flow.taken) return protocol_error("DATA beyond what was granted");
    flow.taken += size;
    counts.bytes_in += size;
    flow.fin_taken = (flags & wire::flag::fin) != 0;
    if (size != 0 || flow.fin_taken) take_data(ref ^ 1U, std::move(frame.body), flags);
    if (flow.fin_taken) close_if_finished(ref);
    return success();
}

/// A new attempt begins from the beginning when the one before was not answered: what came then is
/// dropped now. True: nothing of the frame is new.
bool Forwarder::State::drop_said_again(Flow& flow, wire::Frame& frame) {
    const std::size_t size = stream_bytes(frame.body.size(), frame.header.flags);
    const auto old = static_cast<std::size_t>(std::min<std::uint64_t>(size, flow.said_again));
    flow.said_again -= old;
    counts.bytes_in += old;
    discard(old, Discard::repeated);
    if (old != 0) frame.body = frame.body.slice(old);
    const bool fin = (frame.header.flags & wire::flag::fin) != 0;
    return old == size && (fin ? flow.fin_taken : old != 0);
}

/// Queues a frame for its receiver, or discards its bytes when the receiver said STOP.
void Forwarder::State::take_data(EndRef to, Buffer&& body, std::uint8_t flags) {
    Flow& flow = flow_to(to);
    const std::size_t size = stream_bytes(body.size(), flags);
    if (flow.stopped) {
        discard(size, Discard::unwanted);
        if ((flags & wire::flag::fin) == 0) return;
        if (size != 0) body = {};
    } else {
        counts.bytes_queued += size;
    }
    frames.push(flow.queue, std::move(body), flags);
    if (flow.queue.frames == 1) schedule(to);
    if (frames.charge() > options.memory) relieve_pressure();
}

Result<> Forwarder::State::on_window(EndRef ref, Buffer&& body) {
    const auto window = wire::decode_window(body.bytes());
    if (!window) return window.error();
    End& receiver = crossings.end(ref);
    if (receiver.state != EndState::open) return success();
    Flow& flow = flow_to(ref);
    // Whoever speaks before it answers has the stream: it is not tried elsewhere.
    if ((ref & 1U) == 1U) keep_no_more(crossings[ref / 2]);
    if (window->consumed > flow.sent)
        return protocol_error("WINDOW for bytes that were never sent");
    if (window->up_to > window->consumed + wire::most_window)
        return protocol_error("WINDOW beyond 16 MiB");
    if (receiver.ours) return_pool(receiver);
    const wire::Window newest{std::max(window->up_to, flow.window.up_to),
                              std::max(window->consumed, flow.window.consumed)};
    if (newest == flow.window) return success();
    if (!(newest == *window)) body = wire::encode(newest);
    flow.window = newest;
    if (flow.keeps) confirm(flow, newest.consumed);
    const bool was_blocked = flow.credit == flow.sent;
    flow.credit = std::max(flow.credit, newest.up_to);
    if (was_blocked) schedule(ref);
    pass_grant(ref ^ 1U, std::move(body));
    return success();
}

Result<> Forwarder::State::on_stop(EndRef ref, const Buffer& body) {
    JETWAY_TRY(wire::decode<wire::Reset>(body.bytes()));
    Flow& flow = flow_to(ref);
    const End& receiver = crossings.end(ref);
    if (receiver.state != EndState::open || flow.stopped) return success();
    if ((ref & 1U) == 1U) keep_no_more(crossings[ref / 2]);
    flow.stopped = true;
    drop_bytes(ref);
    End& sender = other_end(ref);
    const bool sending = sender.state == EndState::open || sender.state == EndState::opening;
    if (!sending || flow.fin_taken) return success();
    const bool crowded = link_of(sender).crowded();
    sender.stop_body = crowded ? code_only(body) : Buffer::copy_of(body.bytes());
    link_of(sender).control_bytes += sender.stop_body.size();
    await(ref ^ 1U, pending::stop);
    return success();
}

/// Everything that waits for `to` goes.
void Forwarder::State::drop_queue(EndRef to, Discard why) {
    Flow& flow = flow_to(to);
    if (flow.queue.empty()) return;
    while (!flow.queue.empty()) {
        const WaitingFrame frame = frames.pop(flow.queue);
        const std::size_t size = stream_bytes(frame.body.size(), frame.flags);
        counts.bytes_queued -= size;
        discard(size, why);
    }
    if (const End& end = crossings.end(to); end.data.linked)
        link_of(end).turns.remove(crossings, to);
}

/// The bytes that wait for `to` go; the end of the stream and its outcome stay.
void Forwarder::State::drop_bytes(EndRef to) {
    Flow& flow = flow_to(to);
    WaitingFrame last;
    while (!flow.queue.empty()) {
        last = frames.pop(flow.queue);
        const std::size_t size = stream_bytes(last.body.size(), last.flags);
        counts.bytes_queued -= size;
        discard(size, Discard::unwanted);
    }
    if (const End& end = crossings.end(to); end.data.linked)
        link_of(end).turns.remove(crossings, to);
    if ((last.flags & wire::flag::fin) != 0) {
        const bool outcome = (last.flags & wire::flag::outcome) != 0;
        frames.push(flow.queue, outcome ? std::move(last.body) : Buffer(), last.flags);
        schedule(to);
    }
}

/// Puts the end into its link's data lane when its first waiting frame may leave.
void Forwarder::State::schedule(EndRef to) {
    if (!may_send(flow_to(to))) return;
    End& end = crossings.end(to);
    if (end.state == EndState::waiting) return;
    // The egress says first how much it has.
    const Crossing& crossing = crossings[to / 2];
    if (crossing.far == 1 && (to & 1U) == 1U && !crossing.answered && crossing.opening->established)
        return;
    link_of(end).turns.add(crossings, to);
    notify(end.link);
}

bool Forwarder::State::may_send(const Flow& flow) {
    if (flow.queue.empty()) return false;
    if (flow.credit > flow.sent) return true;
    const WaitingFrame& next = frames.front(flow.queue);
    return stream_bytes(next.body.size(), next.flags) == 0;
}

bool Forwarder::State::pull_data(StreamLink& link, wire::Frame& frame) {
    if (link.turns.empty()) return false;
    const EndRef ref = link.turns.next(crossings);
    End& end = crossings.end(ref);
    Flow& flow = flow_to(ref);
    const std::uint64_t most =
        std::min<std::uint64_t>(flow.credit - flow.sent, link.turns.frame_limit());
    WaitingFrame next;
    const WaitingFrame& front = frames.front(flow.queue);
    if (stream_bytes(front.body.size(), front.flags) > most) {
        next.body = frames.split_front(flow.queue, most);
    } else {
        next = frames.pop(flow.queue);
    }
    const std::size_t size = stream_bytes(next.body.size(), next.flags);
    flow.sent += size;
    counts.bytes_out += size;
    counts.bytes_queued -= size;
    if (flow.keeps) frames.push(flow.kept, next.body, next.flags);
    frame = wire::Frame(wire::FrameType::data, end.label, std::move(next.body), next.flags);
    Turns::spend(end, size);
    if (!may_send(flow)) link.turns.remove(crossings, ref);
    pass_more(ref ^ 1U);
    if ((next.flags & wire::flag::fin) != 0) {
        flow.fin_sent = true;
        if (crossings[ref / 2].far == ((ref & 1U) ^ 1U)) acknowledge(ref / 2);
        close_if_finished(ref);
    }
    // A frame that was cut is charged twice when its parts are kept.
    if (frames.charge() > options.memory) relieve_pressure();
    return true;
}

}  // namespace jetway::routing
