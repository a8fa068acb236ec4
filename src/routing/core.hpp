// The routing core of one machine: Control (what we know, how we choose, what we tell) and a
// Forwarder (what crosses). Its owner (router::RoutingServer, simulate::Mesh) feeds it frames, link
// changes and time, and carries out Actions.
//
// Order of calls: any event; then take(); then pull() on each ready link while the link has room;
// then tick() no later than next_deadline(). Calls never re-enter.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "routing/forwarder.hpp"
#include "routing/node.hpp"
#include "routing/types.hpp"
#include "routing/view.hpp"

namespace jetway::routing {

/// A service of this machine.
struct LocalService {
    std::string name;
    std::uint32_t type = 0;  // as ServiceRecord
    std::vector<std::string> accepts;
    std::vector<std::string> produces;
    std::vector<std::string> features;
    LinkId link = no_link;  // the local link that takes its streams
    bool hidden = false;    // reachable by name, left out of lists (answers of a command)
};

class Control;

/// A stream with `probe` set goes as far as the egress machine and ends there, before the service
/// hears of it: NACK with E-CANCELLED and the way by name ("a > b > c") as evidence. Any other code
/// is a refusal as for a real stream.
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
    /// Bytes per second that the link was found to carry; 0 when not known.
    void set_rate(LinkId link, std::uint64_t bytes_per_second);
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
    /// A static route: streams to `service` leave by `terminal` to `machine` (whatever was
    /// learned). Undone by remove_route. Shown as static.
    void add_route(Time now, const std::string& service, std::string terminal, std::string machine,
                   std::uint32_t hops);
    void remove_route(Time now, const std::string& service);
    /// How often digests are compared from now on.
    void set_digest_interval(Duration interval);
    /// Runnable work per core of this machine, whenever it was measured; others choose by it.
    void set_load(Time now, double per_core);
    /// Nobody opens a stream to this machine or through it any more; what is open goes on.
    void drain(Time now);
    /// Says goodbye: a record with GONE and no adjacencies, and GOAWAY on every link. Pull
    /// everything, then close.
    void shut_down(Time now);

    void take(Actions& actions);

    // What is known. For people and tests; none of it is on the path of a frame.
    /// E-NO-SERVICE (with the nearest name in `next`), E-NO-INSTANCE, E-NO-ROUTE (naming the
    /// machine and since when), E-AMBIGUOUS.
    Result<Choice> resolve(Time now, const std::string& address) const;
    std::vector<RouteRow> routes(Time now) const;
    std::vector<RouteRow> routes(Time now, const std::string& service) const;
    std::vector<LinkRow> links() const;
    std::vector<MachineRow> machines(Time now) const;
    std::vector<StreamInfo> streams() const;
    const ForwarderCounts& counts() const;
    MemoryUse memory() const;
    /// Of all records and catalogues of reachable machines: equal on every router of a quiet mesh.
    std::uint64_t digest() const;
    const Options& options() const;

    // For simulations. What this machine says of itself, shared.
    NodePtr record() const;
    /// Knows these at once, as if each had been told long ago, and tells nobody: a mesh that has
    /// run for a while need not be run for it.
    void learn(Time now, std::span<const NodePtr> records);
    // The inside, to be held against what must be true of it.
    std::vector<Holding> holdings() const;
    std::vector<Debt> debts(LinkId link) const;
    /// Grows whenever what is known changes, or the paths.
    std::uint64_t revision() const;
    /// No change of the map waits for its paths.
    bool paths_are_current() const;

private:
    void follow_up(Time now);

    Actions actions_;
    std::unique_ptr<Control> control_;
    std::unique_ptr<Forwarder> forwarder_;
};

}  // namespace jetway::routing
