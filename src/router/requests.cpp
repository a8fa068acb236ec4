#include "router/requests.hpp"

#include <utility>

namespace jetway::router {
namespace {

constexpr Duration default_deadline = std::chrono::seconds(30);
constexpr const char* service = ".answers";

}  // namespace

Requests::~Requests() {
    *alive_ = false;
    if (pipe_) pipe_->set_reader(nullptr);
}

Handle Requests::send(wire::Envelope envelope, Answered answered, RouteOptions options) {
    if (!pipe_) {
        pipe_ = kernel_.create_pipe();
        pipe_->set_reader(this);
        Capabilities capabilities;
        capabilities.type = ServiceType::output;
        capabilities.features = {"hidden"};
        registration_ = kernel_.register_service(service, capabilities, pipe_);
    }
    std::uint64_t number = 0;  // that nobody can guess who did not see the request
    while (number == 0 || pending_.contains(number)) number = random_.next();
    if (!envelope.deadline) envelope.deadline = default_deadline;
    envelope.correlation = number;
    envelope.reply_to = std::string(service) + "@" + machine_;

    Pending& pending = pending_[number];
    pending.answered = std::move(answered);
    pending.head = envelope;
    pending.head.data = {};
    pending.deadline = timer_.after(*envelope.deadline, [this, number] {
        const std::string& to = pending_.at(number).head.destination;
        const Error late(Code::timeout, "no answer from " + to + " before the deadline");
        cancel(number);
        settle(number, late);
    });
    options.failed = [this, alive = alive_, number](const Error& reason) {
        if (*alive) settle(number, reason);
    };
    pending.lane = envelopes_.send(std::move(envelope), std::move(options));
    return Handle([this, alive = alive_, number] {
        if (!*alive || !pending_.contains(number)) return;
        cancel(number);
        pending_.erase(number);
    });
}

bool Requests::on_message(Message& message) {
    auto answer = wire::decode_envelope(message.body.bytes());
    if (answer) settle(answer->correlation, std::move(*answer));
    return true;
}

/// Late answers, and those to nothing, are nobody's.
void Requests::settle(std::uint64_t number, Result<wire::Envelope> answer) {
    auto found = pending_.extract(number);
    if (!found.empty()) found.mapped().answered(std::move(answer));
}

/// Tells the service, on the stream that took the request.
void Requests::cancel(std::uint64_t number) {
    const Pending& pending = pending_.at(number);
    wire::Envelope envelope = pending.head;
    envelope.reply_to.clear();
    envelope.deadline.reset();
    envelope.cancelled = true;
    envelopes_.send_after(pending.lane, std::move(envelope));
}

}  // namespace jetway::router
