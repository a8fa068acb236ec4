// Where a stream goes. The ingress (the machine where a local link opens it) resolves the name,
// pins the instance and writes the route into OPEN; every other machine only follows the route, and
// refuses when it cannot.
//
// On the wire, route[position] is the machine the frame is sent to, route[position - 1] the one
// that sends it.
#include <algorithm>

#include "routing/control.hpp"

namespace jetway::routing {

namespace {

constexpr NodeIndex self = 0;
constexpr std::uint32_t max_generation = 3;

std::string quoted(const std::string& text) {
    return "\"" + text + "\"";
}

/// "name" of "name@machine".
std::string service_of(const std::string& address) {
    return address.substr(0, address.find('@'));
}

std::string joined(const std::vector<std::string>& machines) {
    std::string text;
    for (const std::string& machine : machines) text += (text.empty() ? "" : " > ") + machine;
    return text;
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
    if (open.policy() > static_cast<std::uint32_t>(wire::Policy::latest)) {
        return nack({Code::unsupported, "a stream's policy is lossless or latest in this version"});
    }
    auto choice = chooser_.resolve(now, open.destination(), from);
    if (!choice && choice.error().code != Code::no_route) {
        if (auto there = chooser_.ask_machine(now, open.destination())) choice = std::move(*there);
    }
    if (!choice) return nack(choice.error());
    open.mutable_id()->set_router(options_.router);
    open.mutable_id()->set_epoch(options_.epoch);
    open.mutable_id()->set_counter(next_stream_++);
    open.set_attempt(1);
    open.set_egress(choice->egress);
    open.set_egress_epoch(choice->egress_epoch);
    open.set_instance(choice->instance);
    open.clear_route();
    for (const RouterId router : choice->route) open.add_route(router);
    open.set_generation(0);
    open.clear_failed();
    open.set_hop_limit(wire::hop_limit);
    if (choice->egress == options_.router) {
        open.set_position(0);
        return choice->instance == 0 ? Routed(choice->local_link) : deliver(open);
    }
    open.set_position(1);
    return next_link(open, choice->first_link);
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

Control::Routed Control::route_on(Time /*now*/, const Neighbour& from, wire::Open& open) {
    if (const auto checked = check_route(from, open); !checked) return nack(checked.error());
    if (open.hop_limit() <= 1) {
        return nack({Code::too_far, "the hop limit was reached at " + options_.machine});
    }
    open.set_hop_limit(open.hop_limit() - 1);
    const auto position = static_cast<int>(open.position());
    if (position + 1 == open.route_size()) return deliver(open);
    open.set_position(open.position() + 1);
    return next_link(open, links_.to(open.route(position + 1)));
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

/// The link to route[position], or the refusal that names the edge.
Control::Routed Control::next_link(const wire::Open& open, LinkId link) const {
    if (link != no_link) return link;
    const RouterId next = open.route(static_cast<int>(open.position()));
    Error error(Code::no_route, "cannot reach " + quoted(open.destination()) + " from " +
                                    open.source().substr(open.source().find('@') + 1));
    error.evidence =
        options_.machine + ": link " + options_.machine + ">" + name_of(next) + " is dead";
    wire::Nack refusal = nack(error);
    wire::Edge* failed = refusal.add_failed();
    failed->set_from(options_.router);
    failed->set_to(next);
    return refusal;
}

// ---- at the egress

Control::Routed Control::deliver(wire::Open& open) {
    if (open.egress_epoch() != options_.epoch) {
        return nack({Code::peer_restarted, options_.machine + " has restarted"});
    }
    const std::string service = service_of(open.destination());
    if (open.instance() == 0) {
        std::uint64_t first = 0;
        for (const Holder& holder : directory_.holders(service)) {
            if (holder.node != self) continue;
            if (first == 0 || holder.instance < first) first = holder.instance;
        }
        open.set_instance(first);
    }
    const wire::ServiceRecord* record = directory_.find({self, open.instance()});
    const auto local = local_.find(open.instance());
    if (record == nullptr || record->service() != service || local == local_.end()) {
        return nack(chooser_.not_here(service));
    }
    if (open.probe()) return probe_answer(open);
    return local->second;
}

/// A probe ends here, before the service hears of it: E-CANCELLED from the egress, with the way it
/// came as evidence.
Control::Routed Control::probe_answer(const wire::Open& open) const {
    std::vector<std::string> path;
    for (const RouterId router : open.route()) path.push_back(name_of(router));
    return nack(Error(Code::cancelled, "a probe: " + open.destination() + " can be reached")
                    .because(joined(path)));
}

// ---- on the way back

void Control::answered(Time /*now*/, LinkId /*to*/, const wire::Open& open, wire::Opened& opened) {
    opened.clear_route();
    for (const RouterId router : open.route()) opened.add_route(name_of(router));
    opened.set_machine(name_of(open.egress()));
    opened.set_service(service_of(open.destination()));
    opened.set_instance(open.instance());
}

void Control::refused(Time now, LinkId /*from*/, const wire::Nack& nack) {
    for (const wire::Edge& edge : nack.failed()) {
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
