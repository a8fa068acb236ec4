#include "router/envelopes.hpp"

#include <algorithm>
#include <deque>

#include "base/log.hpp"

namespace jetway::router {
namespace {

constexpr Duration idle_limit = std::chrono::seconds(30);

}  // namespace

/// The sending end for one (source, destination).
class Envelopes::Outgoing final : public stream::StreamEvents {
public:
    Outgoing(Envelopes& owner, Key key) : owner_(owner), key_(std::move(key)) {
        wire::Open open;
        open.set_source(key_.first);
        open.set_destination(key_.second);
        open.set_content_type(std::string(wire::envelope_content_type));
        open.set_shape(static_cast<std::uint32_t>(wire::Shape::messages));
        stream_ = owner_.session_.open(std::move(open), *this);
        idle();
    }

    void send(const wire::Envelope& envelope, std::function<void(const Error&)> failed) {
        Buffer bytes = wire::encode(envelope);
        written_ += bytes.size();
        if (failed) waiting_.push_back({written_, std::move(failed)});
        forget_confirmed();
        stream_->write(std::move(bytes));
        idle();
    }

    void on_data(Buffer bytes, bool /*end_of_message*/) override { stream_->consume(bytes.size()); }
    void on_end(const Error& reason) override {
        forget_confirmed();
        for (auto& waiting : waiting_) waiting.failed(reason);
        log::warn("[Router] {} -> {}: {}", key_.first, key_.second, reason.line());
        gone();
    }
    void on_done() override { gone(); }

private:
    struct Waiting {
        std::uint64_t end;  // stream offset after the envelope
        std::function<void(const Error&)> failed;
    };

    void forget_confirmed() {
        while (!waiting_.empty() && waiting_.front().end <= stream_->confirmed())
            waiting_.pop_front();
    }
    void idle() {
        timer_ = owner_.timer_.after(idle_limit, [this] {
            if (stream_->confirmed() == written_) return stream_->finish();
            idle();
        });
    }
    void gone() {
        const Key key = key_;
        owner_.outgoing_.erase(key);  // destroys this
    }

    Envelopes& owner_;
    Key key_;
    stream::StreamPtr stream_;
    std::uint64_t written_ = 0;
    std::deque<Waiting> waiting_;  // bounded by the stream's unconfirmed bytes
    Handle timer_;
};

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
    };
    std::deque<Ready> ready_;  // bounded by the stream's window and max_envelope
};

/// One kernel service with a plain pipe, offered to the mesh.
class Envelopes::Mailbox final : public stream::Service, public PipeWriter {
public:
    Mailbox(Envelopes& owner, const ServiceEntry& entry) : pipe_(entry.pipe) {
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
    const PipePtr& pipe_ptr() const { return pipe_; }

private:
    PipePtr pipe_;
    std::map<Incoming*, std::unique_ptr<Incoming>> streams_;
    Handle offer_;
};

void Envelopes::Incoming::on_data(Buffer bytes, bool end_of_message) {
    if (partial_.size() + bytes.size() > wire::max_envelope) {
        stream_->reset(Error(Code::too_large, "an envelope of more than 64 MiB"));
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
    ready_.push_back({std::move(bytes), owed});
    deliver();
}

void Envelopes::Incoming::deliver() {
    while (!ready_.empty()) {
        Message message{0, ready_.front().bytes};
        if (!mailbox_.pipe().write(message)) return;
        stream_->consume(ready_.front().owed);
        ready_.pop_front();
    }
}

void Envelopes::Incoming::on_end(const Error& /*reason*/) {
    mailbox_.remove(this);
}
void Envelopes::Incoming::on_done() {
    mailbox_.remove(this);
}

Envelopes::Envelopes(Kernel& kernel, Timer& timer, stream::Session& session,
                     std::function<bool(const PipePtr&)> own)
    : kernel_(kernel), timer_(timer), session_(session), own_(std::move(own)) {
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

void Envelopes::send(const wire::Envelope& envelope, std::function<void(const Error&)> failed) {
    const Key key{envelope.source, envelope.destination};
    auto& outgoing = outgoing_[key];
    if (!outgoing) outgoing = std::make_unique<Outgoing>(*this, key);
    outgoing->send(envelope, std::move(failed));
}

}  // namespace jetway::router
