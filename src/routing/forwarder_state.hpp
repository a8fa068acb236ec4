// The inside of a Forwarder, shared by the forwarder*.cpp files and nobody else: forwarder.cpp
// (links, dispatch, what leaves next), forwarder_open.cpp (OPEN, OPENED, NACK), forwarder_data.cpp
// (DATA, WINDOW, STOP), forwarder_grants.cpp (memory), forwarder_wait.cpp (waiting for a way,
// trying again), forwarder_resume.cpp (going on by another way), forwarder_end.cpp (RESET,
// RESET_ACK, how ends close).
//
// What always holds (checked by assert):
//   - an end that is not closed or waiting is in its link's label table; a closed one is in no list
//   - flow.sent <= flow.credit, flow.taken <= flow.granted, and what was taken was sent, is queued,
//     or was discarded
//   - nothing is queued towards an end that is not `waiting`, `opening` or `open`
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "routing/crossing.hpp"
#include "routing/forwarder.hpp"
#include "routing/label_table.hpp"
#include "routing/tombstones.hpp"
#include "routing/turns.hpp"
#include "routing/waiting.hpp"

namespace jetway::routing {

inline constexpr std::size_t max_streams = 65'536;   // crossing at once; beyond: E-PRESSURE
inline constexpr std::size_t max_unanswered = 4096;  // OPENs of one link
inline constexpr std::size_t max_control_bytes =
    1024UL * 1024;                                      // waiting in one link's control lane
inline constexpr std::size_t max_kept = 1024UL * 1024;  // bytes of OPENs that may be tried again
inline constexpr std::size_t max_stray_acks = 1024;     // beyond, the peer floods without reading

/// Stream bytes of a DATA frame's payload: an outcome is none.
inline std::size_t stream_bytes(std::size_t size, std::uint8_t flags) {
    return (flags & wire::flag::outcome) != 0 ? 0 : size;
}
inline Error protocol_error(std::string detail) {
    return {Code::protocol, std::move(detail)};
}

/// A link's labels, pools and lanes.
struct StreamLink {
    StreamLink(const LinkOptions& link_options, std::uint32_t granted, std::uint32_t usable)
        : options(link_options),
          own(link_options.dialled),
          granted_pool(granted),
          usable_pool(usable) {}

    LinkOptions options;
    LabelTable labels;
    OwnLabels own;
    std::uint32_t granted_pool;  // first-window bytes that the peer may still take from us
    std::uint32_t usable_pool;   // and we from the peer
    EndList<&End::control> control;
    Turns turns;
    std::deque<std::uint32_t> stray_acks;  // answers to RESETs on labels that were free already
    std::size_t control_bytes = 0;         // of the bodies that wait in the control lane
    std::size_t unanswered = 0;            // OPENs of the peer that have no answer yet
    bool closing = false;                  // nothing is opened over it any more

    bool is_ours(std::uint32_t label) const { return ((label & 1U) == 1U) == options.dialled; }
    /// The control lane holds so much already that new bodies are cut down or refused.
    bool crowded() const { return control_bytes > max_control_bytes; }
    const std::string& name() const {
        return options.terminal.empty() ? options.process : options.terminal;
    }
};

struct Forwarder::State {
    State(const Options& core_options, Opens& core_opens, Random& core_random,
          Actions& core_actions)
        : options(core_options),
          opens(core_opens),
          random(core_random),
          actions(core_actions),
          frames(core_options.memory) {}

    const Options options;
    Opens& opens;
    Random& random;
    Actions& actions;
    ForwarderCounts counts;
    std::vector<std::unique_ptr<StreamLink>> links;  // by LinkId
    Crossings crossings;
    FramePool frames;
    std::size_t wide = 0;  // of all flows
    Waiting waiting;       // crossings of which an end is `waiting`
    std::unordered_map<StreamKey, std::uint32_t, StreamKey::Hash> arrived;  // that end here
    Tombstones tombstones{options.resume};
    std::size_t kept = 0;  // bytes of the OPENs that are kept whole
    Time clock{};          // of the last event

    StreamLink* find_link(LinkId link) { return link < links.size() ? links[link].get() : nullptr; }
    StreamLink& link_of(const End& end) { return *links[end.link]; }
    End& other_end(EndRef ref) { return crossings.end(ref ^ 1U); }
    Flow& flow_from(EndRef ref) { return crossings[ref / 2].flows[ref & 1U]; }
    Flow& flow_to(EndRef ref) { return flow_from(ref ^ 1U); }
    void notify(LinkId link);

    // forwarder.cpp
    Result<> on_stream_frame(Time now, EndRef ref, wire::Frame&& frame);
    Result<> on_late_frame(StreamLink& link, LinkId id, const wire::Frame& frame);
    void close_ends_of(Time now, StreamLink& link, const Error& reason, RouterId peer);

    // forwarder_open.cpp
    Result<> on_open(Time now, LinkId from, StreamLink& link, const wire::Frame& frame);
    Result<> on_opened(Time now, EndRef ref, const Buffer& body);
    Result<> on_nack(Time now, EndRef ref, const Buffer& body);
    static void begin_at(Flow& flow, std::uint64_t offset, bool finished);
    std::uint32_t accept(LinkId from, StreamLink& link, std::uint32_t label,
                         const wire::Open& open);
    /// Decides where the stream goes on and queues its OPEN there; or the refusal.
    boost::system::result<void, wire::Nack> cross(Time now, std::uint32_t index, wire::Open& open);
    boost::system::result<void, wire::Nack> open_onward(std::uint32_t index, LinkId to,
                                                        wire::Open& open);
    void remember(Crossing& crossing, wire::Open&& open);
    Result<> check_load(const StreamLink& link) const;
    void refuse(std::uint32_t index, Buffer body, const Error& reason);
    wire::Nack nack(Code code, std::string detail) const;
    void settle(End& end);

    // forwarder_wait.cpp
    bool try_again(Time now, std::uint32_t index, const wire::Nack& refusal);
    void begin(Crossing& crossing, const wire::Open& open);
    void give_up(Crossing& crossing);
    bool wait_for_way(Time now, std::uint32_t index, const wire::Nack& refusal);
    void wait(std::uint32_t index);
    void try_or_refuse(Time now, std::uint32_t index);
    void retry(Time now);
    void tick(Time now);
    void stop_waiting(EndRef ref, Discard why);
    void take_back(EndRef far);
    void opening_answered(Crossing& crossing);
    void keep_no_more(Crossing& crossing);
    void forget_body(Opening& opening);

    // forwarder_resume.cpp
    bool lose_way(Time now, EndRef ref, const Error& cause);
    bool can_lose_way(EndRef ref);
    void go_without_way(Time now, EndRef ref, const Error& cause);
    bool say_again_later(EndRef far, const Error& cause);
    void want_way(Time now, std::uint32_t index);
    void try_ways(Time now);
    void go_on(Time now, std::uint32_t index);
    void give_up_way(std::uint32_t index);
    void end_at_near(std::uint32_t index, const Error& reason);
    bool take_attempt(Time now, LinkId from, StreamLink& link, std::uint32_t label,
                      const wire::Open& open);
    void attach(Time now, std::uint32_t index, LinkId from, StreamLink& link, std::uint32_t label,
                const wire::Open& open);
    Result<> on_resumed(EndRef ref, const wire::Opened& opened);
    void refused_to_go_on(Time now, std::uint32_t index, const wire::Nack& nack);
    static bool is_going_on(const Crossing& crossing) {
        return crossing.opening != nullptr &&
               (crossing.opening->established || crossing.opening->pinned);
    }
    void wait_again(Time now, std::uint32_t index);
    void shut(EndRef ref);
    void stop_keeping(Flow& flow);
    void say_again(EndRef far);
    void leave_circuit(EndRef ref, const wire::Reset& reason);
    bool rewind(EndRef far, std::uint64_t received, bool finished);
    void bury(std::uint32_t index);
    void confirm(Flow& flow, std::uint64_t consumed);
    void drop_kept(Flow& flow);
    Result<> on_fin_ack(EndRef ref, const Buffer& body);
    void acknowledge(std::uint32_t index);
    bool is_network(const End& end) { return link_of(end).options.kind == LinkKind::network; }

    // forwarder_data.cpp
    Result<> on_data(EndRef ref, wire::Frame&& frame);
    bool drop_said_again(Flow& flow, wire::Frame& frame);
    Result<> on_window(EndRef ref, Buffer&& body);
    Result<> on_stop(EndRef ref, const Buffer& body);
    void take_data(EndRef to, Buffer&& body, std::uint8_t flags);
    void discard(std::size_t bytes, Discard why) { counts.bytes_discarded[why] += bytes; }
    void drop_queue(EndRef to, Discard why);
    void drop_bytes(EndRef to);
    void schedule(EndRef to);
    bool may_send(const Flow& flow);
    bool pull_data(StreamLink& link, wire::Frame& frame);

    // forwarder_grants.cpp
    bool is_short() const { return frames.charge() > options.memory / 2; }
    std::uint64_t limit_of(const Flow& flow) const;
    void pass_grant(EndRef to, Buffer&& body);
    void pass_more(EndRef to);
    wire::Frame take_window(EndRef ref);
    void reserve(Flow& flow, bool ended);
    void relieve_pressure();
    void relieve(EndRef to);
    bool is_in_transit(const Crossing& crossing);

    // forwarder_end.cpp
    Result<> on_reset(Time now, EndRef ref, const Buffer& body);
    Result<> on_reset_ack(EndRef ref);
    void await(EndRef ref, std::uint8_t what);
    void await(EndRef ref, std::uint8_t what, Buffer body);
    void forget_pending(EndRef ref);
    static Discard reason_of(const wire::Reset& reset);
    void reset_end(EndRef ref, const Buffer& body, Discard why);
    void reset_both(std::uint32_t index, const Error& reason);
    void reset_both(std::uint32_t index, const wire::Reset& reason);
    void return_pool(End& end);
    void close_end(EndRef ref, bool rest);
    void close_if_finished(EndRef ref);
    void remove_if_over(std::uint32_t index);
    void end_stream(Crossing& crossing, Event::Kind kind, const Error& reason);
    void report(Event::Kind kind, const Crossing& crossing, std::string detail);
    Buffer reset_body(const Error& reason) const;
    static Buffer code_only(const Buffer& body);
    bool pull_control(StreamLink& link, wire::Frame& frame);
    static wire::Frame take_control(StreamLink& link, End& end, std::uint8_t what);
    void control_left(EndRef ref, std::uint8_t what);
};

}  // namespace jetway::routing
