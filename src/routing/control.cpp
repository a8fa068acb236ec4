#include "routing/control.hpp"

#include <algorithm>
#include <array>

namespace jetway::routing {

namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr NodeIndex self = 0;
constexpr Duration announce_wait = milliseconds(5);
constexpr Duration forget_interval = minutes(1);
constexpr Duration quiet = seconds(1);
constexpr std::uint32_t most_forgiven = 3;

std::uint64_t mix(const std::array<std::uint64_t, 5>& values) {
    return wire::digest(Bytes(reinterpret_cast<const std::uint8_t*>(values.data()),
                              values.size() * sizeof values[0]));
}

}  // namespace

Control::Control(Options options, Random& random, Actions& actions, Time now)
    : options_(std::move(options)),
      random_(random),
      actions_(actions),
      topology_(options_.router, options_.machine, now),
      deadline_(now + forget_interval),
      forget_at_(now + forget_interval),
      told_digest_since_(now) {
    issue(now);
    find_paths(now);
}

// ---- links

void Control::add_link(Time now, LinkId link, LinkOptions options) {
    Slot& slot = links_.add(now, link, std::move(options));
    if (slot.options.kind != LinkKind::network) return;
    slot.neighbour = std::make_unique<Neighbour>(options_, slot.options, now);
    wake(slot.neighbour->link.next_deadline(now));
    ready(link);
}

void Control::set_terminal(LinkId link, std::string terminal) {
    Slot* slot = links_.find(link);
    if (slot == nullptr) return;
    if (slot->neighbour) slot->neighbour->link.set_terminal(terminal);
    slot->options.terminal = std::move(terminal);
}

void Control::remove_link(Time now, LinkId link, const Error& reason) {
    const Slot* slot = links_.find(link);
    if (slot == nullptr) return;
    if (slot->neighbour && !slot->closing) {
        went_down(now, link, reason);
    } else if (!slot->neighbour) {
        std::vector<std::uint64_t> orphans;
        for (const auto& [instance, taker] : local_) {
            if (taker == link) orphans.push_back(instance);
        }
        for (const std::uint64_t instance : orphans) withdraw(now, instance);
    }
    links_.remove(link);
}

void Control::fail(Time now, LinkId link, const Error& reason) {
    end(now, link, reason, true);
}

void Control::end(Time now, LinkId link, const Error& reason, bool say_so) {
    Slot* slot = links_.find(link);
    if (slot == nullptr || slot->closing) return;
    slot->closing = true;
    actions_.close.push_back({link, reason});
    if (!slot->neighbour) return;
    went_down(now, link, reason);
    slot->neighbour->link.close(reason, say_so);
    ready(link);
}

void Control::came_up(Time now, LinkId link) {
    const Link& up = links_.neighbour(link)->link;
    links_.up(link);
    LinkOptions options = up.options();
    options.process = up.peer_machine();
    up_.push_back({link, std::move(options), up.peer_pool()});
    event(Event::Kind::link_up, up.peer_machine(), "terminal " + up.options().terminal);
    changed(now, OwnRecord::Change::good);
}

void Control::went_down(Time now, LinkId link, const Error& reason) {
    const Link& gone = links_.neighbour(link)->link;
    if (gone.peer() == 0) return;
    const auto kind =
        reason.code == Code::replaced ? Event::Kind::link_duplicate : Event::Kind::link_down;
    event(kind, gone.peer_machine(), reason.line());
    if (!gone.is_up()) return;
    links_.down(link);
    std::erase_if(up_, [link](const Up& up) { return up.link == link; });
    if (shutting_down_) return;
    if (links_.to(gone.peer()) == no_link) {
        changed(now, OwnRecord::Change::bad);
        if (own_.due(now)) issue(now);
    }
    find_paths(now);
}

void Control::pair(Time now, LinkId id) {
    Link& fresh = links_.neighbour(id)->link;
    for (LinkId other_id = 0; other_id < links_.end(); ++other_id) {
        const Neighbour* neighbour = links_.neighbour(other_id);
        if (neighbour == nullptr || other_id == id) continue;
        const Link& other = neighbour->link;
        if (other.closing() || other.peer() != fresh.peer()) continue;
        const bool newer = other.peer_epoch() < fresh.peer_epoch();
        if (newer) {
            fail(now, other_id, {Code::peer_restarted, fresh.peer_machine() + " has restarted"});
            continue;
        }
        if (other.peer_epoch() > fresh.peer_epoch()) {
            fail(now, id, {Code::replaced, fresh.peer_machine() + " has restarted since"});
            return;
        }
        if (!fresh.decides() || other.name() != fresh.name()) continue;
        const bool doubtful = other.state() == Link::State::suspect;
        fail(now, doubtful ? other_id : id,
             {Code::replaced, "another link to " + fresh.peer_machine() + " is kept"});
        if (!doubtful) return;
    }
    if (!fresh.decides()) return;
    fresh.keep(now);
    begin_sync(id);
}

void Control::begin_sync(LinkId link) {
    links_.neighbour(link)->flooding.tell_all(topology_);
    ready(link);
}

// ---- what leaves

bool Control::carries_streams(LinkId link) const {
    const Slot* slot = links_.find(link);
    if (slot == nullptr || slot->closing) return false;
    return !slot->neighbour || slot->neighbour->link.is_up();
}

bool Control::pull(Time now, LinkId id, wire::Frame& frame) {
    Neighbour* neighbour = links_.neighbour(id);
    if (neighbour == nullptr) return false;
    Link& link = neighbour->link;
    Flooding& flooding = neighbour->flooding;
    // Of a machine that leaves, its last record goes before its goodbye.
    if (shutting_down_ && flooding.pull(now, topology_, directory_, frame)) return true;
    if (link.has_frames()) {
        const std::uint64_t known = digest();
        if (known != told_digest_) told_digest_since_ = now;
        told_digest_ = known;
        if (link.pull(now, known, frame)) return true;
    }
    if (!link.carries_records()) return false;
    if (link.awaits_sync() && flooding.records_told()) {
        frame = wire::Frame(wire::FrameType::sync_done, 0);
        if (link.sync_sent(now)) came_up(now, id);
        return true;
    }
    if (flooding.pull(now, topology_, directory_, frame)) return true;
    wake(flooding.next_deadline(now));
    return false;
}

void Control::tell_record(NodeIndex node, bool urgent, LinkId except) {
    for (LinkId link = 0; link < links_.end(); ++link) {
        Neighbour* neighbour = links_.neighbour(link);
        if (neighbour == nullptr || link == except || !neighbour->link.carries_records()) continue;
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

// ---- time

void Control::tick(Time now) {
    forgive(now);
    for (LinkId link = 0; link < links_.end(); ++link) tick_link(now, link);
    if (now >= adopt_at_) adopt(now);
    if (own_.due(now)) issue(now);
    if (now >= announce_at_) announce();
    if (paths_due_.due(now)) find_paths(now);
    if (now >= forget_at_) forget(now);
    deadline_ = earliest(now);
}

Time Control::earliest(Time now) {
    Time next =
        std::min({own_.deadline(), announce_at_, paths_due_.deadline(), forget_at_, adopt_at_});
    for (LinkId link = 0; link < links_.end(); ++link) {
        Neighbour* neighbour = links_.neighbour(link);
        if (neighbour == nullptr || neighbour->link.closing()) continue;
        next = std::min({next, neighbour->link.next_deadline(now), neighbour->next_compare});
        // A link that has room is pulled at once; only the pace is waited for.
        const Time paced = neighbour->flooding.next_deadline(now);
        if (paced > now) next = std::min(next, paced);
    }
    return next;
}

void Control::forgive(Time now) {
    const Duration late = now > deadline_ ? now - deadline_ : Duration::zero();
    if (late <= options_.heartbeat / 2) {
        forgiven_ = 0;
        return;
    }
    if (++forgiven_ > most_forgiven) return;
    for (LinkId link = 0; link < links_.end(); ++link) {
        if (Neighbour* neighbour = links_.neighbour(link)) neighbour->link.forgive(late);
    }
}

void Control::tick_link(Time now, LinkId id) {
    Neighbour* neighbour = links_.neighbour(id);
    if (neighbour == nullptr || neighbour->link.closing()) return;
    Link& link = neighbour->link;
    if (link.handshake_expired(now)) {
        fail(now, id, {Code::timeout, "no handshake within 5 s"});
        return;
    }
    if (link.tick(now, random_.next()) == Liveness::Sign::dead) {
        fail(now, id, {Code::timeout, "no heartbeat for " + duration_text(link.detect())});
        return;
    }
    if (now >= neighbour->next_compare) compare_digests(now, id);
    if (link.has_frames() || neighbour->flooding.ready(now)) ready(id);
}

void Control::compare_digests(Time now, LinkId id) {
    Neighbour& neighbour = *links_.neighbour(id);
    neighbour.next_compare = now + options_.digest_interval;
    const Link& link = neighbour.link;
    if (!link.is_up() || link.peer_digest() == digest() || told_digest_ != digest()) return;
    if (now - link.peer_digest_since() < quiet || now - told_digest_since_ < quiet) return;
    // The seam for finer comparison: buckets, then vectors of the differing ones.
    event(Event::Kind::warning, link.peer_machine(), "knows something else: telling everything");
    neighbour.flooding.tell_all(topology_);
}

// ---- what this machine says

void Control::changed(Time now, OwnRecord::Change change) {
    own_.changed(now, change);
    wake(own_.deadline());
}

void Control::issue(Time now) {
    const bool bad = own_.bad();
    const wire::NodeRecord record = own_.issue(
        now, options_, shutting_down_ ? std::vector<wire::Adjacency>{} : links_.adjacencies());
    const Topology::Accepted accepted = topology_.accept(now, record, wire::encode(record));
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
    directory_.offer(self, options_.epoch, std::move(record));
    known_changed();
    report_names();
    announce_at_ = std::min(announce_at_, now + announce_wait);
    wake(announce_at_);
    return instance;
}

void Control::withdraw(Time /*now*/, std::uint64_t instance) {
    if (local_.erase(instance) == 0) return;
    directory_.withdraw(self, options_.epoch, instance);
    known_changed();
    report_names();
    announce();
}

void Control::set_digest_interval(Duration interval) {
    options_.digest_interval = std::max<Duration>(interval, quiet);
}

void Control::shut_down(Time now) {
    if (std::exchange(shutting_down_, true)) return;
    own_.set_flags(wire::gone);
    own_.changed(now, OwnRecord::Change::bad);
    issue(now);
    for (LinkId link = 0; link < links_.end(); ++link) {
        if (links_.neighbour(link) == nullptr) continue;
        fail(now, link, {Code::closed, options_.machine + " is stopping"});
    }
}

void Control::adopt(Time now) {
    adopt_at_ = Time::max();
    adopt_wait_ = now - adopted_ > minutes(10) || adopted_ == Time{}
                      ? Duration(seconds(1))
                      : std::min<Duration>(adopt_wait_ * 2, seconds(60));
    adopted_ = now;
    options_.epoch = std::max(options_.epoch, adopt_epoch_);
    event(Event::Kind::warning, options_.machine,
          "takes a newer epoch: its record was known already");
    own_.begin_epoch();
    directory_.rewrite(self, options_.epoch);
    // Sessions and adjacencies are per epoch.
    for (LinkId link = 0; link < links_.end(); ++link) {
        if (links_.neighbour(link) == nullptr) continue;
        fail(now, link, {Code::peer_restarted, options_.machine + " took a newer epoch"});
    }
    issue(now);
}

// ---- what is known changes

void Control::find_paths(Time now) {
    paths_due_.done(now);
    map_.find_paths();
    const Topology::Changes changes = topology_.reach(now, map_.paths());
    if (changes.reached.empty() && changes.lost.empty()) return;
    known_changed();
    for (const NodeIndex node : changes.lost) {
        event(Event::Kind::machine_lost, topology_[node].machine,
              topology_[node].gone() ? "said goodbye" : topology_[node].last_broken);
    }
    for (const NodeIndex node : changes.reached) {
        event(Event::Kind::machine_reachable, topology_[node].machine,
              std::to_string(map_.paths().hops(node)) + " hops");
        for (LinkId link = 0; link < links_.end(); ++link) {
            Neighbour* neighbour = links_.neighbour(link);
            if (neighbour == nullptr || !neighbour->link.carries_records()) continue;
            neighbour->flooding.release(node);
            ready(link);
        }
    }
    // A neighbour may have forgotten what it once had: its version alone would not tell.
    for (const NodeIndex node : changes.long_lost) {
        for (LinkId link = 0; link < links_.end(); ++link) {
            if (Neighbour* neighbour = links_.neighbour(link)) {
                neighbour->flooding.lacks_catalogue(node);
            }
        }
        tell_record(node, false, no_link);
        tell_catalogue(node, no_link);
    }
}

void Control::forget(Time now) {
    forget_at_ = now + forget_interval;
    for (const NodeIndex node : topology_.forget(now)) {
        directory_.clear(node, topology_[node].version.epoch);
        questions_.erase(node);
    }
    report_names();
}

void Control::report_names() {
    for (const NameChange& change : directory_.take_changes()) {
        event(change.added ? Event::Kind::service_added : Event::Kind::service_removed,
              change.service, topology_[change.node].machine);
    }
}

void Control::begin_epoch(NodeIndex node) {
    directory_.clear(node, topology_[node].version.epoch);
    questions_.erase(node);
    for (LinkId link = 0; link < links_.end(); ++link) {
        if (Neighbour* neighbour = links_.neighbour(link)) {
            neighbour->flooding.lacks_catalogue(node);
        }
    }
}

void Control::recycle(NodeIndex node) {
    begin_epoch(node);
    map_.drop(node);
    for (LinkId link = 0; link < links_.end(); ++link) {
        if (Neighbour* neighbour = links_.neighbour(link)) neighbour->flooding.drop(node);
    }
}

// ---- what is shown

std::uint64_t Control::digest() const {
    if (digest_known_) return digest_;
    digest_ = 0;
    for (NodeIndex node = 0; node < topology_.size(); ++node) {
        const Node& known = topology_[node];
        if (!known.reachable) continue;
        const Catalogue& catalogue = directory_[node];
        const bool empty = catalogue.sequence() == 0;
        digest_ += mix({known.router, known.version.epoch, known.version.sequence,
                        empty ? 0 : catalogue.epoch(), catalogue.sequence()});
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
            row.machine = network.peer_machine();
            row.state = to_string(network.state());
            row.since = network.since();
            row.round_trip = network.round_trip();
            row.cost = network.cost();
        }
        rows.push_back(std::move(row));
    }
    return rows;
}

std::vector<MachineRow> Control::machines(Time now) const {
    std::vector<MachineRow> rows;
    for (NodeIndex node = 0; node < topology_.size(); ++node) {
        const Node& known = topology_[node];
        if (known.forgotten || known.version.epoch == 0) continue;
        MachineRow row;
        row.machine = known.machine;
        row.router = known.router;
        row.epoch = known.version.epoch;
        row.reachable = known.reachable;
        row.unreachable_for = known.reachable ? Duration::zero() : now - known.since;
        row.hops = map_.paths().hops(node);
        const Records& records = directory_[node].records();
        row.services =
            static_cast<std::size_t>(std::ranges::count_if(records, [](const auto& entry) {
                return (entry.second.flags() & service_hidden) == 0;
            }));
        rows.push_back(std::move(row));
    }
    return rows;
}

void Control::event(Event::Kind kind, std::string subject, std::string detail) {
    actions_.events.push_back({kind, std::move(subject), std::move(detail)});
}

}  // namespace jetway::routing
