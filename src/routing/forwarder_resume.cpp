// Streams that outlive their way. A stream's ends are two routers: the ingress, where a process
// opened it, and the egress, where the instance is. Both keep what they sent that way until it is
// confirmed. When the way breaks, the ingress makes another attempt to reach the very instance; the
// egress leaves the old circuit before the new one counts; each says how much it has, and the other
// goes on from there. Both wait for options.resume, then the stream ends with E-NO-ROUTE.
//
// A router that has no memory for a stream breaks its way too. The stream comes back after a
// back-off, which doubles, and ends with E-PRESSURE when for options.resume nothing moved.
//
// The end of a direction counts as arrived when FIN_ACK came for it. The egress sends its own last,
// and remembers for a minute how the stream ended: so the ingress can find that out at any time,
// and has to keep nothing once it knows.
//
// What is kept counts as waiting memory; beyond the memory the largest is given up, and its stream
// does not outlive its way any more.
#include <algorithm>
#include <cassert>
#include <utility>

#include "routing/forwarder_state.hpp"

namespace jetway::routing {
namespace {

constexpr Duration least_pause = std::chrono::milliseconds(50);  // between attempts
constexpr Duration most_pause = std::chrono::seconds(1);
constexpr std::uint32_t tries_at_once = 3;
constexpr Duration least_back_off = std::chrono::milliseconds(100);  // after pressure
constexpr Duration most_back_off = std::chrono::milliseconds(3200);
/// The egress waits longer than the ingress tries.
constexpr Duration egress_patience = std::chrono::seconds(5);

/// May the way be there in a moment?
bool may_pass(Code code) {
    return code == Code::no_route || code == Code::pressure || code == Code::draining ||
           code == Code::closed || code == Code::replaced || code == Code::too_far;
}

}  // namespace

// ---- the way breaks

/// The stream goes on without the link or circuit of this end. False: it cannot.
bool Forwarder::State::lose_way(Time now, EndRef ref, const Error& cause) {
    if (!can_lose_way(ref)) return false;
    shut(ref);
    go_without_way(now, ref, cause);
    return true;
}

bool Forwarder::State::can_lose_way(EndRef ref) {
    const Crossing& crossing = crossings[ref / 2];
    if (crossing.far != (ref & 1U) || crossing.ended || !flow_to(ref).keeps) return false;
    if (options.resume == Duration::zero()) return false;
    return crossing.far == 0 || crossing.opening->established || crossing.opening->whole;
}

void Forwarder::State::go_without_way(Time now, EndRef ref, const Error& cause) {
    const std::uint32_t index = ref / 2;
    Crossing& crossing = crossings[index];
    Opening& opening = *crossing.opening;
    const bool ingress = crossing.far == 1;
    const bool pressed = cause.code == Code::pressure;
    End& far = crossings.end(ref);
    far = End{};
    far.state = EndState::waiting;
    flow_from(ref).said_again = 0;
    const std::uint64_t moved = flow_to(ref).window.consumed + flow_from(ref).sent;
    const bool in_vain = pressed && opening.pause != Duration::zero() && moved == opening.moved &&
                         now < opening.last_try + most_back_off;
    if (opening.tries == 0 && !in_vain) {
        opening.until = now + options.resume + (ingress ? Duration::zero() : egress_patience);
        opening.pause = {};
    }
    opening.moved = moved;
    opening.again = Time::max();
    opening.pinned = true;
    opening.refusal = pressed ? wire::to_nack(cause, cause.where) : wire::Nack();
    report(Event::Kind::stream_rerouted, crossing,
           pressed ? "its way had no room: " + cause.detail : "its way broke");
    if (!ingress) return wait(index);
    pressed ? wait_again(now, index) : want_way(now, index);
}

/// What came from the network, and is too much here, is with the other end too: the stream leaves
/// its circuit, and hears it once more when it is back. False: it cannot.
bool Forwarder::State::say_again_later(EndRef far, const Error& cause) {
    if (!can_lose_way(far)) return false;
    Flow& in = flow_from(far);
    drop_queue(far ^ 1U, Discard::pressure);
    in.taken = in.granted = in.sent;
    in.fin_taken = false;
    reserve(in, false);
    const EndState state = crossings.end(far).state;
    if (state == EndState::waiting) return true;
    if (state == EndState::open) {
        wire::Reset reason = wire::to_reset(cause, options.machine);
        reason.set_resumable(true);
        FrameQueue rest = std::exchange(flow_to(far).queue, {});
        leave_circuit(far, reason);
        flow_to(far).queue = rest;
    }
    return lose_way(clock, far, cause);
}

/// The label of a circuit that is no longer wanted is freed by RESET and RESET_ACK, apart from the
/// stream.
void Forwarder::State::leave_circuit(EndRef ref, const wire::Reset& reason) {
    End& end = crossings.end(ref);
    StreamLink& link = link_of(end);
    forget_pending(ref);
    link.turns.remove(crossings, ref);
    settle(end);
    return_pool(end);
    const std::uint32_t index = crossings.add();
    Crossing& rest = crossings[index];
    rest.ended = true;
    rest.ends[0].link = end.link;
    rest.ends[0].label = end.label;
    rest.ends[0].ours = end.ours;
    rest.ends[0].opened_number = end.opened_number;
    rest.ends[0].state = EndState::resetting;
    link.labels.erase(end.label);
    link.labels.insert(end.label, index * 2);
    end = End{};
    await(index * 2, pending::reset, wire::encode(reason));
}

// ---- at the ingress

/// It tries when its turn comes, or waits: however fast ways come and go, a stream that does not
/// get through makes a few attempts at once, then one in least_pause. After pressure it waits
/// whatever ways there are.
void Forwarder::State::want_way(Time now, std::uint32_t index) {
    Opening& opening = *crossings[index].opening;
    Time earliest = now;
    if (opening.refusal.code() == static_cast<std::uint32_t>(Code::pressure)) {
        earliest = opening.again;
    } else if (opening.tries >= tries_at_once) {
        earliest = opening.last_try + least_pause;
    }
    opening.again = earliest > now ? std::min(opening.again, earliest) : Time::max();
    wait(index);
    if (earliest <= now)
        waiting.want(index, static_cast<wire::TrafficClass>(opening.open.traffic_class()));
}

void Forwarder::State::try_ways(Time now) {
    while (const auto index = waiting.next(now)) go_on(now, *index);
}

/// Another attempt, or a wait for the next one.
void Forwarder::State::go_on(Time now, std::uint32_t index) {
    Crossing& crossing = crossings[index];
    Opening& opening = *crossing.opening;
    wire::Open& open = opening.open;
    if (opening.established) {
        const Flow& back = crossing.flows[1];
        open.set_resume(true);
        open.set_received(back.taken);
        open.set_finished(back.fin_taken);
        open.set_first_window(0);
    }
    const auto to = opens.resume(now, open);
    if (!to) {
        const Error reason = wire::to_error(to.error());
        opening.refusal = to.error();
        return may_pass(reason.code) ? wait_again(now, index) : end_at_near(index, reason);
    }
    waiting.remove(index);
    crossing.ends[1] = End{};
    crossing.answered = false;
    const auto opened = open_onward(index, *to, open);
    if (opened) {
        waiting.attempted(now);
        ++opening.tries;
        opening.last_try = now;
        return;
    }
    opening.refusal = opened.error();
    crossing.ends[1].state = EndState::waiting;
    wait_again(now, index);
}

/// Streams that one router had no room for do not come back all at once.
void Forwarder::State::wait_again(Time now, std::uint32_t index) {
    Opening& opening = *crossings[index].opening;
    if (opening.refusal.code() != static_cast<std::uint32_t>(Code::pressure)) {
        opening.pause = std::clamp(opening.pause * 2, least_pause, most_pause);
        opening.again = now + opening.pause;
        return wait(index);
    }
    opening.pause = std::clamp(opening.pause * 2, least_back_off, most_back_off);
    const auto half = static_cast<std::uint64_t>((opening.pause / 2).count());
    opening.again = now + opening.pause / 2 + Duration(random.below(half) + half / 2);
    wait(index);
}

/// NACK for an attempt to go on.
void Forwarder::State::refused_to_go_on(Time now, std::uint32_t index, const wire::Nack& nack) {
    const EndRef ref = index * 2 + 1;
    Crossing& crossing = crossings[index];
    Opening& opening = *crossing.opening;
    const Error reason = wire::to_error(nack);
    shut(ref);
    crossing.ends[1] = End{};
    if (nack.finished() && crossing.flows[1].fin_taken) {
        // The egress has all, and needs nothing more.
        drop_queue(ref, Discard::repeated);
        crossing.flows[0].fin_sent = true;
        close_if_finished(index * 2);
        return remove_if_over(index);
    }
    if (may_pass(reason.code) && !nack.finished() && now < opening.until) {
        crossing.ends[1].state = EndState::waiting;
        opening.refusal = nack;
        if (reason.code == Code::pressure || opening.tries >= tries_at_once)
            return wait_again(now, index);
        want_way(now, index);
        return try_ways(now);
    }
    // Nobody ever heard of it there.
    if (!opening.established && opening.whole &&
        (reason.code == Code::no_service || reason.code == Code::no_instance)) {
        opening.pinned = false;
        opening.until = {};
        if (try_again(now, index, nack)) return;
        crossing.answered = true;
        drop_queue(ref, Discard::refused);
        refuse(index, wire::encode(nack), reason);
        return remove_if_over(index);
    }
    end_at_near(index, reason);
}

/// OPENED for an attempt to go on.
Result<> Forwarder::State::on_resumed(EndRef ref, const wire::Opened& opened) {
    Crossing& crossing = crossings[ref / 2];
    if (!rewind(ref, opened.received(), opened.finished())) {
        reset_both(ref / 2, protocol_error("the egress has what was never sent"));
        return success();
    }
    Opening& opening = *crossing.opening;
    opening.tries = 0;
    ++counts.streams_resumed;
    report(Event::Kind::stream_rerouted, crossing,
           "goes on, attempt " + std::to_string(opening.open.attempt()));
    schedule(ref);
    return success();
}

// ---- at the egress

/// A later attempt of a stream that ends, or ended, here. False: it is new.
bool Forwarder::State::take_attempt(Time now, LinkId from, StreamLink& link, std::uint32_t label,
                                    const wire::Open& open) {
    const StreamKey stream = StreamKey::of(open);
    std::optional<wire::Nack> refusal;
    if (const auto found = arrived.find(stream); found != arrived.end()) {
        const Crossing& crossing = crossings[found->second];
        const Opening& opening = *crossing.opening;
        if (crossing.ended) {
            refusal = opening.ending ? *opening.ending : nack(Code::closed, "the stream has ended");
        } else if (open.attempt() <= opening.open.attempt()) {
            refusal = nack(Code::replaced, "a later attempt of the stream has come");
        } else {
            attach(now, found->second, from, link, label, open);
            return true;
        }
    } else {
        refusal = tombstones.find(now, stream);
        if (!refusal && !open.resume()) return false;
        if (!refusal) {
            refusal = nack(Code::outcome_unknown,
                           options.machine + " does not know any more how the stream ended");
        }
    }
    const std::uint32_t index = accept(from, link, label, open);
    refuse(index, wire::encode(*refusal), wire::to_error(*refusal));
    return true;
}

/// The stream goes on over the circuit of this OPEN.
void Forwarder::State::attach(Time now, std::uint32_t index, LinkId from, StreamLink& link,
                              std::uint32_t label, const wire::Open& open) {
    const EndRef ref = index * 2;
    Crossing& crossing = crossings[index];
    Opening& opening = *crossing.opening;
    End& end = crossing.ends[0];
    if (end.state == EndState::waiting) {
        waiting.remove(index);
    } else if (end.state == EndState::open) {
        FrameQueue rest = std::exchange(crossing.flows[1].queue, {});
        leave_circuit(ref,
                      wire::to_reset(Error(Code::replaced, "the stream goes on by another way"),
                                     options.machine));
        crossing.flows[1].queue = rest;
        take_back(ref);
    }
    end = End{};
    end.link = from;
    end.label = label;
    end.state = EndState::open;
    end.unanswered = !opening.established;
    end.pool_taken = open.first_window();
    link.granted_pool -= open.first_window();
    link.labels.insert(label, ref);
    if (end.unanswered) ++link.unanswered;
    opening.open.set_attempt(open.attempt());
    Flow& forward = crossing.flows[0];
    forward.said_again = open.resume() ? 0 : forward.taken;
    if (!open.resume())
        forward.granted = std::max<std::uint64_t>(forward.granted, open.first_window());
    if (!rewind(ref, open.received(), open.finished())) {
        return reset_both(index,
                          Error(Code::outcome_unknown, "the ingress has what was never sent"));
    }
    if (!opening.established) return;
    ++counts.streams_resumed;
    auto answer = wire::decode<wire::Opened>(opening.answer.bytes());
    if (!answer) return reset_both(index, answer.error());
    if (open.resume()) {
        answer->set_received(forward.taken);
        answer->set_finished(forward.fin_taken);
    } else if (open.generation() > 0) {
        opens.answered(now, from, open, *answer);
    }
    await(ref, pending::opened, wire::encode(*answer));
    say_again(ref);
    schedule(ref);
}

// ---- at both

/// What the near side has said of what it receives, on a new circuit.
void Forwarder::State::say_again(EndRef far) {
    End& end = crossings.end(far);
    Flow& in = flow_from(far);
    in.ack_sent = false;
    if (!in.fin_taken && in.window.up_to != 0) {
        end.window_body = wire::encode(in.window);
        await(far, pending::window);
    }
    if (!in.fin_taken && in.stopped) {
        end.stop_body = reset_body(Error(Code::closed, "nobody reads any more"));
        link_of(end).control_bytes += end.stop_body.size();
        await(far, pending::stop);
    }
    acknowledge(far / 2);
}

/// Of what is to be sent again, the other end has the first `received` bytes; `finished`: and
/// the end. False: it cannot have that.
bool Forwarder::State::rewind(EndRef far, std::uint64_t received, bool finished) {
    Flow& flow = flow_to(far);
    if (received < flow.sent || received > std::max(flow.most_sent, flow.sent)) return false;
    while (!flow.queue.empty()) {
        const WaitingFrame& front = frames.front(flow.queue);
        const std::size_t size = stream_bytes(front.body.size(), front.flags);
        const bool fin = (front.flags & wire::flag::fin) != 0;
        const std::uint64_t left = received - flow.sent;
        if ((size == 0 || left == 0) && !finished) break;
        if (size > left && left != 0) {
            frames.split_front(flow.queue, left);
        } else {
            // What it lacks before the end nobody wanted there: a router discarded it after STOP.
            if (size > left) discard(size, Discard::unwanted);
            WaitingFrame last = frames.pop(flow.queue);
            if (fin) {
                flow.fin_sent = true;
                // Until it is acknowledged it may have to be said again, on another attempt.
                frames.push(flow.kept, size == 0 ? std::move(last.body) : Buffer(), last.flags);
            }
        }
        const std::uint64_t gone = std::min<std::uint64_t>(size, left);
        flow.sent += gone;
        counts.bytes_out += gone;
        counts.bytes_queued -= left == 0 ? size : gone;
    }
    flow.kept_from = flow.credit = flow.sent;
    return flow.sent == received && (!finished || flow.fin_sent);
}

/// The other end's process has dealt with the bytes below `consumed`.
void Forwarder::State::confirm(Flow& flow, std::uint64_t consumed) {
    while (!flow.kept.empty() && flow.kept_from < consumed) {
        const WaitingFrame& front = frames.front(flow.kept);
        const std::size_t size = stream_bytes(front.body.size(), front.flags);
        const std::uint64_t left = consumed - flow.kept_from;
        if (size > left) {
            frames.split_front(flow.kept, left);
        } else if ((front.flags & wire::flag::fin) != 0) {
            return;  // the end stays until it is acknowledged
        } else {
            frames.pop(flow.kept);
        }
        flow.kept_from += std::min<std::uint64_t>(size, left);
    }
}

void Forwarder::State::drop_kept(Flow& flow) {
    while (!flow.kept.empty()) frames.pop(flow.kept);
    flow.kept_from = flow.sent;
}

/// From now on the stream does not outlive its way.
void Forwarder::State::stop_keeping(Flow& flow) {
    flow.keeps = false;
    drop_kept(flow);
}

Result<> Forwarder::State::on_fin_ack(EndRef ref, const Buffer& body) {
    const End& end = crossings.end(ref);
    if (!body.empty() || !is_network(end)) return protocol_error("FIN_ACK with a payload, or here");
    if (end.state != EndState::open) return success();
    Flow& flow = flow_to(ref);
    const bool at_end = crossings[ref / 2].far != no_far;
    if (at_end && flow.fin_acked) return success();  // said once more on another circuit
    if (!flow.fin_sent || flow.fin_acked) return protocol_error("FIN_ACK without an end");
    flow.fin_acked = true;
    drop_kept(flow);
    const EndState sender = other_end(ref).state;
    if (at_end) {
        acknowledge(ref / 2);
    } else if (sender == EndState::open || sender == EndState::opening) {
        await(ref ^ 1U, pending::fin_ack);
    }
    close_if_finished(ref);
    return success();
}

/// Tells the other end that its end of stream has arrived; the egress not before its own has.
void Forwarder::State::acknowledge(std::uint32_t index) {
    Crossing& crossing = crossings[index];
    if (crossing.far == no_far) return;
    const EndRef far = index * 2 + crossing.far;
    const Flow& in = flow_from(far);
    if (!in.fin_sent || in.ack_sent || (crossing.far == 0 && !crossing.flows[1].fin_acked)) return;
    const EndState state = crossings.end(far).state;
    if (state == EndState::open || state == EndState::opening) await(far, pending::fin_ack);
}

// ---- how it ends

void Forwarder::State::give_up_way(std::uint32_t index) {
    const Error refusal = wire::to_error(crossings[index].opening->refusal);
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(options.resume).count();
    Error error(refusal.code == Code::pressure ? Code::pressure : Code::no_route,
                "no way to the other end of the stream for " + std::to_string(seconds) + " s");
    if (refusal.code != Code::ok) error.detail += ": " + refusal.detail;
    end_at_near(index, error);
}

/// The far end is gone for good; the process hears why, and how much is certain.
void Forwarder::State::end_at_near(std::uint32_t index, const Error& reason) {
    Crossing& crossing = crossings[index];
    const EndRef far = index * 2 + crossing.far;
    Error told = reason;
    told.detail += " (" + std::to_string(flow_to(far).window.consumed) + " of " +
                   std::to_string(std::max(flow_to(far).most_sent, flow_to(far).sent)) +
                   " bytes sent are confirmed)";
    end_stream(crossing, Event::Kind::stream_ended, reason);
    const Discard why = reason.code == Code::pressure   ? Discard::pressure
                        : reason.code == Code::no_route ? Discard::way_lost
                                                        : Discard::reset;
    stop_waiting(far, why);
    reset_end(far ^ 1U, reset_body(told), why);
    remove_if_over(index);
}

/// A stream that ended here is remembered.
void Forwarder::State::bury(std::uint32_t index) {
    Crossing& crossing = crossings[index];
    if (crossing.far != 0 || crossing.opening == nullptr) return;
    const StreamKey stream = StreamKey::of(crossing.opening->open);
    if (arrived.erase(stream) != 0)
        tombstones.add(clock, stream, std::move(crossing.opening->ending));
}

}  // namespace jetway::routing
