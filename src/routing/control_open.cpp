// Where a stream goes. The ingress (the machine where a local link opens it) resolves the name,
// pins the instance and writes the route into OPEN; every other machine only follows the route, and
// refuses when it cannot.
//
// On the wire, route[position] is the machine the frame is sent to, route[position - 1] the one
// that sends it.
#include <algorithm>

#include "base/text.hpp"
#include "routing/control.hpp"
#include "routing/crossing.hpp"
#include "routing/flaw.hpp"

namespace jetway::routing {

namespace {

constexpr NodeIndex self = 0;
constexpr std::uint32_t max_generation = 3;
constexpr std::uint32_t most_retries = 3;                          // after a refusal
constexpr Duration longest_wait = std::chrono::milliseconds(500);  // for a way

std::string quoted(const std::string& text) {
    return "\"" + text + "\"";
}

/// "name" of "name@machine".
std::string service_of(const std::string& address) {
    return address.substr(0, address.find('@'));
}

/// Every machine a stream came by, those of earlier generations too.
std::vector<RouterId> way_of(const wire::Open& open) {
    std::vector<RouterId> way(open.walked().begin(), open.walked().end());
    way.insert(way.end(), open.route().begin(), open.route().end());
    if (way.size() > wire::max_route) way.resize(wire::max_route);
    return way;
}

/// Does the refusal prove that no service has heard of the stream, and may it be another tomorrow?
bool may_pass(Code code) {
    return code == Code::no_service || code == Code::no_instance || code == Code::no_route ||
           code == Code::peer_restarted || code == Code::draining;
}

}  // namespace

Control::Routed Control::route(Time now, LinkId from, wire::Open& open) {
    const Slot* slot = links_.find(from);
    if (slot == nullptr || shutting_down_) {
        return nack({Code::draining, options_.machine + " is stopping"});
    }
    return slot->neighbour ? route_on(now, *slot->neighbour, open) : route_in(now, from, open);
}

// ---- at the ingress

Control::Routed Control::route_in(Time now, LinkId from, wire::Open& open) {
    name_source(*links_.find(from), open);
    auto choice = chooser_.choose(now, open.destination(), from, {}, random_);
    if (!choice && choice.error().code != Code::no_route) {
        if (auto there = chooser_.ask_machine(now, open.destination())) choice = std::move(*there);
    }
    if (!choice) return nack(choice.error());
    open.set_attempt(0);
    return depart(open, *choice);
}

Control::Routed Control::depart(wire::Open& open, const Choice& choice) {
    if (open.attempt() == 0) {
        open.mutable_id()->set_router(options_.router);
        open.mutable_id()->set_epoch(options_.epoch);
        open.mutable_id()->set_counter(next_stream_++);
    }
    open.set_attempt(open.attempt() + 1);
    open.set_egress(choice.egress);
    open.set_egress_epoch(choice.egress_epoch);
    open.set_instance(choice.instance);
    open.clear_route();
    for (const RouterId router : choice.route) open.add_route(router);
    open.set_generation(0);
    open.clear_failed();
    open.clear_walked();
    open.set_hop_limit(wire::hop_limit);
    if (choice.egress == options_.router) {
        open.set_position(0);
        return choice.instance == 0 ? Routed(choice.local_link) : deliver(open);
    }
    open.set_position(1);
    if (choice.first_link == no_link) return dead_end(open);
    return choice.first_link;
}

Control::Routed Control::again(Time now, LinkId from, Opening& opening, const wire::Nack& refusal) {
    wire::Open& open = opening.open;
    const auto code = static_cast<Code>(refusal.code());
    if (!may_pass(code) || open.attempt() > most_retries || shutting_down_) return refusal;
    if (open.attempt() > 0 && code != Code::no_route) {
        const Instance refused{open.egress(), open.egress_epoch(), open.instance()};
        if (std::ranges::find(opening.tried, refused) == opening.tried.end())
            opening.tried.push_back(refused);
    }
    const auto choice = chooser_.choose(now, open.destination(), from, opening.tried, random_);
    if (!choice) return open.attempt() == 0 ? nack(choice.error()) : refusal;
    // The same way would end at the same place.
    for (std::size_t i = 0; i + 1 < choice->route.size(); ++i) {
        for (const wire::Edge& edge : refusal.failed()) {
            if (edge.from() == choice->route[i] && edge.to() == choice->route[i + 1])
                return refusal;
        }
    }
    return depart(open, *choice);
}

/// To the very instance, by the best way of now.
Control::Routed Control::resume(Time now, wire::Open& open) {
    if (has_restarted(open.egress(), open.egress_epoch()))
        return nack({Code::peer_restarted, name_of(open.egress()) + " has restarted"});
    if (shutting_down_) return nack({Code::draining, options_.machine + " is stopping"});
    const NodeIndex egress = topology_.find(open.egress());
    const bool known = egress != no_node && topology_[egress].version.epoch == open.egress_epoch();
    if (!known || !map_.paths().reaches(egress)) {
        return nack({Code::no_route,
                     "cannot reach " + name_of(open.egress()) + " from " + options_.machine});
    }
    const auto choice = chooser_.way_to(now, egress, open.instance());
    if (!choice) return nack(choice.error());
    return depart(open, *choice);
}

bool Control::has_restarted(RouterId router, std::uint64_t epoch) const {
    const NodeIndex node = topology_.find(router);
    return node != no_node && topology_[node].version.epoch > epoch;
}

RouterId Control::peer(LinkId link) const {
    const Slot* slot = links_.find(link);
    return slot == nullptr || !slot->neighbour ? 0 : slot->neighbour->link.peer();
}

bool Control::ends_here(LinkId from, const wire::Open& open) const {
    const Slot* slot = links_.find(from);
    return slot != nullptr && slot->neighbour && check_route(*slot->neighbour, open) &&
           open.egress() == options_.router && open.egress_epoch() == options_.epoch &&
           static_cast<int>(open.position()) + 1 == open.route_size();
}

Time Control::patience(Time now, const wire::Open& open, const wire::Nack& refusal) const {
    const auto code = static_cast<Code>(refusal.code());
    if (open.probe() || shutting_down_ || !may_pass(code)) return now;
    const bool worth = code == Code::peer_restarted || synchronises(now) ||
                       was_there_lately(now, open.destination());
    return worth ? now + longest_wait : now;
}

/// Is news to be expected that has nothing to do with a failure?
bool Control::synchronises(Time now) const {
    if (now - born_ < longest_wait) return true;
    for (LinkId link = 0; link < links_.end(); ++link) {
        const Slot* slot = links_.find(link);
        if (slot == nullptr || !slot->neighbour || slot->closing) continue;
        const Link& network = slot->neighbour->link;
        if (!network.is_up() && now - network.since() < longest_wait) return true;
    }
    return false;
}

/// A machine that restarts takes its services away and brings them back.
bool Control::was_there_lately(Time now, const std::string& text) const {
    const auto address = wire::parse_address(text);
    if (!address) return false;
    const auto lost_lately = [&](NodeIndex node) {
        return !topology_.reachable(node) && topology_[node].version.epoch != 0 &&
               now - topology_.since(node) < memory_of_names;
    };
    const auto gone = gone_names_.find(address->service);
    if (gone != gone_names_.end() && now - gone->second < memory_of_names) return true;
    if (!address->machine.empty())
        return std::ranges::any_of(topology_.named(address->machine), lost_lately);
    return std::ranges::any_of(directory_.offerings(address->service), lost_lately,
                               &Offering::node);
}

/// A machine vouches for its own services only, so the machine's part of a source is always its
/// own.
void Control::name_source(const Slot& from, wire::Open& open) const {
    std::string service = service_of(open.source());
    for (const std::string* name : {&from.options.process, &from.options.terminal}) {
        if (service.empty() && wire::check_service_name(*name)) service = *name;
    }
    if (service.empty()) service = "process";
    open.set_source(service + "@" + options_.machine);
    if (open.originator().empty()) {
        open.set_originator(open.source());
    } else if (open.originator().find('@') == std::string::npos) {
        open.set_originator(open.originator() + "@" + options_.machine);
    }
}

// ---- on the way

Control::Routed Control::route_on(Time now, const Neighbour& from, wire::Open& open) {
    if (const auto checked = check_route(from, open); !checked) return nack(checked.error());
    if (open.hop_limit() <= 1) {
        return nack({Code::too_far, "the hop limit was reached at " + options_.machine});
    }
    open.set_hop_limit(open.hop_limit() - 1);
    const auto position = static_cast<int>(open.position());
    if (position + 1 == open.route_size()) return deliver(open);
    open.set_position(open.position() + 1);
    const LinkId link = links_.to(open.route(position + 1));
    return link == no_link ? reroute(now, open) : link;
}

/// The link to route[position] is dead. The stream goes on by another way from here, which begins a
/// new generation and carries the dead link along, so that nobody sends it there again
/// (failure-carrying packets, SIGCOMM 2007). Each generation needs a link that none of those before
/// knew of, and within one no machine comes twice: this ends.
Control::Routed Control::reroute(Time now, wire::Open& open) {
    const RouterId next = open.route(static_cast<int>(open.position()));
    const bool known = std::ranges::any_of(open.failed(), [&](const wire::Edge& edge) {
        return edge.from() == options_.router && edge.to() == next;
    });
    const NodeIndex egress = topology_.find(open.egress());
    if (known || egress == no_node || open.generation() >= max_generation) return dead_end(open);
    std::vector<NodeEdge> failed{{self, topology_.find(next)}};
    for (const wire::Edge& edge : open.failed()) {
        failed.push_back({topology_.find(edge.from()), topology_.find(edge.to())});
    }
    Route walked;
    for (int i = 0; i + 1 < static_cast<int>(open.position()); ++i) {
        walked.push_back(topology_.find(open.route(i)));
    }
    const Route way = map_.around(now, egress, failed, walked);
    const LinkId link = way.size() < 2 ? no_link : links_.to(topology_[way[1]].router);
    if (link == no_link || way.size() > wire::max_route) return dead_end(open);

    event(Event::Kind::stream_rerouted, open.destination(), "on by " + topology_[way[1]].machine,
          dead_link_to(next));
    for (int i = 0; i + 1 < static_cast<int>(open.position()); ++i) {
        if (open.walked_size() < static_cast<int>(wire::max_route)) open.add_walked(open.route(i));
    }
    add_failed(open, next);
    if (!flawed(Flaw::reuse_generation)) open.set_generation(open.generation() + 1);
    open.clear_route();
    for (const NodeIndex node : way) open.add_route(topology_[node].router);
    open.set_position(1);
    return link;
}

Result<> Control::check_route(const Neighbour& from, const wire::Open& open) const {
    const auto size = static_cast<std::uint32_t>(open.route_size());
    const auto machine = [&open](std::uint32_t place) {
        return open.route(static_cast<int>(place));
    };
    const bool fits = open.has_id() && size >= 2 && open.position() >= 1 &&
                      open.position() < size && machine(open.position()) == options_.router &&
                      machine(open.position() - 1) == from.link.peer() &&
                      machine(size - 1) == open.egress() && open.generation() <= max_generation;
    if (fits) return success();
    return Error(Code::protocol, "the route of the OPEN does not lead through this link");
}

/// The refusal of a stream that cannot go on to route[position]: names every link it found dead.
wire::Nack Control::dead_end(const wire::Open& open) const {
    const RouterId next = open.route(static_cast<int>(open.position()));
    Error error(Code::no_route, "cannot reach " + quoted(open.destination()) + " from " +
                                    open.source().substr(open.source().find('@') + 1));
    error.evidence = options_.machine + ": " + dead_link_to(next);
    wire::Nack refusal = nack(error);
    for (const wire::Edge& edge : open.failed()) *refusal.add_failed() = edge;
    add_failed(refusal, next);
    return refusal;
}

std::string Control::dead_link_to(RouterId next) const {
    return "link " + options_.machine + ">" + name_of(next) + " is dead";
}

template <typename T>
void Control::add_failed(T& message, RouterId next) const {
    if (message.failed_size() == static_cast<int>(wire::max_failed)) return;
    wire::Edge* failed = message.add_failed();
    failed->set_from(options_.router);
    failed->set_to(next);
}

// ---- at the egress

Control::Routed Control::deliver(wire::Open& open) {
    if (open.egress_epoch() != options_.epoch) {
        return nack({Code::peer_restarted, options_.machine + " has restarted"});
    }
    const std::string service = service_of(open.destination());
    if (open.instance() == 0) {
        const auto offerings = directory_.offerings(service);
        // This machine is the first of all.
        if (!offerings.empty() && offerings[0].node == self && !offerings[0].takers.all().empty())
            open.set_instance(offerings[0].takers.all()[0]);
    }
    const Entry* entry = directory_.find({self, open.instance()});
    const auto local = local_.find(open.instance());
    if (entry == nullptr || entry->name->text() != service || local == local_.end()) {
        return nack(chooser_.not_here(service));
    }
    if (open.probe()) return probe_answer(open);
    return local->second;
}

/// A probe ends here, before the service hears of it: E-CANCELLED from the egress, with the way it
/// came as evidence.
Control::Routed Control::probe_answer(const wire::Open& open) const {
    std::vector<std::string> path;
    for (const RouterId router : way_of(open)) path.push_back(name_of(router));
    return nack(Error(Code::cancelled, "a probe: " + open.destination() + " can be reached")
                    .because(joined(path, " > ")));
}

// ---- on the way back

void Control::answered(Time /*now*/, LinkId to, const wire::Open& open, wire::Opened& opened) {
    const Slot* slot = links_.find(to);
    if (slot != nullptr && slot->neighbour) {  // we are the egress: the ingress does not know
        for (const RouterId router : way_of(open)) opened.add_way(router);
        return;
    }
    opened.clear_route();
    for (const RouterId router : opened.way_size() == 0 ? open.route() : opened.way()) {
        opened.add_route(name_of(router));
    }
    opened.clear_way();
    opened.set_machine(name_of(open.egress()));
    opened.set_service(service_of(open.destination()));
    opened.set_instance(open.instance());
}

void Control::found_dead(Time now, const Edges& edges) {
    for (const wire::Edge& edge : edges) {
        // Of our own links we know better.
        if (edge.from() != options_.router) map_.failed(now, edge.from(), edge.to());
    }
}

wire::Nack Control::nack(const Error& error) const {
    return wire::to_nack(error, options_.machine);
}

const std::string& Control::name_of(RouterId router) const {
    static const std::string unknown = "a machine unknown here";
    const NodeIndex node = topology_.find(router);
    return node == no_node ? unknown : topology_[node].machine;
}

}  // namespace jetway::routing
