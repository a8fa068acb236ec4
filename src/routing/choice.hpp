// How we choose: from an address to the instance and the way there. The nearest instance wins
// (cost, hops, RouterId, instance); a static route wins over what was learned. Every refusal says
// what a person can do about it.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "routing/directory.hpp"
#include "routing/map.hpp"
#include "routing/view.hpp"

namespace jetway::routing {

/// Streams to a service leave by `terminal` to `machine` (empty: whoever is at its other end).
struct StaticRoute {
    std::string terminal;
    std::string machine;
    std::uint32_t hops = 0;
};

/// The local link of each of this machine's services, by instance.
using LocalInstances = std::map<std::uint64_t, LinkId>;

class Chooser {
public:
    /// All outlive the chooser. Node 0 is this machine.
    Chooser(const Topology& topology, const Directory& directory, const Links& links,
            const Map& map, const LocalInstances& local)
        : topology_(topology), directory_(directory), links_(links), map_(map), local_(local) {}

    void add_route(const std::string& service, StaticRoute route) {
        static_[service] = std::move(route);
    }
    void remove_route(const std::string& service) { static_.erase(service); }

    /// E-USAGE for what is no address; E-NO-SERVICE with the nearest name; E-NO-INSTANCE;
    /// E-NO-ROUTE naming the machine and since when; E-AMBIGUOUS when several machines have the
    /// name; E-TOO-FAR beyond 255 machines. A stream that comes from a static route's own terminal
    /// (a loopback) is not sent there again.
    Result<Choice> resolve(Time now, const std::string& address, LinkId from = no_link) const;
    /// The same for a stream that is opened now. Of instances that are about equally near, two are
    /// looked at and the one with less to do is taken (the power of two choices: Mitzenmacher,
    /// 2001). Instances that were `tried` are not taken again.
    Result<Choice> choose(Time now, const std::string& address, LinkId from,
                          std::span<const Instance> tried, Random& random) const;
    /// For a stream that goes on: to the instance on this node, which can be reached.
    Result<Choice> way_to(Time now, NodeIndex node, std::uint64_t instance) const;
    /// A stream of this machine to the instance began, or ended.
    void began(const Instance& instance) { ++under_way_[instance]; }
    void ended(const Instance& instance);
    /// To the machine that the address names, although we have not heard that it offers the
    /// service: it knows best, news of an offer may still be on its way. Nothing when the address
    /// names none, or none that can be reached.
    std::optional<Choice> ask_machine(Time now, const std::string& address) const;
    /// Why a stream for `service` that has come to this machine finds nothing here.
    Error not_here(const std::string& service) const;
    /// Every instance that is shown: by name, the best first, each followed by up to three other
    /// ways there.
    std::vector<RouteRow> rows(Time now) const;
    /// The same of one name.
    std::vector<RouteRow> rows_of(Time now, const std::string& service) const;

private:
    Result<Choice> resolve(Time now, const std::string& address, LinkId from,
                           std::span<const Instance> tried, Random* random) const;
    Result<std::span<const Offering>> candidates(Time now, const wire::Address& address) const;
    Result<NodeIndex> machine(Time now, const wire::Address& address) const;
    std::vector<NodeIndex> numbered(const std::string& text) const;
    Error ambiguous(const wire::Address& address, const std::vector<NodeIndex>& nodes) const;
    /// A machine that offers what is asked for, and how many of its instances can be taken.
    struct Candidate {
        const Offering* offering = nullptr;
        std::size_t free = 0;
    };
    std::vector<Candidate> nearest_of(const Ways& ways, std::span<const Offering> offerings,
                                      std::span<const Instance> tried) const;
    std::size_t count_free(const Offering& offering, std::span<const Instance> tried) const;
    bool is_tried(const Holder& holder, std::span<const Instance> tried) const;
    Holder take(const std::vector<Candidate>& near, std::size_t number,
                std::span<const Instance> tried) const;
    Holder pick(const Ways& ways, const std::vector<Candidate>& near,
                std::span<const Instance> tried, Random& random) const;
    Route spread(const Ways& ways, NodeIndex node, Random& random) const;
    Instance instance_of(const Holder& holder) const;
    double burden(const Ways& ways, const Holder& holder) const;
    Result<Choice> choose_static(Time now, const wire::Address& address,
                                 const StaticRoute& route) const;
    Choice hand_over(LinkId link) const;
    Result<Choice> go(const Route& route, const Holder& holder, std::uint32_t cost) const;
    bool usable(NodeIndex node) const;
    bool usable(const Holder& holder) const;
    bool nearer(const Ways& ways, const Holder& a, const Holder& b) const;
    Error unknown_service(const std::string& service) const;
    Error not_there(const wire::Address& address, NodeIndex node) const;
    Error none_usable(Time now, const wire::Address& address,
                      std::span<const Offering> offerings) const;
    Error unreachable(Time now, const wire::Address& address, NodeIndex node) const;
    std::vector<RouteRow> rows_of(Time now, const std::string& service,
                                  std::vector<Holder> holders) const;
    RouteRow static_row(Time now, const std::string& service, const StaticRoute& fixed) const;
    RouteRow row(const Ways& ways, const std::string& service, const Holder& holder) const;
    void go_by(RouteRow& row, const Route& route, std::uint32_t cost) const;
    void add_alternates(std::vector<RouteRow>& rows, const Holder& holder) const;
    std::string why_not(Time now, const Ways& ways, const Holder& holder, const Holder& best) const;
    const std::string& self_name() const { return topology_[0].machine; }

    const Topology& topology_;
    const Directory& directory_;
    const Links& links_;
    const Map& map_;
    const LocalInstances& local_;
    std::map<std::string, StaticRoute> static_;
    std::map<Instance, std::uint32_t> under_way_;  // our streams
};

/// "0.4 s", "41 s", "12 min", for people.
std::string duration_text(Duration duration);

}  // namespace jetway::routing
