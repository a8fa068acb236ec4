#include <algorithm>
#include <cassert>

#include "routing/forwarder_state.hpp"

namespace jetway::routing {

Result<> Forwarder::State::on_reset(Time now, EndRef ref, const Buffer& body) {
    JETWAY_ASSIGN(const wire::Reset reason, wire::decode<wire::Reset>(body.bytes()));
    End& end = crossings.end(ref);
    if (end.state == EndState::acking || (end.pending & pending::reset_ack) != 0) {
        return protocol_error("RESET twice");
    }
    if (end.state == EndState::reset_sent) {
        await(ref, pending::reset_ack);
        return success();
    }
    const bool live = end.state == EndState::open;
    if (end.ours) link_of(end).own.heard(end.opened_number);
    if (live && reason.resumable()) {
        opens.found_dead(now, reason.failed());
        StreamLink& link = link_of(end);
        const LinkId id = end.link;
        const std::uint32_t label = end.label;
        if (lose_way(now, ref, wire::to_error(reason))) {
            link.stray_acks.push_back(label);
            notify(id);
            try_ways(now);
            return success();
        }
    }
    if (live) end_stream(crossings[ref / 2], Event::Kind::stream_ended, wire::to_error(reason));
    forget_pending(ref);
    drop_queue(ref, reason_of(reason));
    settle(end);
    return_pool(end);
    end.state = EndState::acking;
    await(ref, pending::reset_ack);
    if (live) reset_end(ref ^ 1U, Buffer::copy_of(body.bytes()), reason_of(reason));
    return success();
}

Result<> Forwarder::State::on_reset_ack(EndRef ref) {
    End& end = crossings.end(ref);
    if (end.state != EndState::reset_sent) return protocol_error("RESET_ACK without RESET");
    if ((end.pending & pending::reset_ack) != 0) {
        end.state = EndState::acking;
        return success();
    }
    close_end(ref, false);
    remove_if_over(ref / 2);
    return success();
}

void Forwarder::State::await(EndRef ref, std::uint8_t what) {
    End& end = crossings.end(ref);
    end.pending |= what;
    link_of(end).control.push_back(crossings, ref);
    notify(end.link);
}

void Forwarder::State::await(EndRef ref, std::uint8_t what, Buffer body) {
    End& end = crossings.end(ref);
    assert(end.body.empty());
    link_of(end).control_bytes += body.size();
    end.body = std::move(body);
    await(ref, what);
}

/// Nothing that waits for this end leaves any more.
void Forwarder::State::forget_pending(EndRef ref) {
    End& end = crossings.end(ref);
    StreamLink& link = link_of(end);
    link.control_bytes -= end.body.size() + end.stop_body.size();
    end.body = {};
    end.stop_body = {};
    end.window_body = {};
    end.pending = 0;
    link.control.remove(crossings, ref);
}

/// Why what waits for a stream that is reset goes.
Discard Forwarder::State::reason_of(const wire::Reset& reset) {
    if (reset.code() == static_cast<std::uint32_t>(Code::pressure)) return Discard::pressure;
    return reset.resumable() ? Discard::way_lost : Discard::reset;
}

/// RESET goes out on this end, unless it has come to its end already.
void Forwarder::State::reset_end(EndRef ref, const Buffer& body, Discard why) {
    End& end = crossings.end(ref);
    if (end.state == EndState::waiting) {
        stop_waiting(ref, why);
        remove_if_over(ref / 2);
        return;
    }
    if (end.state == EndState::opening) {
        drop_queue(ref, why);
        close_end(ref, false);
        remove_if_over(ref / 2);
        return;
    }
    if (end.state != EndState::open) return;
    forget_pending(ref);
    drop_queue(ref, why);
    settle(end);
    // The peer may see FIN in both directions before it hears of the RESET.
    if (!end.ours) return_pool(end);
    end.state = EndState::resetting;
    await(ref, pending::reset, link_of(end).crowded() ? code_only(body) : body);
}

void Forwarder::State::reset_both(std::uint32_t index, const Error& reason) {
    reset_both(index, wire::to_reset(reason, options.machine));
}

void Forwarder::State::reset_both(std::uint32_t index, const wire::Reset& reason) {
    if (!crossings[index].live) return;
    const Buffer body = wire::encode(reason);
    end_stream(crossings[index], Event::Kind::stream_ended, wire::to_error(reason));
    reset_end(index * 2, body, reason_of(reason));
    reset_end(index * 2 + 1, body, reason_of(reason));
}

void Forwarder::State::return_pool(End& end) {
    StreamLink& link = link_of(end);
    (end.ours ? link.usable_pool : link.granted_pool) += end.pool_taken;
    end.pool_taken = 0;
}

/// The label is free (`rest`: after its rest) and the end is in no list.
void Forwarder::State::close_end(EndRef ref, bool rest) {
    End& end = crossings.end(ref);
    StreamLink& link = link_of(end);
    assert(end.state != EndState::closed && flow_to(ref).queue.empty());
    forget_pending(ref);
    link.turns.remove(crossings, ref);
    return_pool(end);
    settle(end);
    link.labels.erase(end.label);
    if (end.ours) rest ? link.own.rest(end.label) : link.own.release(end.label);
    end.state = EndState::closed;
}

void Forwarder::State::close_if_finished(EndRef ref) {
    if (crossings.end(ref).state != EndState::open) return;
    const Flow& from = flow_from(ref);
    const Flow& to = flow_to(ref);
    if (!from.fin_taken || !to.fin_sent) return;
    if (is_network(crossings.end(ref)) && (!from.ack_sent || !to.fin_acked)) return;
    close_end(ref, true);
    remove_if_over(ref / 2);
}

void Forwarder::State::remove_if_over(std::uint32_t index) {
    Crossing& crossing = crossings[index];
    if (!crossing.live) return;
    for (const End& end : crossing.ends) {
        if (end.state != EndState::closed) return;
    }
    end_stream(crossing, Event::Kind::stream_ended, Error(Code::ok, {}));
    bury(index);
    crossings.remove(index);
}

/// `reason`: Code::ok when it ended in order.
void Forwarder::State::end_stream(Crossing& crossing, Event::Kind kind, const Error& reason) {
    if (crossing.ended) return;
    crossing.ended = true;
    give_up(crossing);
    if (crossing.opening != nullptr) {
        forget_body(*crossing.opening);
        if (reason.code != Code::ok)
            crossing.opening->ending =
                std::make_unique<wire::Nack>(wire::to_nack(reason, options.machine));
    }
    for (Flow& flow : crossing.flows) {
        stop_keeping(flow);
        reserve(flow, true);
    }
    if (reason.code == Code::ok) return report(kind, crossing, {});
    if (kind == Event::Kind::stream_ended) ++counts.streams_reset;
    report(kind, crossing, reason.line());
}

void Forwarder::State::report(Event::Kind kind, const Crossing& crossing, std::string detail) {
    const auto name = [this](const End& end) {
        const StreamLink* link = find_link(end.link);
        return link == nullptr ? std::string("nowhere") : link->name();
    };
    const auto& [from, to] = crossing.ends;
    actions.events.push_back({kind,
                              name(from) + " -> " + name(to) + " (" + crossing.destination + ")",
                              std::move(detail),
                              {}});
}

Buffer Forwarder::State::reset_body(const Error& reason) const {
    return wire::encode(wire::to_reset(reason, options.machine));
}

/// The body of a RESET or STOP without its text, for a lane that is full.
Buffer Forwarder::State::code_only(const Buffer& body) {
    wire::Reset brief;
    if (const auto reason = wire::decode<wire::Reset>(body.bytes())) {
        brief.set_code(reason->code());
        brief.set_resumable(reason->resumable());
    }
    return wire::encode(brief);
}

bool Forwarder::State::pull_control(StreamLink& link, wire::Frame& frame) {
    if (!link.stray_acks.empty()) {
        frame = wire::Frame(wire::FrameType::reset_ack, link.stray_acks.front());
        link.stray_acks.pop_front();
        return true;
    }
    if (link.control.empty()) return false;
    const EndRef ref = link.control.front();
    End& end = crossings.end(ref);
    const auto what = static_cast<std::uint8_t>(end.pending & -end.pending);
    end.pending ^= what;
    if (end.pending == 0) link.control.remove(crossings, ref);
    if (what == pending::window) {
        frame = take_window(ref);
    } else {
        frame = take_control(link, end, what);
        control_left(ref, what);
    }
    return true;
}

wire::Frame Forwarder::State::take_control(StreamLink& link, End& end, std::uint8_t what) {
    using wire::FrameType;
    Buffer body = what == pending::reset_ack || what == pending::fin_ack
                      ? Buffer()
                      : std::move(what == pending::stop ? end.stop_body : end.body);
    link.control_bytes -= body.size();
    switch (what) {
        case pending::open:
            return {FrameType::open, end.label, std::move(body)};
        case pending::opened:
            return {FrameType::opened, end.label, std::move(body)};
        case pending::nack:
            return {FrameType::nack, end.label, std::move(body)};
        case pending::stop:
            return {FrameType::stop, end.label, std::move(body)};
        case pending::reset:
            return {FrameType::reset, end.label, std::move(body)};
        case pending::fin_ack:
            return {FrameType::fin_ack, end.label};
        default:
            return {FrameType::reset_ack, end.label};
    }
}

void Forwarder::State::control_left(EndRef ref, std::uint8_t what) {
    End& end = crossings.end(ref);
    if (what == pending::open) {
        end.state = EndState::open;
        end.opened_number = link_of(end).own.opened();
    } else if (what == pending::reset) {
        end.state = EndState::reset_sent;
        return_pool(end);
    } else if (what == pending::fin_ack) {
        flow_from(ref).ack_sent = true;
        close_if_finished(ref);
    } else if (what == pending::nack ||
               (what == pending::reset_ack && end.state == EndState::acking)) {
        close_end(ref, false);
        remove_if_over(ref / 2);
    }
}

}  // namespace jetway::routing
