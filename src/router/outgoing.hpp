// The sending side of envelopes: a Group for each (source, destination), with an Outgoing for each
// stream that it has open. Private to src/router.
#pragma once

#include <deque>
#include <optional>

#include "router/envelopes.hpp"

namespace jetway::router {

/// One stream of envelopes. What the stream has no room for waits here, as long as its deadline
/// allows; the time that it waited is taken off.
class Envelopes::Outgoing final : public stream::StreamEvents {
public:
    Outgoing(Group& group, Lane lane);

    void send(wire::Envelope envelope, RouteOptions options);
    /// Bytes that the far end has not dealt with yet.
    std::uint64_t backlog() const { return queued_ + written_ - stream_->confirmed(); }

    void on_opened(const wire::Opened& /*opened*/) override { opened_ = true; }
    void on_data(Buffer bytes, bool /*end_of_message*/) override { stream_->consume(bytes.size()); }
    void on_writable() override;
    void on_end(const Error& reason) override;
    void on_done() override;

private:
    struct Item {
        wire::Envelope envelope;
        RouteOptions options;
        Time since;
        std::uint64_t begin = 0;  // its stream offsets, once written
        std::uint64_t end = 0;
    };

    void drain();
    void forget_confirmed();
    void idle();
    Timer& timer() const;
    /// From the loop: whoever is told may send again.
    void tell(RouteOptions& options, Error reason) const;

    Group& group_;
    Lane lane_;
    stream::StreamPtr stream_;
    std::deque<Item> waiting_;  // not written yet; at most most_queued bytes
    std::size_t queued_ = 0;
    std::deque<Item> unconfirmed_;  // bounded by the stream's window and send buffer
    std::uint64_t written_ = 0;
    bool opened_ = false;
    bool blocked_ = false;
    Time used_{};  // when an envelope was last sent
    Handle idle_;
};

class Envelopes::Group {
public:
    Group(Envelopes& owner, Key key) : owner_(owner), key_(std::move(key)) {}

    Lane send(wire::Envelope envelope, RouteOptions options);
    void send_after(const Lane& lane, wire::Envelope envelope);
    /// The stream is gone.
    void gone(const Lane& lane);
    /// It did not deliver this: another instance may. False: there is none.
    bool send_elsewhere(const Lane& lane, wire::Envelope& envelope, RouteOptions& options);

    Envelopes& owner() { return owner_; }
    const Key& key() const { return key_; }

private:
    void refresh();
    Lane pick(const RouteOptions& options);
    Lane least_loaded();
    Lane by_key(const std::string& key) const;

    Envelopes& owner_;
    Key key_;
    std::map<Lane, std::unique_ptr<Outgoing>> streams_;
    std::vector<Lane> lanes_;  // to every instance, as last seen
    std::optional<Time> seen_;
    std::size_t turn_ = 0;
};

}  // namespace jetway::router
