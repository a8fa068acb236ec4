// The routing core of one machine: Control (what we know, how we choose, what we tell) and a Forwarder (what crosses).
// Its owner (router::RoutingServer, simulate::Mesh) feeds it frames, link changes and time, and carries out Actions.
//
// Order of calls: any event; then take(); then pull() on each ready link while the link has room; then tick() no later
// than next_deadline(). Calls never re-enter.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "routing/forwarder.hpp"
#include "routing/types.hpp"

namespace jetway::routing {

/// A service of this machine.
struct LocalService {
    std::string name;
    std::uint32_t type = 0;  // as ServiceRecord
    std::vector<std::string> accepts;
    std::vector<std::string> produces;
    std::vector<std::string> features;
    LinkId link = no_link;   // the local link that takes its streams
    bool hidden = false;     // reachable by name, left out of lists (answers of a command)
};

/// One row of known_routes(): where an instance is and how to get there.
struct RouteRow {
    std::string service;
    std::string machine;
    RouterId router = 0;
    std::uint64_t instance = 0;
    std::string terminal;                // "local" for this machine's own
    std::vector<std::string> path;       // machines, this one first
    std::uint32_t hops = 0;
    std::uint32_t cost = 0;
    bool is_static = false;
    bool best = false;                   // what a stream opened now would use
    std::string why_not;                 // why it is not best
    std::uint32_t type = 0;
    std::vector<std::string> accepts;
    std::vector<std::string> produces;
};

struct LinkRow {
    LinkId link = no_link;
    LinkKind kind = LinkKind::network;
    std::string terminal;
    std::string peer;                    // address
    std::string machine;                 // its name once known; a process's for local links
    std::string state;                   // handshake, syncing, up, suspect, draining; "up" for local links
    Time since{};
    std::optional<Duration> round_trip;
    std::uint32_t cost = 0;
    std::size_t streams = 0;
    bool dialled = false;
};

struct MachineRow {
    std::string machine;
    RouterId router = 0;
    std::uint64_t epoch = 0;
    bool reachable = false;
    Duration unreachable_for{};
    std::uint32_t hops = 0;
    std::size_t services = 0;
};

/// Where a name leads now: what `trace` shows and what an OPEN would carry.
struct Choice {
    RouterId egress = 0;
    std::uint64_t egress_epoch = 0;
    std::uint64_t instance = 0;
    LinkId local_link = no_link;          // when this machine is the egress
    LinkId first_link = no_link;
    std::vector<RouterId> route;          // this machine first
    std::vector<std::string> machines;    // the same by name
    std::uint32_t cost = 0;
};

class Control;

class Core {
public:
    /// `random` outlives the core.
    Core(Options options, Random& random, Time now);
    ~Core();

    // Links. A network link starts with HELLO in both directions and carries streams once it is up.
    void add_link(Time now, LinkId link, LinkOptions options);
    void remove_link(Time now, LinkId link, const Error& reason);
    /// The terminal an accepted link belongs to, once its machine is known.
    void set_terminal(LinkId link, std::string terminal);
    /// A frame from the link. A protocol error asks (in Actions) for the link to be closed.
    void receive(Time now, LinkId link, wire::Frame&& frame);
    /// The next frame to send, by lane: heartbeats, routing, answers and credits, data.
    bool pull(Time now, LinkId link, wire::Frame& frame);

    // Time.
    void tick(Time now);
    Time next_deadline() const;

    // This machine.
    /// Returns the instance number. Announced to the mesh in the same turn or within 5 ms.
    std::uint64_t offer(Time now, LocalService service);
    void withdraw(Time now, std::uint64_t instance);
    /// A static route: streams to `service` leave by `terminal` to `machine` (whatever was learned). Undone by
    /// remove_route. Shown as static.
    void add_route(Time now, std::string service, std::string terminal, std::string machine, std::uint32_t hops);
    void remove_route(Time now, const std::string& service);
    /// How often digests are compared from now on.
    void set_digest_interval(Duration interval);
    /// Says goodbye: a record with GONE and no adjacencies, and GOAWAY on every link. Pull everything, then close.
    void shut_down(Time now);

    void take(Actions& actions);

    // What is known. For people and tests; none of it is on the path of a frame.
    /// E-NO-SERVICE (with the nearest name in `next`), E-NO-INSTANCE, E-NO-ROUTE (naming the machine and since when),
    /// E-AMBIGUOUS.
    Result<Choice> resolve(Time now, const std::string& address) const;
    std::vector<RouteRow> routes(Time now) const;
    std::vector<LinkRow> links() const;
    std::vector<MachineRow> machines(Time now) const;
    std::vector<StreamInfo> streams() const;
    const ForwarderCounts& counts() const;
    /// Of all records and catalogues of reachable machines: equal on every router of a quiet mesh.
    std::uint64_t digest() const;
    const Options& options() const;

private:
    Actions actions_;
    std::unique_ptr<Control> control_;
    std::unique_ptr<Forwarder> forwarder_;
};

}  // namespace jetway::routing
