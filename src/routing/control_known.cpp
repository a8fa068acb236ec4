// What is known, and what follows when it changes: paths, names, whom to tell; and how it is shown.
#include <algorithm>

#include "routing/control.hpp"
#include "routing/flaw.hpp"
#include "routing/map_change.hpp"

namespace jetway::routing {

namespace {

constexpr NodeIndex self = 0;
constexpr Duration forget_interval = std::chrono::minutes(1);
constexpr std::size_t most_gone_names = 4096;
constexpr std::size_t told_at_once = 16;  // events of one sort, the rest is a number

}  // namespace

void Control::tell_record(NodeIndex node, bool urgent, LinkId except) {
    for (LinkId link = 0; link < links_.end(); ++link) {
        Neighbour* neighbour = links_.neighbour(link);
        if (neighbour == nullptr || link == except || !neighbour->link.carries_records()) continue;
        if (flawed(Flaw::forget_dirty_bit) && random_.below(20) == 0) continue;
        neighbour->flooding.tell_record(node, urgent);
        ready(link);
    }
}

void Control::tell_catalogue(NodeIndex node, LinkId except) {
    for (LinkId link = 0; link < links_.end(); ++link) {
        Neighbour* neighbour = links_.neighbour(link);
        if (neighbour == nullptr || link == except || !neighbour->link.carries_records()) continue;
        neighbour->flooding.tell_catalogue(node);
        ready(link);
    }
}

void Control::find_paths(Time now) {
    paths_due_.done(now);
    const Paths before = map_.find_paths();
    news_ = true;
    ++revision_;
    const Topology::Changes changes = topology_.reach(now, map_.paths());
    report_paths(before, changes);
    if (changes.reached.empty() && changes.lost.empty()) return;
    known_changed();
    for (const NodeIndex node : changes.reached) {
        for (LinkId link = 0; link < links_.end(); ++link) {
            Neighbour* neighbour = links_.neighbour(link);
            if (neighbour == nullptr || !neighbour->link.carries_records()) continue;
            neighbour->flooding.release(node);
            ready(link);
        }
    }
    // A neighbour may have forgotten what it once had: its version alone would not tell.
    for (const NodeIndex node : changes.long_lost) {
        distrust_catalogue(node);
        tell_record(node, false, no_link);
        tell_catalogue(node, no_link);
    }
}

void Control::report_paths(const Paths& before, const Topology::Changes& changes) {
    const MapChange change(topology_, links_, before, map_.paths(), topology_.take_came());
    const auto report = [&](Event::Kind kind, const std::vector<NodeIndex>& nodes) {
        for (std::size_t i = 0; i < std::min(nodes.size(), told_at_once); ++i) {
            event(kind, topology_[nodes[i]].machine, change.ways(nodes[i]), change.cause(nodes[i]));
        }
        if (nodes.size() > told_at_once)
            event(kind, std::to_string(nodes.size() - told_at_once) + " more machines", {});
    };
    report(Event::Kind::machine_lost, changes.lost);
    report(Event::Kind::machine_reachable, changes.reached);
    report(Event::Kind::path_changed, change.moved());
}

void Control::forget(Time now) {
    forget_at_ = now + forget_interval;
    for (const NodeIndex node : topology_.forget(now)) {
        directory_.clear(node);
        questions_.erase(node);
    }
    known_changed();
    report_names(now);
}

/// Of names that have just gone, a stream may wait for the return.
void Control::remember_names(Time now, const std::vector<NameChange>& changes) {
    if (changes.empty()) return;
    std::erase_if(gone_names_,
                  [now](const auto& gone) { return gone.second < now - memory_of_names; });
    for (const NameChange& change : changes) {
        if (change.added) {
            news_ = true;
        } else if (gone_names_.size() < most_gone_names) {
            gone_names_[change.service] = now;
        }
    }
}

void Control::report_names(Time now) {
    const std::vector<NameChange> changes = directory_.take_changes();
    remember_names(now, changes);
    for (std::size_t i = 0; i < std::min(changes.size(), told_at_once); ++i) {
        event(changes[i].added ? Event::Kind::service_added : Event::Kind::service_removed,
              changes[i].service, topology_[changes[i].node].machine);
    }
    if (changes.size() <= told_at_once) return;
    event(changes.back().added ? Event::Kind::service_added : Event::Kind::service_removed,
          std::to_string(changes.size() - told_at_once) + " more services",
          topology_[changes.back().node].machine);
}

void Control::begin_epoch(NodeIndex node) {
    directory_.clear(node);
    questions_.erase(node);
    distrust_catalogue(node);
}

void Control::distrust_catalogue(NodeIndex node) {
    for (LinkId link = 0; link < links_.end(); ++link) {
        if (Neighbour* neighbour = links_.neighbour(link)) {
            neighbour->flooding.lacks_catalogue(node);
        }
    }
}

void Control::recycle(NodeIndex node) {
    begin_epoch(node);
    map_.drop(node);
    pace_.drop(node);
    for (LinkId link = 0; link < links_.end(); ++link) {
        if (Neighbour* neighbour = links_.neighbour(link)) neighbour->flooding.drop(node);
    }
}

std::uint64_t Control::digest() const {
    if (digest_known_) return digest_;
    digest_ = 0;
    for (NodeIndex node = 0; node < topology_.size(); ++node) {
        if (topology_.reachable(node)) digest_ += known_digest(topology_, directory_, node);
    }
    digest_known_ = true;
    return digest_;
}

std::vector<LinkRow> Control::links() const {
    std::vector<LinkRow> rows;
    for (LinkId link = 0; link < links_.end(); ++link) {
        const Slot* slot = links_.find(link);
        if (slot == nullptr) continue;
        LinkRow row;
        row.link = link;
        row.kind = slot->options.kind;
        row.terminal = slot->options.terminal;
        row.peer = slot->options.peer;
        row.dialled = slot->options.dialled;
        row.machine = slot->options.process;
        row.state = "up";
        row.since = slot->since;
        if (slot->neighbour) {
            const Link& network = slot->neighbour->link;
            row.name = network.name();
            row.machine = network.peer_machine();
            row.state = to_string(network.state());
            row.since = network.since();
            row.round_trip = network.round_trip();
            row.cost = network.cost();
            row.damped = network.is_damped();
        }
        rows.push_back(std::move(row));
    }
    return rows;
}

std::vector<MachineRow> Control::machines(Time now) const {
    std::vector<MachineRow> rows;
    for (NodeIndex node = 0; node < topology_.size(); ++node) {
        const Node& known = topology_[node];
        if (topology_.forgotten(node) || known.version.epoch == 0) continue;
        const bool reachable = topology_.reachable(node);
        MachineRow row;
        row.machine = known.machine;
        row.router = known.router;
        row.epoch = known.version.epoch;
        row.reachable = reachable;
        row.unreachable_for = reachable ? Duration::zero() : now - topology_.since(node);
        row.hops = map_.paths().hops(node);
        row.cost = reachable ? map_.paths().cost(node) : 0;
        row.services = static_cast<std::size_t>(
            std::ranges::count(directory_[node].entries(), false, &Entry::hidden));
        rows.push_back(std::move(row));
    }
    return rows;
}

void Control::learn(Time now, std::span<const NodePtr> records) {
    topology_.reserve(topology_.size() + records.size());
    for (const NodePtr& record : records) {
        if (record->router != options_.router) topology_.accept(now, record);
    }
    map_.find_paths();
    topology_.reach(now, map_.paths());
    known_changed();
}

std::vector<Holding> Control::holdings() const {
    std::vector<Holding> result;
    for (NodeIndex node = 0; node < topology_.size(); ++node) {
        const Node& known = topology_[node];
        const Catalogue& catalogue = directory_[node];
        result.push_back({known.router,
                          known.version,
                          {catalogue.epoch(), catalogue.sequence()},
                          catalogue.digest(),
                          topology_.reachable(node),
                          known.adjacents});
    }
    return result;
}

std::vector<Debt> Control::debts(LinkId link) const {
    std::vector<Debt> result;
    const Slot* slot = links_.find(link);
    if (slot == nullptr || !slot->neighbour) return result;
    const Flooding& flooding = slot->neighbour->flooding;
    for (NodeIndex node = 0; node < topology_.size(); ++node) {
        const bool announced_soon = node == self && announce_at_ != Time::max();
        const bool unsure = flooding.is_unsure(topology_[node].router);
        const Debt debt{
            topology_[node].router, flooding.owes_record(node) || pace_.waits(node) || unsure,
            flooding.owes_catalogue(node) || announced_soon || unsure, flooding.asks(node)};
        if (debt.record || debt.catalogue || debt.question) result.push_back(debt);
    }
    return result;
}

}  // namespace jetway::routing
