#include <algorithm>

#include "routing/forwarder_state.hpp"

namespace jetway::routing {

Result<> Forwarder::State::on_open(Time now, LinkId from, StreamLink& link,
                                   const wire::Frame& frame) {
    const std::uint32_t label = frame.header.label;
    if (link.is_ours(label)) return protocol_error("OPEN with a label of the other side's parity");
    if (label > wire::max_label) return protocol_error("OPEN with label " + std::to_string(label));
    if (link.labels.find(label) != no_end)
        return protocol_error("OPEN with a label that is in use");
    JETWAY_ASSIGN(wire::Open open, wire::decode<wire::Open>(frame.body.bytes()));
    const bool local = link.options.kind == LinkKind::local;
    if (local && open.has_id()) return protocol_error("OPEN of a process with an ingress's fields");
    if (open.first_window() > wire::first_window || open.first_window() > link.granted_pool) {
        return protocol_error("OPEN takes more than the first windows granted");
    }
    if (!local && opens.ends_here(from, open) && take_attempt(now, from, link, label, open))
        return success();
    const std::uint32_t index = accept(from, link, label, open);
    if (auto load = check_load(link); !load) {
        refuse(index, wire::encode(wire::to_nack(load.error(), options.machine)), load.error());
        return success();
    }
    const auto crossed = cross(now, index, open);
    if (crossed) return success();
    if (local) remember(crossings[index], std::move(open));
    if (wait_for_way(now, index, crossed.error())) return success();
    refuse(index, wire::encode(crossed.error()), wire::to_error(crossed.error()));
    return success();
}

/// A stream that goes on: this direction begins where it was.
void Forwarder::State::begin_at(Flow& flow, std::uint64_t offset, bool finished) {
    flow.taken = flow.sent = flow.granted = flow.credit = offset;
    flow.fin_taken = flow.fin_sent = finished;
}

std::uint32_t Forwarder::State::accept(LinkId from, StreamLink& link, std::uint32_t label,
                                       const wire::Open& open) {
    const std::uint32_t index = crossings.add();
    Crossing& crossing = crossings[index];
    End& end = crossing.ends[0];
    end.link = from;
    end.label = label;
    end.state = EndState::open;
    end.unanswered = true;
    end.pool_taken = open.first_window();
    crossing.flows[0].granted = open.first_window();
    crossing.resumes = open.resume();
    crossing.weight = weight_of(static_cast<wire::TrafficClass>(open.traffic_class()));
    if (open.resume()) begin_at(crossing.flows[1], open.received(), open.finished());
    link.granted_pool -= open.first_window();
    link.labels.insert(label, index * 2);
    ++link.unanswered;
    return index;
}

Result<> Forwarder::State::check_load(const StreamLink& link) const {
    if (crossings.size() > max_streams)
        return Error(Code::pressure, "too many streams cross " + options.machine);
    if (link.unanswered > max_unanswered)
        return Error(Code::pressure, "too many streams are being opened");
    return success();
}

boost::system::result<void, wire::Nack> Forwarder::State::cross(Time now, std::uint32_t index,
                                                                wire::Open& open) {
    Crossing& crossing = crossings[index];
    const LinkId from = crossing.ends[0].link;
    crossing.source = open.source();
    crossing.destination = open.destination();
    auto to = opens.route(now, from, open);
    if (!to) return to.error();
    crossing.source = open.source();
    if (auto opened = open_onward(index, *to, open); !opened) return opened;
    begin(crossing, open);
    const bool from_network = links[from]->options.kind == LinkKind::network;
    const bool to_network = links[*to]->options.kind == LinkKind::network;
    if (!from_network || !to_network) remember(crossing, std::move(open));
    if (from_network && !to_network) {
        crossing.far = 0;
        crossing.flows[1].keeps = true;
        arrived[StreamKey::of(crossing.opening->open)] = index;
    }
    ++counts.streams_opened;
    report(Event::Kind::stream_opened, crossing, {});
    return {};
}

/// Kept whole while there is room for it, else without what only the destination needs.
void Forwarder::State::remember(Crossing& crossing, wire::Open&& open) {
    crossing.opening = std::make_unique<Opening>();
    Opening& opening = *crossing.opening;
    opening.open = std::move(open);
    const std::size_t size = opening.open.ByteSizeLong();
    const bool local = links[crossing.ends[0].link]->options.kind == LinkKind::local;
    opening.whole = local && kept + size <= max_kept;
    if (local) crossing.flows[0].keeps = opening.whole || crossing.far == 1;
    if (opening.whole) {
        kept += opening.size = size;
    } else {
        forget_body(opening);
    }
}

/// What only the destination needs.
void Forwarder::State::forget_body(Opening& opening) {
    opening.open.clear_settings();
    opening.open.clear_next();
    opening.open.clear_content_type();
    opening.open.clear_reply_to();
    kept -= std::exchange(opening.size, 0);
    opening.whole = false;
}

boost::system::result<void, wire::Nack> Forwarder::State::open_onward(std::uint32_t index,
                                                                      LinkId to, wire::Open& open) {
    StreamLink* link = find_link(to);
    if (link == nullptr || link->closing) return nack(Code::no_route, "the next link is gone");
    if (link->crowded()) return nack(Code::pressure, "too much waits for " + link->name());
    const auto window = std::min({wire::first_window, open.first_window(), link->usable_pool});
    open.set_first_window(window);
    Buffer body = wire::encode(open);
    if (body.size() > wire::max_open)
        return nack(Code::too_large, "the OPEN grew beyond what a link takes");
    const auto label = link->own.pick();
    if (!label) return nack(Code::pressure, "no label is free towards " + link->name());

    Crossing& crossing = crossings[index];
    End& end = crossing.ends[1];
    end.link = to;
    end.label = *label;
    end.ours = true;
    end.state = EndState::opening;
    end.pool_taken = window;
    crossing.flows[0].credit = crossing.flows[0].sent + window;
    if (links[crossing.ends[0].link] == nullptr ||
        links[crossing.ends[0].link]->options.kind == LinkKind::local) {
        crossing.far = link->options.kind == LinkKind::network ? 1 : no_far;
    }
    link->usable_pool -= window;
    link->labels.insert(*label, index * 2 + 1);
    const EndRef ref = index * 2 + 1;
    await(ref, pending::open, std::move(body));
    say_again(ref);
    if (!open.resume()) schedule(ref);
    return {};
}

Result<> Forwarder::State::on_opened(Time now, EndRef ref, const Buffer& body) {
    Crossing& crossing = crossings[ref / 2];
    End& end = crossing.ends[ref & 1U];
    if (!end.ours || crossing.answered || end.state == EndState::acking) {
        return protocol_error("OPENED for a stream that waits for none");
    }
    JETWAY_ASSIGN(wire::Opened opened, wire::decode<wire::Opened>(body.bytes()));
    crossing.answered = true;
    link_of(end).own.heard(end.opened_number);
    if (end.state != EndState::open) return success();  // our RESET is on its way
    if (crossing.far == 1 && crossing.opening->established) return on_resumed(ref, opened);

    if (crossing.resumes) begin_at(crossing.flows[0], opened.received(), opened.finished());
    End& ingress = crossing.ends[0];
    settle(ingress);
    Buffer answer;
    if (crossing.opening != nullptr) {
        const wire::Open& open = crossing.opening->open;
        if (crossing.far == 0) crossing.opening->answer = Buffer::copy_of(body.bytes());
        if (crossing.far != 0 || open.generation() > 0)
            opens.answered(now, ingress.link, open, opened);
        opening_answered(crossing);
        answer = wire::encode(opened);
        if (ingress.state == EndState::waiting) return success();  // it is told when it returns
    }
    if (answer.empty() || answer.size() > wire::max_record) answer = Buffer::copy_of(body.bytes());
    if (link_of(ingress).crowded()) {
        reset_both(ref / 2, Error(Code::pressure, "too much waits for " + link_of(ingress).name()));
    } else {
        await(ref ^ 1U, pending::opened, std::move(answer));
    }
    return success();
}

Result<> Forwarder::State::on_nack(Time now, EndRef ref, const Buffer& body) {
    Crossing& crossing = crossings[ref / 2];
    End& end = crossing.ends[ref & 1U];
    if (!end.ours || crossing.answered || end.state == EndState::acking) {
        return protocol_error("NACK for a stream that waits for none");
    }
    JETWAY_ASSIGN(const wire::Nack nack, wire::decode<wire::Nack>(body.bytes()));
    opens.found_dead(now, nack.failed());
    link_of(end).own.heard(end.opened_number);
    if (end.state == EndState::reset_sent) {  // the label waits for RESET_ACK
        crossing.answered = true;
        return success();
    }
    const bool live = end.state == EndState::open;
    if (live && crossing.far == 1 && is_going_on(crossing)) {
        refused_to_go_on(now, ref / 2, nack);
        return success();
    }
    if (live && try_again(now, ref / 2, nack)) return success();
    crossing.answered = true;
    drop_queue(ref, Discard::refused);
    if (end.state != EndState::closed) close_end(ref, false);
    if (live) refuse(ref / 2, Buffer::copy_of(body.bytes()), wire::to_error(nack));
    remove_if_over(ref / 2);
    return success();
}

/// Sends NACK back on the ingress end; what still comes from there is discarded. The label is free
/// when it leaves.
void Forwarder::State::refuse(std::uint32_t index, Buffer body, const Error& reason) {
    Crossing& crossing = crossings[index];
    End& ingress = crossing.ends[0];
    // No service has taken it: another attempt is another stream.
    if (crossing.far == 0) arrived.erase(StreamKey::of(crossing.opening->open));
    settle(ingress);
    if (crossing.ends[1].state == EndState::waiting) stop_waiting(index * 2 + 1, Discard::refused);
    if (reason.code == Code::cancelled) {  // the answer to a probe
        end_stream(crossing, Event::Kind::stream_ended, Error(Code::ok, {}));
    } else {
        ++counts.streams_refused;
        end_stream(crossing, Event::Kind::stream_refused, reason);
    }
    if (ingress.state == EndState::waiting) stop_waiting(index * 2, Discard::refused);
    if (ingress.state != EndState::open) return;
    forget_pending(index * 2);
    if (link_of(ingress).crowded() || body.size() > wire::max_record) {
        body = wire::encode(nack(Code::pressure, "too much waits for an answer"));
    }
    ingress.state = EndState::refusing;
    await(index * 2, pending::nack, std::move(body));
}

wire::Nack Forwarder::State::nack(Code code, std::string detail) const {
    return wire::to_nack(Error(code, std::move(detail)), options.machine);
}

void Forwarder::State::settle(End& end) {
    if (!end.unanswered) return;
    end.unanswered = false;
    --link_of(end).unanswered;
}

}  // namespace jetway::routing
