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
        std::erase(waiting, index);
        crossing.ends[1].state = EndState::closed;
    } else {
        take_back(index);
    }
    crossing.source = opening.open.source();
    if (auto opened = open_onward(index, *to, opening.open); !opened) {
        opening.refusal = opened.error();
        drop_queue(index * 2 + 1);
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
    take_back(index);
    opening.refusal = refusal;
    opening.until = until;
    crossing.ends[1].state = EndState::waiting;
    waiting.push_back(index);
    return true;
}

void Forwarder::State::retry(Time now) {
    for (const std::uint32_t index : std::vector(waiting)) try_or_refuse(now, index);
}

void Forwarder::State::tick(Time now) {
    for (const std::uint32_t index : std::vector(waiting)) {
        if (now >= crossings[index].opening->until) try_or_refuse(now, index);
    }
}

void Forwarder::State::try_or_refuse(Time now, std::uint32_t index) {
    const wire::Nack refusal = crossings[index].opening->refusal;
    if (try_again(now, index, refusal)) return;
    const wire::Nack& last = crossings[index].opening->refusal;
    refuse(index, wire::encode(last), wire::to_error(last));
}

void Forwarder::State::stop_waiting(std::uint32_t index) {
    std::erase(waiting, index);
    drop_queue(index * 2 + 1);
    crossings[index].ends[1].state = EndState::closed;
}

/// What left on the way that is given up waits again, before what waits already; the far end is
/// closed.
void Forwarder::State::take_back(std::uint32_t index) {
    Crossing& crossing = crossings[index];
    const EndRef ref = index * 2 + 1;
    Flow& flow = crossing.flows[0];
    FrameQueue rest = std::exchange(flow.queue, {});
    if (crossing.ends[1].state != EndState::closed) close_end(ref, false);
    flow.queue = std::exchange(crossing.opening->sent, {});
    while (!rest.empty()) {
        WaitingFrame frame = frames.pop(rest);
        frames.push(flow.queue, std::move(frame.body), frame.flags);
    }
    counts.bytes_out -= flow.sent;
    counts.bytes_queued += flow.sent;
    flow.sent = 0;
    flow.credit = 0;
    flow.fin_sent = false;
    crossing.ends[1] = End{};
    give_up(crossing);
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

/// The answer came, or none will.
void Forwarder::State::forget_opening(Crossing& crossing) {
    if (crossing.opening == nullptr) return;
    keep_no_more(crossing);
    crossing.opening.reset();
}

/// The stream cannot be tried again.
void Forwarder::State::keep_no_more(Crossing& crossing) {
    Opening& opening = *crossing.opening;
    crossing.ends[1].keeps = false;
    opening.whole = false;
    kept -= std::exchange(opening.size, 0);
    while (!opening.sent.empty()) frames.pop(opening.sent);
}

}  // namespace jetway::routing
