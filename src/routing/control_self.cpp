// What this machine says of itself: its record, its services, a newer epoch, goodbye.
#include <algorithm>

#include "routing/control.hpp"

namespace jetway::routing {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr NodeIndex self = 0;
constexpr Duration announce_wait = milliseconds(5);
constexpr Duration least_digest_interval = seconds(1);

}  // namespace

void Control::changed(Time now, OwnRecord::Change change) {
    own_.changed(now, change);
    wake(own_.deadline());
}

void Control::issue(Time now) {
    const bool bad = own_.bad();
    const wire::NodeRecord record = own_.issue(
        now, options_, shutting_down_ ? std::vector<wire::Adjacency>{} : links_.adjacencies());
    const NodePtr node = make_node(record, wire::encode(record));
    const Topology::Accepted accepted = topology_.accept(now, node);
    known_changed();
    tell_record(self, bad, no_link);
    if (accepted.moved) find_paths(now);
}

void Control::announce() {
    announce_at_ = Time::max();
    tell_catalogue(self, no_link);
}

std::uint64_t Control::offer(Time now, LocalService service) {
    const std::uint64_t instance = next_instance_++;
    wire::ServiceRecord record;
    record.set_instance(instance);
    record.set_service(service.name);
    record.set_weight(1);
    record.set_flags(service.hidden ? service_hidden : 0);
    record.set_type(service.type);
    for (std::string& text : service.accepts) record.add_accepts(std::move(text));
    for (std::string& text : service.produces) record.add_produces(std::move(text));
    for (std::string& text : service.features) record.add_features(std::move(text));
    if (record.ByteSizeLong() > max_service_record) {
        event(Event::Kind::warning, service.name, "its capabilities are too long to be announced");
        record.clear_accepts();
        record.clear_produces();
        record.clear_features();
    }
    local_[instance] = service.link;
    directory_.offer(self, options_.epoch, record);
    known_changed();
    report_names(now);
    announce_at_ = std::min(announce_at_, now + announce_wait);
    wake(announce_at_);
    return instance;
}

void Control::withdraw(Time now, std::uint64_t instance) {
    if (local_.erase(instance) == 0) return;
    directory_.withdraw(self, options_.epoch, instance);
    known_changed();
    report_names(now);
    announce();
}

void Control::add_route(const std::string& service, StaticRoute route) {
    event(Event::Kind::route_added, service,
          "by terminal " + route.terminal + (route.machine.empty() ? "" : " to " + route.machine));
    chooser_.add_route(service, std::move(route));
}

void Control::remove_route(const std::string& service) {
    event(Event::Kind::route_removed, service, {});
    chooser_.remove_route(service);
}

void Control::set_digest_interval(Duration interval) {
    options_.digest_interval = std::max(interval, least_digest_interval);
}

void Control::set_load(Time now, double per_core) {
    if (!load_.measured(now, per_core)) return;
    own_.set_load(load_.advertised());
    changed(now, OwnRecord::Change::cost);
}

void Control::fail_all(Time now, const Error& reason) {
    for (LinkId link = 0; link < links_.end(); ++link) {
        if (links_.neighbour(link) != nullptr) fail(now, link, reason);
    }
}

void Control::drain(Time now) {
    own_.set_flags(wire::draining);
    event(Event::Kind::warning, options_.machine, "drains: it takes nothing new");
    changed(now, OwnRecord::Change::bad);
    if (own_.due(now)) issue(now);
}

void Control::shut_down(Time now) {
    if (std::exchange(shutting_down_, true)) return;
    own_.set_flags(wire::gone);
    own_.changed(now, OwnRecord::Change::bad);
    issue(now);
    fail_all(now, {Code::closed, options_.machine + " is stopping"});
}

/// Sessions and adjacencies are per epoch, so all links close and come back.
void Control::begin_own_epoch(Time now, std::uint64_t epoch) {
    options_.epoch = epoch;
    event(Event::Kind::epoch_taken, options_.machine,
          "took the newer epoch " + std::to_string(options_.epoch),
          "the mesh knows a newer record of it");
    own_.begin_epoch();
    directory_.rewrite(self, options_.epoch);
    fail_all(now, {Code::peer_restarted, options_.machine + " took a newer epoch"});
    issue(now);
}

void Control::withdraw_from_mesh(Time now, const std::string& rival) {
    event(Event::Kind::equivocation, rival, withdrawn_text(now));
    fail_all(now, {Code::ambiguous, withdrawn_text(now)});
}

/// Why this machine takes no part just now.
std::string Control::withdrawn_text(Time now) const {
    return "another machine has the router id of " + options_.machine +
           " and started first: this copy stays away for " +
           duration_text(contest_.withdrawn_until() - now);
}

}  // namespace jetway::routing
