// The forwarder: one loop's data plane. It owns the label tables and lanes of its links, swaps labels on DATA and hands
// the same buffer on, enforces credits, and ends streams whose path dies. Per frame it does no look-up by name, no
// copy and no allocation in steady state. Who goes where is decided once per stream by Opens (the control core).
//
// Each stream crosses this router between two links: a Crossing. Both directions of a crossing keep their own offsets:
//   granted  bytes the sender may send (first window, then the receiver's WINDOW), never minted here
//   taken    bytes accepted from the sending link; beyond `granted` is a protocol error of that link
//   sent     bytes handed to the receiving link
// taken - sent is queued here, and is what the memory limits bound.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "routing/types.hpp"

namespace jetway::routing {

/// Where a new stream goes. Implemented by the control core.
class Opens {
public:
    /// A stream wants to cross. Fills in the ingress's fields of `open` when it comes from a local link, advances the
    /// route when it comes from a network link, and returns the link it leaves by (which may be a local one, or `from`
    /// itself); or the refusal to send back.
    virtual boost::system::result<LinkId, wire::Nack> route(Time now, LinkId from, wire::Open& open) = 0;
    /// An answer passes towards the ingress over local link `to`: names may be filled in for people.
    virtual void answered(Time now, LinkId to, const wire::Open& open, wire::Opened& opened) = 0;
    /// A refusal came back from `from`: learn failed edges from it.
    virtual void refused(Time now, LinkId from, const wire::Nack& nack) = 0;

protected:
    ~Opens() = default;
};

/// A stream as status shows it.
struct StreamInfo {
    LinkId from = no_link;
    LinkId to = no_link;
    std::string source;
    std::string destination;
    std::uint64_t forward_bytes = 0;
    std::uint64_t backward_bytes = 0;
    std::size_t queued = 0;
};

struct ForwarderCounts {
    std::uint64_t frames_in = 0;
    std::uint64_t frames_out = 0;
    std::uint64_t bytes_in = 0;      // stream bytes; in = out + queued + discarded
    std::uint64_t bytes_out = 0;
    std::uint64_t bytes_queued = 0;
    std::uint64_t bytes_discarded = 0;  // late DATA on ended streams, queues of reset streams
    std::uint64_t streams_opened = 0;
    std::uint64_t streams_refused = 0;
    std::uint64_t streams_reset = 0;
    std::uint64_t grants_held = 0;
};

class Forwarder {
public:
    Forwarder(const Options& options, Opens& opens, Actions& actions);
    ~Forwarder();

    /// The link carries streams from now on. `peer_pool`: first-window bytes its other end grants to us.
    void add_link(Time now, LinkId link, const LinkOptions& options, std::uint32_t peer_pool);
    /// The link is gone: every crossing on it ends with RESET{reason} on its other side.
    void remove_link(Time now, LinkId link, const Error& reason);

    /// A frame with label != 0 from `link`. An error means that the peer broke the protocol: the caller closes the link.
    Result<> receive(Time now, LinkId link, wire::Frame&& frame);
    /// The next frame of the stream lanes for `link`: answers and credits first, then data, round robin over streams
    /// that have credit. False: nothing to send now.
    bool pull(Time now, LinkId link, wire::Frame& frame);
    bool has_frames(LinkId link) const;

    /// Ends streams from a router whose epoch is over, or to a local service that withdrew (instance), and so on.
    void reset_streams(Time now, LinkId link, const Error& reason);

    const ForwarderCounts& counts() const;
    std::vector<StreamInfo> streams() const;
    std::size_t streams_on(LinkId link) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace jetway::routing
