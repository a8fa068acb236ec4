// Streams from local links that have no way, or whose way was refused: another try, or a wait.
#include <algorithm>
#include <utility>

#include "routing/forwarder_state.hpp"

namespace jetway::routing {

/// After a refusal that another way or another instance may not share. False: it stands.
bool Forwarder::State::try_again(Time now, std::uint32_t index, const wire::Nack& refusal) {
    Crossing& crossing = crossings[index];
    if (crossing.opening == nullptr || !crossing.opening->whole) return false;
    Opening& opening = *crossing.opening;
    const auto to = opens.again(now, crossing.ends[0].link, opening, refusal);
    const bool waits = crossing.ends[1].state == EndState::waiting;
    if (!to) {
        opening.refusal = to.error();
        return waits ? now < opening.until : wait_for_way(now, index, to.error());
    }
    if (waits) {
        waiting.remove(index);
    } else {
        shut(index * 2 + 1);
        give_up(crossing);
    }
    crossing.ends[1] = End{};
    crossing.source = opening.open.source();
    if (auto opened = open_onward(index, *to, opening.open); !opened) {
        opening.refusal = opened.error();
        drop_queue(index * 2 + 1, Discard::refused);
        return false;
    }
    begin(crossing, opening.open);
    if (opening.open.attempt() == 1) {
        ++counts.streams_opened;
        report(Event::Kind::stream_opened, crossing, {});
    }
    return true;
}

/// The far end has no link from now on, and may get one. False: not worth it.
bool Forwarder::State::wait_for_way(Time now, std::uint32_t index, const wire::Nack& refusal) {
    Crossing& crossing = crossings[index];
    if (crossing.opening == nullptr || !crossing.opening->whole) return false;
    Opening& opening = *crossing.opening;
    const Time until = opens.patience(now, opening.open, refusal);
    if (until <= now) return false;
    shut(index * 2 + 1);
    give_up(crossing);
    crossing.ends[1] = End{};
    opening.refusal = refusal;
    opening.until = until;
    opening.again = Time::max();
    crossing.ends[1].state = EndState::waiting;
    wait(index);
    return true;
}

/// It is looked at when it may try, or has waited for too long.
void Forwarder::State::wait(std::uint32_t index) {
    const Opening& opening = *crossings[index].opening;
    waiting.look(index, std::min(opening.until, opening.again));
}

void Forwarder::State::retry(Time now) {
    for (const std::uint32_t index : waiting.all()) {
        if (!is_going_on(crossings[index])) {
            try_or_refuse(now, index);
        } else if (crossings[index].far == 1) {
            want_way(now, index);
        } else if (const auto& id = crossings[index].opening->open.id();
                   opens.has_restarted(id.router(), id.epoch())) {
            end_at_near(index,
                        Error(Code::peer_restarted, "the machine of the caller has restarted"));
        }
    }
    try_ways(now);
}

void Forwarder::State::tick(Time now) {
    while (const auto index = waiting.due(now)) {
        if (!is_going_on(crossings[*index])) {
            try_or_refuse(now, *index);
        } else if (now >= crossings[*index].opening->until) {
            give_up_way(*index);
        } else {
            want_way(now, *index);
        }
    }
    try_ways(now);
}

void Forwarder::State::try_or_refuse(Time now, std::uint32_t index) {
    const wire::Nack refusal = crossings[index].opening->refusal;
    if (try_again(now, index, refusal)) return;
    const wire::Nack& last = crossings[index].opening->refusal;
    refuse(index, wire::encode(last), wire::to_error(last));
}

void Forwarder::State::stop_waiting(EndRef ref, Discard why) {
    waiting.remove(ref / 2);
    drop_queue(ref, why);
    crossings.end(ref).state = EndState::closed;
}

/// The end's label is free; what left there waits again.
void Forwarder::State::shut(EndRef ref) {
    FrameQueue rest = std::exchange(flow_to(ref).queue, {});
    if (crossings.end(ref).state != EndState::closed) close_end(ref, false);
    flow_to(ref).queue = rest;
    take_back(ref);
}

/// What left on the way that is given up waits again, before what waits already.
void Forwarder::State::take_back(EndRef far) {
    Flow& flow = flow_to(far);
    flow.most_sent = std::max(flow.most_sent, flow.sent);
    frames.prepend(flow.queue, flow.kept);
    counts.bytes_out -= flow.sent - flow.kept_from;
    counts.bytes_queued += flow.sent - flow.kept_from;
    flow.sent = flow.credit = flow.kept_from;
    flow.window.up_to = 0;
    flow.fin_sent = flow.fin_acked;
}

void Forwarder::State::begin(Crossing& crossing, const wire::Open& open) {
    if (links[crossing.ends[0].link]->options.kind != LinkKind::local || open.egress() == 0) return;
    crossing.instance = {open.egress(), open.egress_epoch(), open.instance()};
    opens.began(crossing.instance);
}

void Forwarder::State::give_up(Crossing& crossing) {
    const Instance instance = std::exchange(crossing.instance, {});
    if (instance.router != 0) opens.ended(instance);
}

void Forwarder::State::opening_answered(Crossing& crossing) {
    keep_no_more(crossing);
    Opening& opening = *crossing.opening;
    opening.established = true;
    opening.until = {};
    opening.pause = {};
    opening.tries = 0;
    if (crossing.far == no_far) {
        crossing.opening.reset();
    } else if (crossing.far == 0) {
        forget_body(opening);
        opening.open.clear_route();
        opening.open.clear_walked();
        opening.open.clear_failed();
    }
}

/// The stream is not tried elsewhere any more.
void Forwarder::State::keep_no_more(Crossing& crossing) {
    if (crossing.opening == nullptr || !crossing.opening->whole) return;
    forget_body(*crossing.opening);
    if (crossing.far == no_far) stop_keeping(crossing.flows[0]);
}

}  // namespace jetway::routing
