#include "routing/choice.hpp"

#include <algorithm>
#include <cstdio>
#include <tuple>
#include <utility>

#include "routing/cost.hpp"

namespace jetway::routing {

namespace {

constexpr NodeIndex self = 0;

/// What is not farther than this is as good as the nearest.
std::uint64_t about_as_near(std::uint64_t nearest) {
    return std::max(nearest + nearest / 4, nearest + base_cost);
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
    JETWAY_ASSIGN(std::vector<Holder> holders, candidates(now, address));
    std::vector<Holder> usable_ones = holders;
    std::erase_if(usable_ones, [&](const Holder& holder) {
        return !usable(holder) || std::ranges::find(tried, instance_of(holder)) != tried.end();
    });
    if (usable_ones.empty()) return none_usable(now, address, holders);
    const Ways ways = map_.ways(now);
    const Holder best = *std::ranges::min_element(
        usable_ones, [&](const Holder& a, const Holder& b) { return nearer(ways, a, b); });
    std::erase_if(usable_ones, [&](const Holder& holder) {
        return ways.is_doubtful(holder.node) != ways.is_doubtful(best.node) ||
               ways.cost(holder.node) > about_as_near(ways.cost(best.node));
    });
    if (random == nullptr) return go(ways.route(best.node), best, ways.cost(best.node));
    const Holder chosen = pick(ways, std::move(usable_ones), *random);
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

/// Of two at random, the one with less to do.
Holder Chooser::pick(const Ways& ways, std::vector<Holder> holders, Random& random) const {
    if (holders.size() == 1) return holders.front();
    std::swap(holders[0], holders[random.below(holders.size())]);
    std::swap(holders[1], holders[1 + random.below(holders.size() - 1)]);
    const double first = burden(ways, holders[0]);
    const double second = burden(ways, holders[1]);
    if (first != second) return first < second ? holders[0] : holders[1];
    return nearer(ways, holders[0], holders[1]) ? holders[0] : holders[1];
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

Result<std::vector<Holder>> Chooser::candidates(Time now, const wire::Address& address) const {
    const auto known = directory_.holders(address.service);
    std::vector<Holder> holders(known.begin(), known.end());
    if (address.machine.empty()) {
        if (holders.empty()) return unknown_service(address.service);
        return holders;
    }
    JETWAY_ASSIGN(const NodeIndex node, machine(now, address));
    std::erase_if(holders, [node](const Holder& holder) { return holder.node != node; });
    if (!holders.empty()) return holders;
    // A machine that is gone took its list of services along, or never told it.
    if (!topology_[node].reachable) return unreachable(now, address, node);
    return not_there(address, node);
}

Result<NodeIndex> Chooser::machine(Time now, const wire::Address& address) const {
    const std::vector<NodeIndex> nodes = wire::is_router_text(address.machine)
                                             ? numbered(address.machine)
                                             : topology_.named(address.machine);
    if (nodes.empty()) {
        std::vector<std::string> names;
        for (NodeIndex node = 0; node < topology_.size(); ++node) {
            if (!topology_[node].forgotten) names.push_back(topology_[node].machine);
        }
        Error error(Code::no_instance, "no machine is called " + quoted(address.machine));
        const std::string near = nearest(address.machine, names);
        if (!near.empty()) error.next = "did you mean " + address.service + "@" + near + "?";
        return error;
    }
    const auto reachable =
        std::ranges::count_if(nodes, [this](NodeIndex node) { return topology_[node].reachable; });
    if (reachable > 1) return ambiguous(address, nodes);
    // The one that is there; of those that are gone, the last to go.
    return *std::ranges::max_element(nodes, {}, [&](NodeIndex node) {
        return std::tuple(topology_[node].reachable, topology_[node].since - now);
    });
}

std::vector<NodeIndex> Chooser::numbered(const std::string& text) const {
    std::vector<NodeIndex> nodes;
    for (NodeIndex node = 0; node < topology_.size(); ++node) {
        if (wire::router_text(topology_[node].router).starts_with(text) &&
            !topology_[node].forgotten)
            nodes.push_back(node);
    }
    return nodes;
}

Error Chooser::ambiguous(const wire::Address& address, const std::vector<NodeIndex>& nodes) const {
    std::string choices;
    std::size_t count = 0;
    for (const NodeIndex node : nodes) {
        if (!topology_[node].reachable) continue;
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
    for (const Holder& known : directory_.holders(address.service)) {
        if (known.node == target) holder = known;
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

bool Chooser::usable(const Holder& holder) const {
    const Node& node = topology_[holder.node];
    const wire::ServiceRecord* record = directory_.find(holder);
    return map_.paths().reaches(holder.node) && !node.draining() && record != nullptr &&
           (record->flags() & service_draining) == 0;
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
    const std::string near = nearest(service, directory_.names());
    error.next = near.empty() ? "jetway services" : "did you mean " + quoted(near) + "?";
    return error;
}

Error Chooser::not_there(const wire::Address& address, NodeIndex node) const {
    std::vector<std::string> machines;
    for (const Holder& holder : directory_.holders(address.service)) {
        machines.push_back(topology_[holder.node].machine);
    }
    if (machines.empty()) {
        Error error = unknown_service(address.service);
        error.detail += ", " + topology_[node].machine + " neither";
        return error;
    }
    Error error(Code::no_instance,
                topology_[node].machine + " does not offer " + quoted(address.service));
    error.next = "it is on " + *std::ranges::min_element(machines);
    return error;
}

Error Chooser::none_usable(Time now, const wire::Address& address,
                           const std::vector<Holder>& holders) const {
    const bool reached = std::ranges::any_of(
        holders, [this](const Holder& holder) { return map_.paths().reaches(holder.node); });
    if (reached) {
        return {Code::no_instance, "every instance of " + quoted(address.service) +
                                       " that can be reached is draining"};
    }
    // Of several, the one that was there last.
    const Holder last = *std::ranges::max_element(holders, {}, [this](const Holder& holder) {
        return std::tuple(topology_[holder.node].since, topology_[holder.node].router);
    });
    return unreachable(now, address, last.node);
}

Error Chooser::unreachable(Time now, const wire::Address& address, NodeIndex node) const {
    Error error(Code::no_route, "cannot reach " + quoted(address.service));
    if (node != no_node && node != self) {
        const Node& machine = topology_[node];
        error.detail += " on " + machine.machine;
        error.where = address.service + " is on " + machine.machine;
        if (machine.gone()) {
            error.evidence = machine.machine + " said goodbye";
        } else if (!machine.last_broken.empty()) {
            error.evidence = machine.last_broken + " is dead";
        }
    }
    error.detail += " from " + self_name();
    if (node != no_node && node != self) {
        error.detail += ", no path for " + duration_text(now - topology_[node].since);
    }
    error.next = "jetway status --machine " + self_name();
    return error;
}

}  // namespace jetway::routing
