// An Attachment: what a Session is made of. It owns the connection to the router, the offers and
// the ends of the streams; it hands frames in, and lets control frames and then data out, round
// robin, as the connection takes them. Nothing is sent and nobody is called from inside a call of
// the application: that is work for the next turn of the loop. Private to src/stream.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "stream/end.hpp"
#include "stream/labels.hpp"
#include "stream/private_bytes.hpp"
#include "stream/session.hpp"

namespace jetway::stream {

/// Ends that wait for their turn, each at most once. No allocation.
class EndQueue {
public:
    explicit EndQueue(Lane lane) : lane_(static_cast<std::size_t>(lane)) {}
    ~EndQueue() { clear(); }
    EndQueue(const EndQueue&) = delete;
    EndQueue& operator=(const EndQueue&) = delete;

    bool empty() const { return head_ == nullptr; }
    void push(const EndPtr& end);
    EndPtr pop();
    void clear() {
        while (pop() != nullptr) {
        }
    }

private:
    std::size_t lane_;
    EndPtr head_;
    End* tail_ = nullptr;
};

class Attachment final : public EndOwner,
                         private PipeReader,
                         private PipeWriter,
                         public std::enable_shared_from_this<Attachment> {
public:
    using Offered = std::function<void(const Result<>&)>;

    Attachment(ConnectionPtr connection, Timer& timer, const SessionOptions& options);

    /// Sends ATTACH. Frames are read from the next turn on.
    void start();
    /// The Session goes: streams end, the connection closes, nobody is told but the streams.
    void shut();

    void set_on_attached(std::function<void()> on_attached);
    void set_on_closed(std::function<void(const Error&)> on_closed);
    const wire::Attached& attached() const { return attached_; }
    Timer& timer() { return timer_; }
    const SessionCounts& counts() const { return counts_; }
    wire::Ledger ledger() const;

    Handle offer(const std::string& name, const Capabilities& capabilities, Service& service,
                 Offered offered);
    EndPtr open(wire::Open open, StreamEvents& events);

private:
    struct Offering {
        std::uint64_t request;
        Capabilities capabilities;
        Service* service;
        Offered offered;
    };

    // EndOwner
    void want(Lane lane, End& end) override;
    std::uint32_t take_pool(std::uint32_t most) override;
    void return_pool(End& end) override;
    std::uint64_t most_wide(std::uint64_t now) const override;
    void widened(std::uint64_t was, std::uint64_t is) override;
    const std::string& machine() const override { return attached_.machine(); }
    std::uint64_t next_open() override { return labels_.opened(); }
    void answered(End& end) override { labels_.answered(end.opened_number); }
    void release(End& end, bool rest) override;
    void gone(const End& end) override;

    // in
    bool on_message(Message& message) override;
    Result<> receive(Message& message);
    Result<> on_own_frame(const wire::FrameHeader& header, const Buffer& body);
    Result<> on_attached(const Buffer& body);
    Result<> on_offered(const Buffer& body);
    Result<> on_open(const wire::FrameHeader& header, const Buffer& body);
    Result<> on_late_frame(const wire::FrameHeader& header);
    void hand_over(const EndPtr& end);

    // out
    void on_space() override { work(); }
    void wake();
    void work();
    void send();
    bool next_frame();
    bool next_of_lanes();
    bool deliver();
    void arm_confirm();
    void arm_account();
    bool say_account();
    EndPtr make_end(std::uint32_t label, bool opener, wire::Open opening);
    void say(wire::FrameType type, Buffer body);

    Result<> check_offer(const std::string& name, const Buffer& body) const;
    Result<> check_open(const wire::Open& open) const;
    void withdraw(const std::string& name, std::uint64_t request);
    void post(void (Attachment::*action)());
    void tell_attached();
    void tell_closed();
    void fail(const Error& reason);
    void closed(const Error& reason);
    EndQueue& lane(Lane lane) { return lanes_[static_cast<std::size_t>(lane)]; }

    ConnectionPtr connection_;
    Timer& timer_;
    SessionOptions options_;
    bool dialled_;
    Labels labels_;
    wire::Attached attached_;
    bool is_attached_ = false;
    std::optional<Error> closed_;
    bool told_closed_ = false;
    std::function<void()> on_attached_;
    std::function<void(const Error&)> on_closed_;

    std::map<std::string, Offering, std::less<>> offers_;
    std::uint64_t next_request_ = 0;
    std::unordered_map<std::uint32_t, EndPtr> ends_;
    std::uint32_t highest_heard_ = 0;  // the largest label the peer has used
    std::uint32_t usable_pool_ = 0;    // first windows that the router still grants us
    std::uint32_t granted_pool_;       // and we it
    std::uint64_t widened_ = 0;        // what windows have grown, in all

    std::array<EndQueue, lanes> lanes_{EndQueue(Lane::control), EndQueue(Lane::data),
                                       EndQueue(Lane::events), EndQueue(Lane::confirm)};
    std::deque<Message> own_;                // frames on label 0
    std::deque<std::uint32_t> late_resets_;  // labels whose late RESET is to be answered
    PrivateBytes private_;
    std::optional<Message> pending_;  // the frame that the connection had no room for
    bool holding_ = false;            // reading waits until late_resets_ is shorter
    bool working_ = false;
    bool posted_ = false;
    Handle confirm_;
    std::unordered_set<const End*> living_;  // whose ledgers are not in past_
    wire::Ledger past_;
    wire::Ledger told_;  // to the router
    Handle account_;     // set while something may have to be told
    SessionCounts counts_;
};

}  // namespace jetway::stream
