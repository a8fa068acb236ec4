#include "router/envelopes.hpp"

#include <algorithm>
#include <deque>

#include "base/log.hpp"
#include "base/settings.hpp"
#include "base/text.hpp"
#include "router/outgoing.hpp"

namespace jetway::router {
/// A stream of envelopes towards one kernel service.
class Envelopes::Incoming final : public stream::StreamEvents {
public:
    Incoming(Mailbox& mailbox, stream::StreamPtr stream)
        : mailbox_(mailbox), stream_(std::move(stream)) {
        stream_->set_events(this);
        stream_->accept(wire::envelope_content_type);
    }
    void on_data(Buffer bytes, bool end_of_message) override;
    void on_finish(const wire::Outcome& /*outcome*/) override { stream_->finish(); }
    void on_end(const Error& reason) override;
    void on_done() override;
    /// The pipe refused a message and has room again.
    void deliver();

private:
    Mailbox& mailbox_;
    stream::StreamPtr stream_;
    std::vector<std::uint8_t> partial_;
    struct Ready {
        Buffer bytes;
        std::size_t owed;  // credit to give back when the pipe takes it
        Time since;
    };
    bool take_wait_off(Ready& ready) const;
    std::deque<Ready> ready_;  // bounded by the stream's window and the largest
};

/// One kernel service with a plain pipe, offered to the mesh.
class Envelopes::Mailbox final : public stream::Service, public PipeWriter {
public:
    Mailbox(Envelopes& owner, const ServiceEntry& entry) : owner_(owner), pipe_(entry.pipe) {
        pipe_->set_writer(this);
        offer_ = owner.session_.offer(
            entry.name, entry.capabilities, *this, [name = entry.name](const Result<>& done) {
                if (!done)
                    log::error("[Router] {} cannot be offered: {}", name, done.error().line());
            });
    }
    ~Mailbox() override { pipe_->set_writer(nullptr); }

    void on_open(stream::StreamPtr stream) override {
        if (stream->opening().content_type() != wire::envelope_content_type) {
            return stream->refuse(
                Error(Code::type, "takes envelopes, not " + stream->opening().content_type()));
        }
        auto incoming = std::make_unique<Incoming>(*this, std::move(stream));
        Incoming* key = incoming.get();
        streams_.emplace(key, std::move(incoming));
    }
    void on_space() override {
        std::vector<Incoming*> streams;
        streams.reserve(streams_.size());
        for (const auto& [stream, owned] : streams_) streams.push_back(stream);
        for (Incoming* stream : streams) stream->deliver();
    }
    void remove(Incoming* stream) { streams_.erase(stream); }
    Pipe& pipe() { return *pipe_; }
    Timer& timer() { return owner_.timer_; }
    std::size_t largest() const { return owner_.largest_; }
    /// What the sender of a larger one is told.
    Error too_large() const {
        return {Code::too_large, "a message of more than " + size_text(largest()) +
                                     ", the limit of " + owner_.machine_ + " (streams.message)"};
    }
    const PipePtr& pipe_ptr() const { return pipe_; }

private:
    Envelopes& owner_;
    PipePtr pipe_;
    std::map<Incoming*, std::unique_ptr<Incoming>> streams_;
    Handle offer_;
};

void Envelopes::Incoming::on_data(Buffer bytes, bool end_of_message) {
    if (bytes.size() > mailbox_.largest() - partial_.size()) {
        const Error reason = mailbox_.too_large();
        log::warn("[Router] {} -> {}: {}", clean_text(stream_->opening().source(), 64),
                  clean_text(stream_->opening().destination(), 64), reason.line());
        stream_->reset(reason);
        return mailbox_.remove(this);
    }
    if (!end_of_message) {
        // Given back at once: a message larger than the window could never be completed otherwise.
        // The limit above bounds what one stream can hold.
        partial_.insert(partial_.end(), bytes.data(), bytes.data() + bytes.size());
        stream_->consume(bytes.size());
        return;
    }
    const std::size_t owed = bytes.size();
    if (!partial_.empty()) {
        partial_.insert(partial_.end(), bytes.data(), bytes.data() + bytes.size());
        bytes = Buffer::copy_of(Bytes(partial_));
        partial_.clear();
    }
    ready_.push_back({std::move(bytes), owed, mailbox_.timer().now()});
    deliver();
}

void Envelopes::Incoming::deliver() {
    while (!ready_.empty()) {
        Ready& next = ready_.front();
        if (take_wait_off(next)) {
            Message message{0, next.bytes};
            if (!mailbox_.pipe().write(message)) return;
        }
        stream_->consume(next.owed);
        ready_.pop_front();
    }
}

/// The time that an envelope waited for room in the pipe is not left any more. False: none is.
bool Envelopes::Incoming::take_wait_off(Ready& ready) const {
    const Duration waited =
        mailbox_.timer().now() - std::exchange(ready.since, mailbox_.timer().now());
    if (waited == Duration::zero()) return true;
    auto envelope = wire::decode_envelope(ready.bytes.bytes());
    if (!envelope || !envelope->deadline) return true;  // the service says what is wrong with it
    *envelope->deadline -= waited;
    if (*envelope->deadline <= Duration::zero()) {
        log::warn("[Router] {} -> {}: its deadline passed while the service was busy",
                  clean_text(envelope->source, 64), clean_text(envelope->destination, 64));
        return false;
    }
    ready.bytes = wire::encode(*envelope);
    return true;
}

void Envelopes::Incoming::on_end(const Error& /*reason*/) {
    mailbox_.remove(this);
}
void Envelopes::Incoming::on_done() {
    mailbox_.remove(this);
}

Envelopes::Envelopes(Kernel& kernel, Timer& timer, stream::Session& session,
                     std::function<bool(const PipePtr&)> own, Instances instances,
                     std::string machine)
    : kernel_(kernel),
      timer_(timer),
      session_(session),
      own_(std::move(own)),
      instances_(std::move(instances)),
      machine_(std::move(machine)) {
    watch_ = kernel_.watch([this] { sync_mailboxes(); });
    sync_mailboxes();
}

Envelopes::~Envelopes() = default;

void Envelopes::sync_mailboxes() {
    std::vector<ServiceEntry> entries = kernel_.lookup();
    std::erase_if(entries, [this](const ServiceEntry& entry) {
        return !entry.pipe || entry.capabilities.type == ServiceType::routing || own_(entry.pipe);
    });
    // Those that are gone withdraw their names first: another of the name may take over.
    std::erase_if(mailboxes_, [&entries](const auto& item) {
        return std::ranges::none_of(entries, [&item](const ServiceEntry& entry) {
            return entry.name == item.first && entry.pipe == item.second->pipe_ptr();
        });
    });
    for (const ServiceEntry& entry : entries) {
        if (!mailboxes_.contains(entry.name))
            mailboxes_.emplace(entry.name, std::make_unique<Mailbox>(*this, entry));
    }
}

Lane Envelopes::send(wire::Envelope envelope, RouteOptions options) {
    const Key key{envelope.source, envelope.destination};
    auto& group = groups_[key];
    if (!group) group = std::make_unique<Group>(*this, key);
    return group->send(std::move(envelope), std::move(options));
}

void Envelopes::send_after(const Lane& lane, wire::Envelope envelope) {
    const auto group = groups_.find({envelope.source, envelope.destination});
    if (group != groups_.end()) group->second->send_after(lane, std::move(envelope));
}

}  // namespace jetway::router
