// The forwarder: one loop's data plane. It owns the label tables and lanes of its links, swaps
// labels on DATA and hands the same buffer on, enforces credits, and ends streams whose path dies.
// Per frame it does no look-up by name, no copy and no allocation in steady state. Who goes where
// is decided once per stream by Opens (the control core).
//
// Each stream crosses this router between two links: a Crossing. Both directions of a crossing keep
// their own offsets:
// - granted: what the sender may send (first window, then the WINDOWs); never minted here
// - taken: bytes accepted from the sending link; beyond `granted` is a protocol error of that link
// - sent: bytes handed to the receiving link
// What was taken and not sent is queued here, and is what the memory limits bound. A frame that is
// larger than the receiver's credit is cut: the part that fits leaves, flags stay with the last
// part.
//
// Labels. Tables are dense arrays, so a label may not exceed wire::max_label: a side reuses its
// labels and has at most 65,535 streams open. A label is free after FIN in both directions, after
// NACK, or after RESET was answered by RESET_ACK; RESET on a label that is free already (it crossed
// a FIN or a NACK) is answered all the same. DATA, WINDOW and STOP that come late, on a label that
// was in use once, are discarded; DATA is counted. We reuse a label that ended by FIN only after
// the peer answered an OPEN that left later, so that a late WINDOW cannot meet the label's next
// stream.
//
// Grants. A first window is the smallest of 16 KiB, what the previous hop gave, and what is left of
// the next link's pool; it returns to the pool when the first WINDOW passes or the stream ends.
// WINDOW reaches at most 16 MiB beyond `consumed`, and never claims bytes that were not sent.
//
// Memory. What waits here are the queues, and what an end of a stream keeps until it is confirmed;
// each byte counts, and 64 for each frame. It is never more than options.memory, M: beyond, the
// largest go, until 1/64 of M is free. What waits for the network in transit, and what came from it
// at an end, the other end of the stream keeps: its way is reset with E-PRESSURE, and it goes on
// after a back-off. At an end what is kept goes, and the stream does not outlive its way any more;
// what only this machine has ends with its stream.
// That this does not happen is the business of grants, which pass only in part when they are too
// much. Let a flow's base be what it has sent, at an end of the stream what was confirmed.
// - Every flow may be granted 256 KiB beyond its base.
// - What it may be granted beyond that is reserved, for all flows M / 2 together: half of what
//   others leave. So one wide window grows to M / 4, and shrinks when others come.
// - While more than M / 2 waits, a flow is granted no more than 16 KiB beyond what it has sent:
// then
//   only what leaves makes room, and a flow that nothing holds up goes on.
// A flow cannot have more waiting than was granted beyond its base. So with n flows of which
// something waits, at most M / 2 + n * 256 KiB of stream bytes do, whatever else their senders do:
// nobody is reset while that is below M. A grant is never taken back, and never larger than the
// receiver's.
//
// Opening. At the ingress a stream without an answer may go another way, or to another instance:
// its OPEN and what has left of it are kept, for at most 1 MiB of OPENs and one first window each.
// While there is no way it waits, if news may be about to come (Opens::patience).
//
// Bounds. 65,536 streams cross at once and 4,096 OPENs of one link wait for an answer; beyond, OPEN
// is refused with E-PRESSURE. So is what would add to a control lane in which 1 MiB waits already.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "routing/discards.hpp"
#include "routing/types.hpp"

namespace jetway::routing {

struct Opening;

/// Where a new stream goes. Implemented by the control core.
class Opens {
public:
    /// A stream wants to cross. Fills in the ingress's fields of `open` when it comes from a local
    /// link, advances the route when it comes from a network link, and returns the link it leaves
    /// by (which may be a local one, or `from` itself); or the refusal to send back.
    virtual boost::system::result<LinkId, wire::Nack> route(Time now, LinkId from,
                                                            wire::Open& open) = 0;
    /// Another try for a stream from local link `from`, after `refusal`, ours or another router's:
    /// by another way, or to another instance. Fills in `opening.open` anew, or says what the
    /// process is to be told.
    virtual boost::system::result<LinkId, wire::Nack> again(Time now, LinkId from, Opening& opening,
                                                            const wire::Nack& refusal) = 0;
    /// Until when a stream that was refused waits for a way; not later than `now`: not at all.
    virtual Time patience(Time now, const wire::Open& open, const wire::Nack& refusal) const = 0;
    /// A stream from a local link is on its way to the instance in its OPEN, or is not any more:
    /// each as often as the other.
    virtual void began(const Instance& instance) = 0;
    virtual void ended(const Instance& instance) = 0;
    /// An answer passes towards the ingress over `to`: names may be filled in for people when that
    /// is a local link; the way taken, when it is a network link and the route has changed.
    virtual void answered(Time now, LinkId to, const wire::Open& open, wire::Opened& opened) = 0;
    /// A refusal, or the end of a way, named these links as dead.
    using Edges = google::protobuf::RepeatedPtrField<wire::Edge>;
    virtual void found_dead(Time now, const Edges& edges) = 0;
    /// Does this machine end the stream, as its OPEN from `from` has it?
    virtual bool ends_here(LinkId from, const wire::Open& open) const = 0;
    /// Another attempt to reach the very instance that `open` names. Fills in the ingress's fields
    /// anew. E-PEER-RESTARTED when it is gone for good.
    virtual boost::system::result<LinkId, wire::Nack> resume(Time now, wire::Open& open) = 0;
    /// Has the machine begun a later epoch, so that its streams of this one are over?
    virtual bool has_restarted(RouterId router, std::uint64_t epoch) const = 0;

protected:
    ~Opens() = default;
};

/// A stream as status shows it. Bytes are those that left.
struct StreamInfo {
    LinkId from = no_link;
    LinkId to = no_link;
    std::string source;
    std::string destination;
    std::uint64_t forward_bytes = 0;
    std::uint64_t backward_bytes = 0;
    std::size_t queued = 0;
    std::size_t kept = 0;       // bytes that left, and are kept until they are confirmed
    std::uint32_t attempt = 0;  // at an end of the stream: the one that counts
    bool waiting = false;       // for a way
};

struct ForwarderCounts {
    std::uint64_t frames_in = 0;
    std::uint64_t frames_out = 0;
    std::uint64_t bytes_in = 0;  // stream bytes
    std::uint64_t bytes_out = 0;
    std::uint64_t bytes_queued = 0;
    Discards bytes_discarded;
    std::uint64_t streams_opened = 0;
    std::uint64_t streams_refused = 0;
    std::uint64_t streams_reset = 0;
    std::uint64_t streams_resumed = 0;  // attempts that were answered, at both ends
    std::uint64_t grants_held = 0;      // how often a grant passed in part, for want of memory

    /// What must hold always: in = out + queued + discarded.
    bool balanced() const { return bytes_in == bytes_out + bytes_queued + bytes_discarded.sum(); }
};

/// In bytes.
struct MemoryUse {
    std::size_t budget = 0;   // options.memory
    std::size_t waiting = 0;  // of it
    std::size_t wide = 0;     // reserved for windows beyond 256 KiB: up to half of the budget
};

class Forwarder {
public:
    /// All references outlive the forwarder.
    Forwarder(const Options& options, Opens& opens, Random& random, Actions& actions);
    ~Forwarder();

    /// The link carries streams from now on. `peer_pool`: first-window bytes its other end grants
    /// to us.
    void add_link(Time now, LinkId link, const LinkOptions& options, std::uint32_t peer_pool);
    /// The link is gone: every crossing on it ends with RESET{reason} on its other side, which the
    /// ends of the stream survive when it led to `peer`, a router.
    void remove_link(Time now, LinkId link, const Error& reason, RouterId peer = 0);

    /// A frame with label != 0 from `link`. An error means that the peer broke the protocol: the
    /// caller closes the link.
    Result<> receive(Time now, LinkId link, wire::Frame&& frame);
    /// The next frame of the stream lanes for `link`: answers and credits first, then data, round
    /// robin over streams that have credit. False: nothing to send now. What leaves may free memory
    /// and so make other links ready: take() again after pulling.
    bool pull(Time now, LinkId link, wire::Frame& frame);
    bool has_frames(LinkId link) const;

    /// Frames of data that leave on the link take half a millisecond each: what is more urgent
    /// does not wait longer.
    void set_rate(LinkId link, std::uint64_t bytes_per_second);
    /// Something was learned: streams that wait for a way try again.
    void retry(Time now);
    /// Refuses streams that have waited long enough.
    void tick(Time now);
    Time next_deadline() const;

    /// Ends every stream on the link, which stays: a router whose epoch is over, a service that
    /// withdrew, and so on.
    void reset_streams(Time now, LinkId link, const Error& reason);

    const ForwarderCounts& counts() const;
    MemoryUse memory() const;
    std::vector<StreamInfo> streams() const;
    std::size_t streams_on(LinkId link) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace jetway::routing
