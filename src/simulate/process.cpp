#include "simulate/process.hpp"

#include <algorithm>
#include <utility>

namespace jetway::simulate {
namespace {

using wire::Frame;
using wire::FrameType;

constexpr std::uint64_t window = 64UL * 1024;
constexpr std::size_t most_payload = 16UL * 1024;

}  // namespace

std::shared_ptr<const Call> Process::call(std::string destination, std::string payload, bool hold,
                                          wire::TrafficClass traffic_class) {
    auto call = std::make_shared<Call>();
    call->destination = destination;
    call->payload = payload;
    const auto label = labels_.pick();
    wire::Open open;
    open.set_destination(std::move(destination));
    open.set_first_window(std::min(wire::first_window, pool_));
    open.set_traffic_class(static_cast<std::uint32_t>(traffic_class));
    if (!label) {
        call->error = Error(Code::pressure, "no label is free");
        return call;
    }
    Leg& leg = legs_[*label];
    leg.call = call;
    leg.number = labels_.opened();
    leg.pool_taken = open.first_window();
    pool_ -= leg.pool_taken;
    leg.credit = open.first_window();
    leg.outgoing = std::move(payload);
    leg.finish_wanted = !hold;
    send_({FrameType::open, *label, wire::encode(open)});
    grant(*label, leg);
    pump(*label, leg);
    return call;
}

void Process::cancel(const Call& call) {
    for (auto& [label, leg] : legs_) {
        if (leg.call.get() != &call || leg.reset_sent) continue;
        leg.reset_sent = true;
        leg.call->error = Error(Code::cancelled, "cancelled");
        send_({FrameType::reset, label, wire::encode(wire::to_reset(*leg.call->error, {}))});
        return;
    }
}

void Process::lost(const Error& reason) {
    for (auto& [label, leg] : legs_) {
        if (leg.call != nullptr && !leg.call->over()) leg.call->error = reason;
    }
    legs_.clear();
}

void Process::take(Frame&& frame) {
    const std::uint32_t label = frame.header.label;
    if (frame.header.is(FrameType::open)) return take_open(frame);
    const auto found = legs_.find(label);
    if (found == legs_.end()) return take_late(frame);
    Leg& leg = found->second;
    switch (static_cast<FrameType>(frame.header.type)) {
        case FrameType::opened:
        case FrameType::nack:
            return take_answer(label, leg, frame);
        case FrameType::data:
            return take_data(label, leg, frame);
        case FrameType::window:
            return take_window(label, leg, frame);
        case FrameType::stop:
            leg.outgoing.clear();
            leg.finish_wanted = true;
            return pump(label, leg);
        case FrameType::reset:
            return take_reset(label, leg, frame);
        case FrameType::reset_ack:
            if (!leg.reset_sent) complain(frame, "RESET_ACK without RESET");
            return end(label, false);
        default:
            return complain(frame, "a frame that is not for processes");
    }
}

void Process::complain(const Frame& frame, const std::string& what) {
    complaints_.push_back(what + " (type " + std::to_string(frame.header.type) + ", label " +
                          std::to_string(frame.header.label) + ")");
}

void Process::take_open(const Frame& frame) {
    const std::uint32_t label = frame.header.label;
    const auto open = wire::decode<wire::Open>(frame.body.bytes());
    if (!open) return complain(frame, open.error().line());
    if (label % 2 != 0 || legs_.contains(label)) return complain(frame, "OPEN with a bad label");
    const auto service =
        services_.find(open->destination().substr(0, open->destination().find('@')));
    if (service == services_.end() || service->second == Behaviour::refuse) {
        return send_({FrameType::nack, label,
                      wire::encode(wire::to_nack(Error(Code::denied, "not today"), {}))});
    }
    ++served_;
    taken_.emplace_back(open->id().router(), open->id().epoch(), open->id().counter());
    Leg& leg = legs_[label];
    leg.behaviour = service->second;
    leg.answered = true;
    leg.granted = open->first_window();
    send_({FrameType::opened, label, wire::encode(wire::Opened())});
    grant(label, leg);
}

void Process::take_answer(std::uint32_t label, Leg& leg, const Frame& frame) {
    if (leg.call == nullptr || leg.answered) return complain(frame, "an answer nobody waits for");
    leg.answered = true;
    labels_.heard(leg.number);
    if (frame.header.is(FrameType::nack)) {
        const auto nack = wire::decode<wire::Nack>(frame.body.bytes());
        if (!nack) return complain(frame, nack.error().line());
        if (leg.reset_sent) return;
        leg.call->error = wire::to_error(*nack);
        return end(label, false);
    }
    const auto opened = wire::decode<wire::Opened>(frame.body.bytes());
    if (!opened) return complain(frame, opened.error().line());
    leg.call->opened = true;
    leg.call->machine = opened->machine();
    leg.call->route.assign(opened->route().begin(), opened->route().end());
    pump(label, leg);
}

void Process::take_data(std::uint32_t label, Leg& leg, const Frame& frame) {
    if (leg.reset_sent) return;
    if (!leg.answered || leg.fin_received) complain(frame, "DATA in the wrong state");
    const bool outcome = (frame.header.flags & wire::flag::outcome) != 0;
    const std::string_view bytes = outcome ? std::string_view() : frame.body.text();
    leg.received += bytes.size();
    if (leg.received > leg.granted) complain(frame, "DATA beyond what was granted");
    leg.fin_received = (frame.header.flags & wire::flag::fin) != 0;
    if (leg.call != nullptr) {
        leg.call->received += bytes;
        leg.consumed = leg.received;
    } else if (leg.behaviour == Behaviour::echo) {
        leg.outgoing += bytes;
    } else if (leg.behaviour == Behaviour::sink) {
        leg.consumed = leg.received;
    }
    if (leg.call == nullptr && leg.fin_received && leg.behaviour != Behaviour::stall)
        leg.finish_wanted = true;
    pump(label, leg);
    go_on(label);
}

/// After a leg took or sent something, which may have been its last.
void Process::go_on(std::uint32_t label) {
    if (const auto found = legs_.find(label); found != legs_.end()) grant(label, found->second);
    if (legs_.contains(label)) end_if_finished(label);
}

void Process::take_window(std::uint32_t label, Leg& leg, const Frame& frame) {
    const auto grant = wire::decode_window(frame.body.bytes());
    if (!grant) return complain(frame, grant.error().line());
    if (grant->consumed > leg.sent) return complain(frame, "WINDOW for bytes that were never sent");
    leg.credit = std::max(leg.credit, grant->up_to);
    pool_ += std::exchange(leg.pool_taken, 0);
    pump(label, leg);
    go_on(label);
}

void Process::take_reset(std::uint32_t label, Leg& leg, const Frame& frame) {
    const auto reset = wire::decode<wire::Reset>(frame.body.bytes());
    if (!reset) return complain(frame, reset.error().line());
    send_({FrameType::reset_ack, label});
    labels_.heard(leg.number);
    if (leg.reset_sent) return;
    if (leg.call != nullptr) leg.call->error = wire::to_error(*reset);
    end(label, false);
}

/// Frames that were on their way when the label became free here.
void Process::take_late(const Frame& frame) {
    switch (static_cast<FrameType>(frame.header.type)) {
        case FrameType::data:
        case FrameType::window:
        case FrameType::stop:
            return;
        case FrameType::reset:
            return send_({FrameType::reset_ack, frame.header.label});
        default:
            return complain(frame, "a frame on a free label");
    }
}

/// Sends what credit allows, then FIN when nothing is left and it is wanted.
void Process::pump(std::uint32_t label, Leg& leg) {
    if (leg.reset_sent || leg.fin_sent) return;
    std::size_t done = 0;
    while (done < leg.outgoing.size() && leg.sent < leg.credit) {
        const auto size = std::min<std::uint64_t>(
            {leg.outgoing.size() - done, leg.credit - leg.sent, most_payload});
        send_({FrameType::data, label,
               Buffer::copy_of(std::string_view(leg.outgoing).substr(done, size))});
        done += size;
        leg.sent += size;
    }
    leg.outgoing.erase(0, done);
    if (leg.call != nullptr) leg.call->sent = leg.sent;
    if (leg.call == nullptr && leg.behaviour == Behaviour::echo) leg.consumed += done;
    if (!leg.outgoing.empty() || !leg.finish_wanted || (leg.call != nullptr && !leg.answered))
        return;
    leg.fin_sent = true;
    send_({FrameType::data, label, {}, wire::flag::fin});
    end_if_finished(label);
}

/// Grants a window beyond what was consumed, when half of it is used.
void Process::grant(std::uint32_t label, Leg& leg) {
    if (leg.fin_received || leg.reset_sent || leg.consumed + window < leg.granted + window / 2)
        return;
    leg.granted = leg.consumed + window;
    send_({FrameType::window, label, wire::encode(wire::Window{leg.granted, leg.consumed})});
}

void Process::end(std::uint32_t label, bool rest) {
    const Leg& leg = legs_[label];
    pool_ += leg.pool_taken;
    if (leg.call != nullptr) rest ? labels_.rest(label) : labels_.release(label);
    legs_.erase(label);
}

void Process::end_if_finished(std::uint32_t label) {
    const Leg& leg = legs_[label];
    if (!leg.fin_sent || !leg.fin_received || leg.reset_sent) return;
    if (leg.call != nullptr) leg.call->finished = true;
    end(label, true);
}

}  // namespace jetway::simulate
