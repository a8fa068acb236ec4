#include "routing/control.hpp"

#include <algorithm>

namespace jetway::routing {

namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr Duration forget_interval = minutes(1);
constexpr Duration quiet = seconds(1);
constexpr Duration longest_sync = seconds(2);
constexpr std::uint32_t most_forgiven = 3;

Damping::Key key_of(const Link& link) {
    return {link.peer(), link.name()};
}

}  // namespace

Control::Control(Options options, Random& random, Actions& actions, Time now)
    : options_(std::move(options)),
      random_(random),
      actions_(actions),
      topology_(options_.router, options_.machine, now),
      map_(topology_, links_, now),
      born_(now),
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
    Link& up = links_.neighbour(link)->link;
    if (const Time until = damping_.until(key_of(up)); until > now) {
        up.damp(until);
        event(Event::Kind::link_doubted, up.peer_machine(),
              "it keeps going down: a last resort for " + duration_text(until - now));
    }
    links_.up(link);
    LinkOptions options = up.options();
    options.process = up.peer_machine();
    up_.push_back({link, std::move(options), up.peer_pool()});
    const std::string& terminal = up.options().terminal;
    event(Event::Kind::link_up, up.peer_machine(),
          terminal.empty() ? "accepted from " + up.options().peer : "terminal " + terminal);
    changed(now, OwnRecord::Change::good);
    // Our record may list the link still, or say the same as before: then nothing else would.
    paths_due_.schedule(now);
    wake(paths_due_.deadline());
}

void Control::went_down(Time now, LinkId link, const Error& reason) {
    const Link& gone = links_.neighbour(link)->link;
    if (gone.peer() == 0) return;
    const auto kind =
        reason.code == Code::replaced ? Event::Kind::link_duplicate : Event::Kind::link_down;
    event(kind, gone.peer_machine(), reason.line());
    if (!gone.is_up()) return;
    links_.down(link);
    if (reason.code != Code::replaced) damping_.went_down(now, key_of(gone));
    std::erase_if(up_, [link](const Up& up) { return up.link == link; });
    if (shutting_down_) return;
    if (links_.to(gone.peer()) == no_link) {
        map_.suspect(now, topology_.find(gone.peer()));
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
    links_.neighbour(link)->flooding.compare();
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
    if (link.awaits_sync() && flooding.all_compared() && flooding.records_told()) {
        frame = wire::Frame(wire::FrameType::sync_done, 0);
        if (link.sync_sent(now)) came_up(now, id);
        return true;
    }
    if (flooding.pull(now, topology_, directory_, frame)) return true;
    wake(flooding.next_deadline(now));
    return false;
}

// ---- time

void Control::tick(Time now) {
    forgive(now);
    for (LinkId link = 0; link < links_.end(); ++link) tick_link(now, link);
    if (const auto epoch = contest_.take_epoch(now)) begin_own_epoch(now, *epoch);
    for (const auto& [node, from] : pace_.due(now)) tell_record(node, false, from);
    if (own_.due(now)) issue(now);
    if (now >= announce_at_) announce();
    if (paths_due_.due(now)) find_paths(now);
    if (now >= forget_at_) forget(now);
    deadline_ = earliest(now);
}

Time Control::earliest(Time now) {
    Time next = std::min({own_.deadline(), announce_at_, paths_due_.deadline(), forget_at_,
                          contest_.deadline(), pace_.deadline()});
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
    const Liveness::Sign sign = link.tick(now, random_.next());
    if (sign == Liveness::Sign::dead) {
        fail(now, id, {Code::timeout, "no heartbeat for " + duration_text(link.detect())});
        return;
    }
    if (sign == Liveness::Sign::suspect)
        event(Event::Kind::link_doubted, link.peer_machine(), "nothing heard for two intervals");
    if (is_of_another_life(now, link)) {
        fail(now, id,
             {Code::peer_restarted,
              link.peer_machine() + " has no record of the life that its HELLO told of"});
        return;
    }
    if (link.undamped(now)) {
        event(Event::Kind::link_trusted, link.peer_machine(), "it has not gone down for a while");
        changed(now, OwnRecord::Change::good);
    }
    if (now >= neighbour->next_compare) compare_digests(now, id);
    if (link.has_frames() || neighbour->flooding.ready(now)) ready(id);
}

/// Such a link is up and of no use: nothing joins it to the peer's record.
bool Control::is_of_another_life(Time now, const Link& link) const {
    if (!link.is_up() || now - link.since() < longest_sync) return false;
    const NodeIndex peer = topology_.find(link.peer());
    return peer == no_node || topology_[peer].version.epoch != link.peer_epoch();
}

void Control::compare_digests(Time now, LinkId id) {
    Neighbour& neighbour = *links_.neighbour(id);
    neighbour.next_compare = now + options_.digest_interval;
    const Link& link = neighbour.link;
    if (!link.is_up() || link.peer_digest() == digest() || told_digest_ != digest()) return;
    if (now - link.peer_digest_since() < quiet || now - told_digest_since_ < quiet) return;
    event(Event::Kind::warning, link.peer_machine(), "knows something else: comparing");
    neighbour.flooding.compare();
    ready(id);
}

void Control::event(Event::Kind kind, std::string subject, std::string detail, std::string cause) {
    actions_.events.push_back({kind, std::move(subject), std::move(detail), std::move(cause)});
}

}  // namespace jetway::routing
