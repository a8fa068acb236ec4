// What arrives on label 0 of a network link. An error closes the link with that reason.
#include <algorithm>

#include "routing/control.hpp"

namespace jetway::routing {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using wire::FrameType;

constexpr NodeIndex self = 0;
constexpr std::uint64_t max_sequence = std::uint64_t{1} << 62U;
constexpr Duration least_question_wait = milliseconds(50);
constexpr Duration most_question_wait = seconds(5);
constexpr Duration fresh_link = settling_time;

bool counts_against_quota(FrameType type) {
    return type == FrameType::node || type == FrameType::dir_delta || type == FrameType::dir_pull ||
           type == FrameType::dir_snapshot || type == FrameType::summary ||
           type == FrameType::digests;
}

bool known_type(std::uint8_t type) {
    return type >= static_cast<std::uint8_t>(FrameType::hello) &&
           type <= static_cast<std::uint8_t>(FrameType::digests);
}

}  // namespace

bool Control::heard_stream(Time now, LinkId id) {
    Slot* slot = links_.find(id);
    if (slot == nullptr || slot->closing) return false;
    if (!slot->neighbour) return true;
    heard(now, *slot->neighbour);
    if (slot->neighbour->link.is_up()) return true;
    fail(now, id, {Code::protocol, "a stream's frame before the link is up"});
    return false;
}

void Control::heard(Time now, Neighbour& from) {
    if (from.link.heard(now))
        event(Event::Kind::link_trusted, from.link.peer_machine(), "it speaks again");
}

void Control::receive(Time now, LinkId id, const wire::Frame& frame) {
    const Slot* slot = links_.find(id);
    if (slot == nullptr || slot->closing || !slot->neighbour) return;
    Neighbour& from = *slot->neighbour;
    heard(now, from);
    if (const auto done = dispatch(now, id, from, frame); !done) fail(now, id, done.error());
    report_names(now);
}

Result<> Control::dispatch(Time now, LinkId link, Neighbour& from, const wire::Frame& frame) {
    const std::uint8_t type = frame.header.type;
    if (!known_type(type)) {
        if ((type & wire::ignorable) != 0) return success();
        return Error(Code::protocol, "unknown frame of type " + std::to_string(type));
    }
    JETWAY_TRY(from.link.expects(type));
    JETWAY_TRY(within_quota(now, from, frame));
    const Bytes body = frame.body.bytes();
    switch (static_cast<FrameType>(type)) {
        case FrameType::hello:
            return on_hello(now, link, from, body);
        case FrameType::heartbeat:
            return on_heartbeat(now, link, from, body);
        case FrameType::verdict:
            return on_verdict(now, link, from, body);
        case FrameType::goaway:
            return on_goaway(now, link, body);
        case FrameType::sync_done:
            return on_sync_done(now, link, from);
        case FrameType::node:
            return on_node(now, link, from, frame.body);
        case FrameType::dir_delta:
            return on_delta(now, link, from, body);
        case FrameType::dir_snapshot:
            return on_snapshot(now, link, from, body);
        case FrameType::dir_pull:
            return on_pull(link, from, body);
        case FrameType::digests:
            return on_digests(link, from, body);
        case FrameType::summary:
            return on_summary(link, from, body);
        default:
            return success();
    }
}

Result<> Control::within_quota(Time now, Neighbour& from, const wire::Frame& frame) {
    if (!counts_against_quota(static_cast<FrameType>(frame.header.type))) return success();
    // Digests are worked out from all that is known.
    const std::uint64_t weight = frame.header.is(FrameType::digests) ? 50 : 1;
    if (from.frames.take(now, weight) && from.bytes.take(now, frame.body.size())) return success();
    return Error(Code::pressure, from.link.peer_machine() +
                                     " tells more than 2,000 frames or 20 MiB of routes a second");
}

// ---- the link

std::uint64_t Control::latest_epoch(Time now) const {
    const auto up = std::chrono::duration_cast<milliseconds>(now - born_).count();
    return routing::latest_epoch(options_.boot_time_us / 1000 + static_cast<std::uint64_t>(up));
}

Result<> Control::on_hello(Time now, LinkId link, Neighbour& from, Bytes body) {
    JETWAY_ASSIGN(const wire::Hello hello, wire::decode<wire::Hello>(body));
    JETWAY_TRY(from.link.on_hello(now, hello));
    if (hello.epoch() > latest_epoch(now)) {
        return Error(
            Code::protocol,
            hello.machine() + " is more than ten years ahead: is its clock right, or ours?");
    }
    if (contest_.withdrawn(now)) return Error(Code::ambiguous, withdrawn_text(now));
    if (links_.peers() >= wire::max_adjacencies && links_.to(from.link.peer()) == no_link) {
        return Error(Code::pressure, "this machine has 512 neighbours already");
    }
    wake(from.link.next_deadline(now));
    ready(link);
    pair(now, link);
    return success();
}

Result<> Control::on_heartbeat(Time now, LinkId /*link*/, Neighbour& from, Bytes body) {
    JETWAY_ASSIGN(const wire::Heartbeat heartbeat, wire::decode<wire::Heartbeat>(body));
    if (!from.link.on_heartbeat(now, heartbeat) || !from.link.is_up()) return success();
    const bool first = now - from.link.since() < fresh_link;
    changed(now, first ? OwnRecord::Change::good : OwnRecord::Change::cost);
    return success();
}

Result<> Control::on_verdict(Time now, LinkId link, Neighbour& from, Bytes body) {
    JETWAY_ASSIGN(const wire::Verdict verdict, wire::decode<wire::Verdict>(body));
    if (!verdict.keep()) {
        end(now, link, {Code::replaced, "another link to " + from.link.peer_machine() + " is kept"},
            false);
        return success();
    }
    if (from.link.state() != Link::State::deciding) {
        return Error(Code::protocol, "a second verdict");
    }
    from.link.keep(now);
    begin_sync(link);
    return success();
}

Result<> Control::on_goaway(Time now, LinkId link, Bytes body) {
    JETWAY_ASSIGN(const wire::Goaway goaway, wire::decode<wire::Goaway>(body));
    const std::string& peer = links_.neighbour(link)->link.peer_machine();
    Error reason(static_cast<Code>(goaway.code()), goaway.detail());
    reason.where = (peer.empty() ? "the peer" : peer) + " closed the link";
    end(now, link, reason, false);
    return success();
}

Result<> Control::on_sync_done(Time now, LinkId link, Neighbour& from) {
    if (from.link.on_sync_done(now)) came_up(now, link);
    return success();
}

// ---- records

Result<> Control::on_node(Time now, LinkId link, Neighbour& from, const Buffer& body) {
    JETWAY_ASSIGN(const NodePtr node, read_node(body, options_.nodes));
    if (node->version.epoch > max_epoch || node->version.sequence > max_sequence) {
        return Error(Code::protocol, "a record's version is out of range");
    }
    if (node->version.epoch > latest_epoch(now)) {
        event(Event::Kind::warning, node->machine,
              "a record from more than ten years ahead is not believed");
        return success();
    }
    if (node->router == options_.router) return on_own_record(now, link, from, *node);
    const Topology::Accepted accepted = topology_.accept(now, node);
    if (accepted.news == Topology::News::refused) return success();
    if (accepted.recycled) recycle(accepted.node);
    if (accepted.news == Topology::News::conflict) {
        event(Event::Kind::equivocation, node->machine, "one version, two contents");
    }
    if (!accepted.taken) {
        if (accepted.news == Topology::News::same) {
            from.flooding.has_record(accepted.node);
        } else {
            from.flooding.tell_record(accepted.node, false);
            ready(link);
        }
        return success();
    }
    known_changed();
    map_.trust(accepted.node);
    from.flooding.has_record(accepted.node);
    if (accepted.restarted) begin_epoch(accepted.node);
    if (pace_.take(now, accepted.node, link)) {
        tell_record(accepted.node, accepted.bad, link);
    } else {
        wake(pace_.deadline());
    }
    if (accepted.moved) {
        paths_due_.schedule(now);
        wake(paths_due_.deadline());
    }
    return success();
}

Result<> Control::on_own_record(Time now, LinkId link, Neighbour& from, const Node& heard) {
    const Node& own = topology_[self];
    if (heard.version < own.version) {
        from.flooding.tell_record(self, false);
        ready(link);
        return success();
    }
    if (heard.version == own.version && heard.digest == own.digest) {
        from.flooding.has_record(self);
        return success();
    }
    if (contest_.heard(now, heard) == Contest::Answer::withdraw) {
        withdraw_from_mesh(now, heard.machine);
    } else {
        wake(contest_.deadline());
    }
    return success();
}

Result<> Control::on_digests(LinkId link, Neighbour& from, Bytes body) {
    JETWAY_ASSIGN(const wire::Digests digests, wire::decode<wire::Digests>(body));
    from.flooding.compared(digests, topology_, directory_);
    ready(link);
    return success();
}

Result<> Control::on_summary(LinkId link, Neighbour& from, Bytes body) {
    JETWAY_ASSIGN(const wire::Summary summary, wire::decode<wire::Summary>(body));
    from.flooding.compared(summary, topology_, directory_);
    ready(link);
    return success();
}

// ---- catalogues

Result<> Control::on_delta(Time now, LinkId link, Neighbour& from, Bytes body) {
    JETWAY_ASSIGN(const wire::DirectoryDelta delta, wire::decode<wire::DirectoryDelta>(body));
    const NodeIndex node = topology_.find(delta.origin());
    if (node == self)
        return on_own_catalogue(now, delta.epoch(), delta.to_sequence(), delta.digest_after());
    if (node == no_node) return success();
    if (delta.epoch() != topology_[node].version.epoch) return success();
    return on_catalogue(now, link, from, node, delta.to_sequence(), directory_.apply(node, delta));
}

Result<> Control::on_snapshot(Time now, LinkId link, Neighbour& from, Bytes body) {
    JETWAY_ASSIGN(wire::DirectorySnapshot chunk, wire::decode<wire::DirectorySnapshot>(body));
    JETWAY_ASSIGN(auto whole, from.assembly.add(std::move(chunk)));
    if (!whole) return success();
    const NodeIndex node = topology_.find(whole->origin);
    if (node == self) return on_own_catalogue(now, whole->epoch, whole->sequence, whole->digest);
    if (node == no_node) return success();
    if (whole->epoch != topology_[node].version.epoch) return success();
    const std::uint64_t sequence = whole->sequence;
    const bool same_version = sequence == directory_[node].sequence();
    const auto news = directory_.replace(node, *whole);
    if (same_version && news && *news == Directory::News::newer) {
        event(Event::Kind::equivocation, topology_[node].machine, "one version, other services");
        distrust_catalogue(node);
    }
    return on_catalogue(now, link, from, node, sequence, news);
}

Result<> Control::on_catalogue(Time now, LinkId link, Neighbour& from, NodeIndex node,
                               std::uint64_t sequence, Result<Directory::News> news) {
    if (!news) return news.error();
    switch (*news) {
        case Directory::News::newer:
            known_changed();
            questions_.erase(node);
            from.flooding.has_catalogue(node, sequence);
            tell_catalogue(node, link);
            break;
        case Directory::News::older:
            from.flooding.has_catalogue(node, sequence);
            if (sequence < directory_[node].sequence()) {
                from.flooding.tell_catalogue(node);
                ready(link);
            }
            break;
        case Directory::News::gap:
            ask(now, link, from, node, false);
            break;
        case Directory::News::broken:
            ask(now, link, from, node, true);
            break;
    }
    return success();
}

/// Services that we have never announced are outdone as a record is.
Result<> Control::on_own_catalogue(Time now, std::uint64_t epoch, std::uint64_t sequence,
                                   std::uint64_t digest) {
    const Catalogue& own = directory_[self];
    if (epoch != options_.epoch || sequence < own.sequence()) return success();
    if (sequence == own.sequence() && digest == own.digest()) return success();
    contest_.heard(now, topology_[self]);
    wake(contest_.deadline());
    return success();
}

void Control::ask(Time now, LinkId link, Neighbour& from, NodeIndex node, bool everything) {
    Question& question = questions_[node];
    if (now < question.again) return;
    question.wait =
        std::clamp<Duration>(question.wait * 2, least_question_wait, most_question_wait);
    question.again = now + question.wait;
    from.flooding.pull_catalogue(node, everything);
    ready(link);
}

Result<> Control::on_pull(LinkId link, Neighbour& from, Bytes body) {
    JETWAY_ASSIGN(const wire::DirectoryPull pull, wire::decode<wire::DirectoryPull>(body));
    const NodeIndex node = topology_.find(pull.origin());
    if (node == no_node || pull.epoch() != topology_[node].version.epoch) return success();
    from.flooding.has_catalogue(node, pull.have_sequence());
    from.flooding.tell_catalogue(node);
    ready(link);
    return success();
}

}  // namespace jetway::routing
