#include "routing/choice.hpp"

#include <algorithm>
#include <cstdio>
#include <tuple>
#include <utility>

#include "routing/cost.hpp"

namespace jetway::routing {

namespace {

constexpr NodeIndex self = 0;
constexpr std::size_t most_suggested = 1'000;  // instances that are looked at for a suggestion

/// What is not farther than this is as good as the nearest.
std::uint64_t about_as_near(std::uint64_t nearest) {
    return std::max(nearest + nearest / 4, nearest + base_cost);
}

/// By more than what is about equally near.
bool is_farther(const Ways& ways, NodeIndex node, NodeIndex nearest) {
    if (ways.is_doubtful(node) != ways.is_doubtful(nearest)) return ways.is_doubtful(node);
    return ways.cost(node) > about_as_near(ways.cost(nearest));
}

std::string quoted(const std::string& text) {
    return "\"" + text + "\"";
}

}  // namespace

std::string duration_text(Duration duration) {
    const double seconds = std::chrono::duration<double>(duration).count();
    char text[32];
    if (seconds < 10) {
        std::snprintf(text, sizeof text, "%.1f s", seconds);
    } else if (seconds < 180) {
        std::snprintf(text, sizeof text, "%.0f s", seconds);
    } else {
        std::snprintf(text, sizeof text, "%.0f min", seconds / 60);
    }
    return text;
}

Result<Choice> Chooser::resolve(Time now, const std::string& text, LinkId from) const {
    return resolve(now, text, from, {}, nullptr);
}

Result<Choice> Chooser::choose(Time now, const std::string& text, LinkId from,
                               std::span<const Instance> tried, Random& random) const {
    return resolve(now, text, from, tried, &random);
}

Result<Choice> Chooser::resolve(Time now, const std::string& text, LinkId from,
                                std::span<const Instance> tried, Random* random) const {
    JETWAY_ASSIGN(const wire::Address address, wire::parse_address(text));
    const auto fixed = static_.find(address.service);
    if (fixed != static_.end() &&
        (address.machine.empty() || address.machine == fixed->second.machine) &&
        (from == no_link || links_.on(fixed->second.terminal) != from)) {
        return choose_static(now, address, fixed->second);
    }
    JETWAY_ASSIGN(const std::span<const Offering> offerings, candidates(now, address));
    const Ways ways = map_.ways(now);
    const std::vector<Candidate> near = nearest_of(ways, offerings, tried);
    if (near.empty()) return none_usable(now, address, offerings);
    if (random == nullptr) {
        const Holder best = take(near, 0, tried);
        return go(ways.route(best.node), best, ways.cost(best.node));
    }
    const Holder chosen = pick(ways, near, tried, *random);
    return go(spread(ways, chosen.node, *random), chosen, ways.cost(chosen.node));
}

/// One of the ways that are as good as the best, so that streams share the links. Not while
/// something is in doubt.
Route Chooser::spread(const Ways& ways, NodeIndex node, Random& random) const {
    if (!ways.are_certain()) return ways.route(node);
    std::vector<Route> equals = map_.equals(node);
    const std::uint64_t pick = random.below(equals.size() + 1);
    return pick == equals.size() ? ways.route(node) : std::move(equals[pick]);
}

/// The machines that are about equally near, the nearest first. Looks at
/// machines, never at all instances: of those there may be a million.
std::vector<Chooser::Candidate> Chooser::nearest_of(const Ways& ways,
                                                    std::span<const Offering> offerings,
                                                    std::span<const Instance> tried) const {
    std::vector<Candidate> near;
    std::size_t best = 0;
    const auto node_of = [&near](std::size_t place) { return near[place].offering->node; };
    for (const Offering& offering : offerings) {
        if (!near.empty() && is_farther(ways, offering.node, node_of(best))) continue;
        const std::size_t count = usable(offering.node) ? count_free(offering, tried) : 0;
        if (count == 0) continue;
        near.push_back({&offering, count});
        if (nearer(ways, {offering.node, 0}, {node_of(best), 0})) best = near.size() - 1;
    }
    if (near.empty()) return near;
    std::swap(near.front(), near[best]);
    std::erase_if(near, [&, nearest = node_of(0)](const Candidate& candidate) {
        return is_farther(ways, candidate.offering->node, nearest);
    });
    return near;
}

std::size_t Chooser::count_free(const Offering& offering, std::span<const Instance> tried) const {
    const auto takers = offering.takers.all();
    const auto used = std::ranges::count_if(tried, [&](const Instance& instance) {
        return instance == instance_of({offering.node, instance.number}) &&
               std::ranges::binary_search(takers, instance.number);
    });
    return takers.size() - static_cast<std::size_t>(used);
}

bool Chooser::is_tried(const Holder& holder, std::span<const Instance> tried) const {
    return std::ranges::find(tried, instance_of(holder)) != tried.end();
}

/// The instance with this number, counted through all candidates.
Holder Chooser::take(const std::vector<Candidate>& near, std::size_t number,
                     std::span<const Instance> tried) const {
    const Candidate* candidate = near.data();
    for (; number >= candidate->free; ++candidate) number -= candidate->free;
    const NodeIndex node = candidate->offering->node;
    const auto takers = candidate->offering->takers.all();
    if (candidate->free == takers.size()) return {node, takers[number]};
    for (const std::uint64_t instance : takers) {
        if (!is_tried({node, instance}, tried) && number-- == 0) return {node, instance};
    }
    return {};
}

/// Of two at random, the one with less to do.
Holder Chooser::pick(const Ways& ways, const std::vector<Candidate>& near,
                     std::span<const Instance> tried, Random& random) const {
    std::size_t count = 0;
    for (const Candidate& candidate : near) count += candidate.free;
    if (count == 1) return take(near, 0, tried);
    const std::size_t one = random.below(count);
    const std::size_t other = (one + 1 + random.below(count - 1)) % count;
    const Holder a = take(near, one, tried);
    const Holder b = take(near, other, tried);
    const double burden_of_a = burden(ways, a);
    const double burden_of_b = burden(ways, b);
    if (burden_of_a != burden_of_b) return burden_of_a < burden_of_b ? a : b;
    return nearer(ways, a, b) ? a : b;
}

/// What another stream would have to wait for there: the way, what its machine does already, and
/// what we have given it.
double Chooser::burden(const Ways& ways, const Holder& holder) const {
    const auto under_way = under_way_.find(instance_of(holder));
    const double streams = under_way == under_way_.end() ? 0 : under_way->second;
    const double weight = std::max(directory_.find(holder)->weight(), 1U);
    const double load = 1 + topology_[holder.node].load / 128.0;
    return (ways.cost(holder.node) + base_cost) * load * (streams + 1) / weight;
}

Instance Chooser::instance_of(const Holder& holder) const {
    const Node& node = topology_[holder.node];
    return {node.router, node.version.epoch, holder.instance};
}

Result<Choice> Chooser::way_to(Time now, NodeIndex node, std::uint64_t instance) const {
    const Ways ways = map_.ways(now);
    return go(ways.route(node), {node, instance}, ways.cost(node));
}

void Chooser::ended(const Instance& instance) {
    const auto known = under_way_.find(instance);
    if (known != under_way_.end() && --known->second == 0) under_way_.erase(known);
}

std::optional<Choice> Chooser::ask_machine(Time now, const std::string& text) const {
    const auto address = wire::parse_address(text);
    if (!address || address->machine.empty()) return std::nullopt;
    const auto node = machine(now, *address);
    if (!node || *node == self || !map_.paths().reaches(*node)) return std::nullopt;
    const Ways ways = map_.ways(now);
    const auto choice = go(ways.route(*node), {*node, 0}, ways.cost(*node));
    return choice ? std::optional(*choice) : std::nullopt;
}

Error Chooser::not_here(const std::string& service) const {
    return not_there({service, self_name()}, self);
}

Result<std::span<const Offering>> Chooser::candidates(Time now,
                                                      const wire::Address& address) const {
    const std::span<const Offering> offerings = directory_.offerings(address.service);
    if (address.machine.empty()) {
        if (offerings.empty()) return unknown_service(address.service);
        return offerings;
    }
    JETWAY_ASSIGN(const NodeIndex node, machine(now, address));
    const auto there = std::ranges::equal_range(offerings, node, {}, &Offering::node);
    if (!there.empty()) return std::span<const Offering>(there);
    // A machine that is gone took its list of services along, or never told it.
    if (!topology_.reachable(node)) return unreachable(now, address, node);
    return not_there(address, node);
}

Result<NodeIndex> Chooser::machine(Time now, const wire::Address& address) const {
    const std::vector<NodeIndex> nodes = wire::is_router_text(address.machine)
                                             ? numbered(address.machine)
                                             : topology_.named(address.machine);
    if (nodes.empty()) {
        std::vector<std::string> names;  // of those that offer it
        for (const Offering& offering : directory_.offerings(address.service))
            names.push_back(topology_[offering.node].machine);
        Error error(Code::no_instance, "no machine is called " + quoted(address.machine));
        const std::string near = nearest(address.machine, names);
        if (!near.empty()) error.next = "did you mean " + address.service + "@" + near + "?";
        return error;
    }
    const auto reachable =
        std::ranges::count_if(nodes, [this](NodeIndex node) { return topology_.reachable(node); });
    if (reachable > 1) return ambiguous(address, nodes);
    // The one that is there; of those that are gone, the last to go.
    return *std::ranges::max_element(nodes, {}, [&](NodeIndex node) {
        return std::tuple(topology_.reachable(node), topology_.since(node) - now);
    });
}

std::vector<NodeIndex> Chooser::numbered(const std::string& text) const {
    std::vector<NodeIndex> nodes;
    for (NodeIndex node = 0; node < topology_.size(); ++node) {
        if (wire::router_text(topology_[node].router).starts_with(text) &&
            !topology_.forgotten(node))
            nodes.push_back(node);
    }
    return nodes;
}

Error Chooser::ambiguous(const wire::Address& address, const std::vector<NodeIndex>& nodes) const {
    std::string choices;
    std::size_t count = 0;
    for (const NodeIndex node : nodes) {
        if (!topology_.reachable(node)) continue;
        if (++count <= 3)
            choices += (choices.empty() ? "" : " or ") + address.service + "@" +
                       wire::router_text(topology_[node].router);
    }
    return Error(Code::ambiguous,
                 std::to_string(count) + " machines are called " + quoted(address.machine))
        .then(choices);
}

Result<Choice> Chooser::choose_static(Time now, const wire::Address& address,
                                      const StaticRoute& route) const {
    const LinkId link = links_.on(route.terminal);
    if (link == no_link) {
        return Error(Code::no_route,
                     "cannot reach " + quoted(address.service) + " from " + self_name())
            .because("its static route leaves by terminal " + quoted(route.terminal) +
                     ", which has no live link");
    }
    if (!links_.find(link)->neighbour) return hand_over(link);
    const NodeIndex first = topology_.find(links_.find(link)->neighbour->link.peer());
    NodeIndex target = first;
    if (!route.machine.empty()) {
        JETWAY_ASSIGN(target, machine(now, {address.service, route.machine}));
    }
    if (target == self || first == no_node) return unreachable(now, address, target);
    Holder holder{target, 0};
    for (const Offering& offering : directory_.offerings(address.service)) {
        if (offering.node == target && !offering.takers.all().empty())
            holder.instance = offering.takers.all().back();
    }
    const Route path = target == first ? Route{self, first} : map_.route_by(first, target);
    if (path.empty()) return unreachable(now, address, target);
    JETWAY_ASSIGN(Choice choice, go(path, holder, map_.paths().cost(target)));
    choice.first_link = link;
    return choice;
}

/// Out by a local terminal, to whatever is at its other end.
Choice Chooser::hand_over(LinkId link) const {
    Choice choice;
    choice.egress = topology_[self].router;
    choice.egress_epoch = topology_[self].version.epoch;
    choice.local_link = link;
    choice.route = {choice.egress};
    choice.machines = {self_name()};
    return choice;
}

Result<Choice> Chooser::go(const Route& route, const Holder& holder, std::uint32_t cost) const {
    const Node& egress = topology_[holder.node];
    if (route.size() > wire::max_route) {
        return Error(Code::too_far, egress.machine + " is " + std::to_string(route.size() - 1) +
                                        " hops away, the limit is " +
                                        std::to_string(wire::max_route - 1));
    }
    Choice choice;
    choice.egress = egress.router;
    choice.egress_epoch = egress.version.epoch;
    choice.instance = holder.instance;
    choice.cost = cost;
    for (const NodeIndex node : route) {
        choice.route.push_back(topology_[node].router);
        choice.machines.push_back(topology_[node].machine);
    }
    if (holder.node == self) {
        const auto local = local_.find(holder.instance);
        if (local != local_.end()) choice.local_link = local->second;
    } else if (route.size() > 1) {
        choice.first_link = links_.to(choice.route[1]);
    }
    return choice;
}

bool Chooser::usable(NodeIndex node) const {
    return map_.paths().reaches(node) && !topology_[node].draining();
}

bool Chooser::usable(const Holder& holder) const {
    const Entry* entry = directory_.find(holder);
    return usable(holder.node) && entry != nullptr && !entry->draining();
}

bool Chooser::nearer(const Ways& ways, const Holder& a, const Holder& b) const {
    const auto key = [&](const Holder& holder) {
        const NodeIndex node = holder.node;
        return std::tuple(ways.is_doubtful(node), ways.cost(node), ways.hops(node),
                          topology_[node].router, holder.instance);
    };
    return key(a) < key(b);
}

Error Chooser::unknown_service(const std::string& service) const {
    Error error(Code::no_service, "nobody offers " + quoted(service));
    std::vector<std::string> names;
    for (const auto& [name, holders] : directory_.shown(most_suggested)) names.emplace_back(name);
    const std::string near = nearest(service, names);
    error.next = near.empty() ? "jetway services" : "did you mean " + quoted(near) + "?";
    return error;
}

Error Chooser::not_there(const wire::Address& address, NodeIndex node) const {
    const std::span<const Offering> offerings = directory_.offerings(address.service);
    if (offerings.empty()) {
        Error error = unknown_service(address.service);
        error.detail += ", " + topology_[node].machine + " neither";
        return error;
    }
    Error error(Code::no_instance,
                topology_[node].machine + " does not offer " + quoted(address.service));
    const auto first = std::ranges::min_element(
        offerings, {}, [this](const Offering& offering) -> const std::string& {
            return topology_[offering.node].machine;
        });
    error.next = "it is on " + topology_[first->node].machine;
    return error;
}

Error Chooser::none_usable(Time now, const wire::Address& address,
                           std::span<const Offering> offerings) const {
    const bool reached = std::ranges::any_of(offerings, [this](const Offering& offering) {
        return map_.paths().reaches(offering.node);
    });
    if (reached) {
        return {Code::no_instance, "every instance of " + quoted(address.service) +
                                       " that can be reached is draining"};
    }
    // Of several, the one that was there last.
    const auto last = std::ranges::max_element(offerings, {}, [this](const Offering& offering) {
        return std::tuple(topology_.since(offering.node), topology_[offering.node].router);
    });
    return unreachable(now, address, last->node);
}

Error Chooser::unreachable(Time now, const wire::Address& address, NodeIndex node) const {
    Error error(Code::no_route, "cannot reach " + quoted(address.service));
    if (node != no_node && node != self) {
        const Node& machine = topology_[node];
        error.detail += " on " + machine.machine;
        error.where = address.service + " is on " + machine.machine;
        if (machine.gone()) {
            error.evidence = machine.machine + " said goodbye";
        } else if (const std::string broken = topology_.last_broken(node); !broken.empty()) {
            error.evidence = broken + " is dead";
        }
    }
    error.detail += " from " + self_name();
    if (node != no_node && node != self) {
        error.detail += ", no path for " + duration_text(now - topology_.since(node));
    }
    error.next = "jetway why " + address.text() + " --machine " + self_name();
    return error;
}

}  // namespace jetway::routing
