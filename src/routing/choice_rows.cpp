// The directory as people see it: every instance, the way to it, and why it is not the one chosen.
#include <algorithm>

#include "routing/choice.hpp"

namespace jetway::routing {

namespace {

constexpr NodeIndex self = 0;
constexpr std::size_t most_alternates = 3;  // shown of one instance

}  // namespace

std::vector<RouteRow> Chooser::rows(Time now) const {
    auto shown = directory_.shown();
    for (const auto& [service, route] : static_) shown[service];
    std::vector<RouteRow> result;
    for (auto& [service, holders] : shown) {
        for (RouteRow& row : rows_of(now, std::string(service), std::move(holders)))
            result.push_back(std::move(row));
    }
    return result;
}

std::vector<RouteRow> Chooser::rows_of(Time now, const std::string& service) const {
    std::vector<Holder> holders;
    for (const Offering& offering : directory_.offerings(service)) {
        for (const std::uint64_t instance : offering.takers.all()) {
            const Holder holder{offering.node, instance};
            if (!directory_.find(holder)->hidden()) holders.push_back(holder);
        }
    }
    return rows_of(now, service, std::move(holders));
}

std::vector<RouteRow> Chooser::rows_of(Time now, const std::string& service,
                                       std::vector<Holder> holders) const {
    const Ways ways = map_.ways(now);
    const auto others =
        std::ranges::partition(holders, [this](const Holder& holder) { return usable(holder); });
    const auto by_nearness = [&](const Holder& a, const Holder& b) { return nearer(ways, a, b); };
    std::sort(holders.begin(), others.begin(), by_nearness);
    std::sort(others.begin(), others.end(), by_nearness);
    std::vector<RouteRow> result;
    const auto fixed = static_.find(service);
    if (fixed != static_.end()) result.push_back(static_row(now, service, fixed->second));
    for (const Holder& holder : holders) {
        RouteRow next = row(ways, service, holder);
        next.best = fixed == static_.end() && holder == holders.front() && usable(holder);
        if (fixed != static_.end()) {
            next.why_not = "a static route wins";
        } else if (!next.best) {
            next.why_not = why_not(now, ways, holder, holders.front());
        }
        result.push_back(std::move(next));
        if (fixed == static_.end() && usable(holder)) add_alternates(result, holder);
    }
    return result;
}

/// What a stream would take if the first link of its way failed, and why it does not now.
void Chooser::add_alternates(std::vector<RouteRow>& rows, const Holder& holder) const {
    const RouteRow first = rows.back();
    std::size_t shown = 0;
    for (const Map::Alternate& alternate : map_.alternates(holder.node)) {
        if (++shown > most_alternates) return;
        RouteRow row = first;
        row.alternate = true;
        row.best = false;
        go_by(row, alternate.route, alternate.cost);
        row.why_not = "alternate";
        if (alternate.cost > first.cost)
            row.why_not += ", costs " + std::to_string(alternate.cost - first.cost) + " more";
        if (!alternate.protects_node) row.why_not += ", by " + first.path[1] + " too";
        rows.push_back(std::move(row));
    }
}

RouteRow Chooser::static_row(Time now, const std::string& service, const StaticRoute& fixed) const {
    RouteRow row;
    row.service = service;
    row.machine = fixed.machine;
    row.terminal = fixed.terminal;
    row.hops = fixed.hops;
    row.is_static = true;
    const auto choice = choose_static(now, {service, {}}, fixed);
    row.best = choice.has_value();
    if (!choice) {
        row.why_not =
            choice.error().evidence.empty() ? choice.error().detail : choice.error().evidence;
        return row;
    }
    row.machine = choice->machines.back();
    row.router = choice->egress;
    row.instance = choice->instance;
    row.path = choice->machines;
    row.cost = choice->cost;
    return row;
}

RouteRow Chooser::row(const Ways& ways, const std::string& service, const Holder& holder) const {
    RouteRow row;
    const Node& node = topology_[holder.node];
    const wire::ServiceRecord record = directory_.find(holder)->record();
    row.service = service;
    row.machine = node.machine;
    row.router = node.router;
    row.instance = holder.instance;
    row.type = record.type();
    row.accepts.assign(record.accepts().begin(), record.accepts().end());
    row.produces.assign(record.produces().begin(), record.produces().end());
    go_by(row, ways.route(holder.node), ways.cost(holder.node));
    if (holder.node == self) row.terminal = "local";
    return row;
}

void Chooser::go_by(RouteRow& row, const Route& route, std::uint32_t cost) const {
    row.path.clear();
    for (const NodeIndex step : route) row.path.push_back(topology_[step].machine);
    row.hops = route.empty() ? 0 : static_cast<std::uint32_t>(route.size() - 1);
    row.cost = route.empty() ? 0 : cost;
    const LinkId link = route.size() < 2 ? no_link : links_.to(topology_[route[1]].router);
    row.terminal = link == no_link ? "" : links_.find(link)->options.terminal;
}

std::string Chooser::why_not(Time now, const Ways& ways, const Holder& holder,
                             const Holder& best) const {
    if (!map_.paths().reaches(holder.node)) {
        return "no path for " + duration_text(now - topology_.since(holder.node));
    }
    if (!usable(holder)) return "draining";
    const std::uint32_t cost = ways.cost(holder.node);
    const std::uint32_t best_cost = ways.cost(best.node);
    if (cost == best_cost) return "alternate";
    if (cost < best_cost) return "a link on the way is in doubt";
    return "costs " + std::to_string(cost - best_cost) + " more";
}

}  // namespace jetway::routing
