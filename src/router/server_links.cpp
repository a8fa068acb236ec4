// Links of the server: how they come, what their frames do, how they go; and the turns in which the
// core's wishes are carried out.
#include <algorithm>

#include "router/server_state.hpp"

namespace jetway::router {
namespace {

bool is_of_name(const routing::Event& event) {
    using Kind = routing::Event::Kind;
    return event.kind == Kind::service_added || event.kind == Kind::service_removed;
}

/// "cli -> router (router@b)"
bool is_of_query(const routing::Event& event) {
    return event.subject.find("(router)") != std::string::npos ||
           event.subject.find("(router@") != std::string::npos;
}

/// What the timeline is for, what ends, and who asks, is for who looks closely.
spdlog::level::level_enum level_of(const routing::Event& event) {
    using Kind = routing::Event::Kind;
    if (event.kind == Kind::stream_opened && is_of_query(event)) return spdlog::level::debug;
    switch (event.kind) {
        case Kind::warning:
        case Kind::equivocation:
        case Kind::epoch_taken:
            return spdlog::level::warn;
        case Kind::path_changed:
        case Kind::route_added:
        case Kind::route_removed:
        case Kind::stream_ended:
            return spdlog::level::debug;
        default:
            return spdlog::level::info;
    }
}

}  // namespace

LinkEnd& RoutingServer::State::add(routing::LinkKind kind, const std::string& terminal,
                                   ConnectionPtr connection) {
    auto slot = std::find(links.begin(), links.end(), nullptr);
    if (slot == links.end()) slot = links.insert(links.end(), nullptr);
    const auto id = static_cast<routing::LinkId>(slot - links.begin());
    *slot = std::make_unique<LinkEnd>(*this, id, kind, std::move(connection));
    LinkEnd& link = **slot;
    link.terminal = terminal;
    link.connection->set_on_closed([this, id](const Error& reason) { closed(id, reason); });
    return link;
}

void RoutingServer::State::add_network(const std::string& terminal, ConnectionPtr connection) {
    LinkEnd& link = add(routing::LinkKind::network, terminal, std::move(connection));
    routing::LinkOptions options;
    options.kind = routing::LinkKind::network;
    options.dialled = link.connection->dialled();
    options.terminal = terminal;
    options.link_name = terminals.link_of(terminal);
    options.peer = link.connection->peer();
    link.in_core = true;
    core.add_link(now(), link.id, std::move(options));
    link.connection->in().set_reader(&link);
    schedule();
}

LinkEnd& RoutingServer::State::add_local(const std::string& terminal, ConnectionPtr connection,
                                         bool registers) {
    LinkEnd& link = add(routing::LinkKind::local, terminal, std::move(connection));
    link.registers = registers;
    link.connection->in().set_reader(&link);
    return link;
}

void RoutingServer::State::add_loopback(const std::string& name) {
    auto [far, near] = connection_pair(timer, name);
    reflectors.push_back(std::make_unique<Reflector>(std::move(far)));
    LinkEnd& link = add(routing::LinkKind::local, name, std::move(near));
    routing::LinkOptions options;
    options.kind = routing::LinkKind::local;
    options.terminal = name;
    options.process = "loopback";
    options.peer_pool = core.options().pool;
    link.in_core = true;
    core.add_link(now(), link.id, std::move(options));
    link.connection->in().set_reader(&link);
}

void RoutingServer::State::closed(routing::LinkId id, const Error& reason) {
    // The connection is calling: it goes after this turn. Its services leave the kernel's table
    // first, while the link still says that they are its own.
    LinkEnd& link = *links[id];
    while (!link.services.empty()) withdraw(link, std::string(link.services.begin()->first));
    const std::shared_ptr<LinkEnd> gone = std::move(links[id]);
    if (gone->in_core) core.remove_link(now(), id, reason);
    if (gone->kind == routing::LinkKind::network) {
        if (gone->connection->dialled()) {
            terminals.lost(gone->terminal, reason, gone->was_up);
        } else if (!gone->was_up && !gone->closing) {
            report_stranger(*gone, reason);
        }
        refresh_links();
    }
    // What a process had on its way when it left, nobody can say any more.
    gone->ledger.unconfirmed += std::exchange(gone->ledger.in_flight, {});
    past += gone->ledger;
    timer.post([gone] {});
    schedule();
}

/// A connection that ended before it was a link: a stranger, a port scan, a peer that died early.
void RoutingServer::State::report_stranger(const LinkEnd& link, const Error& reason) {
    std::uint64_t left_out = 0;
    if (!stranger_limit.allow(now(), left_out)) return;
    log::info("{} connection {} ended before it was a link: {}{}", log_name,
              link.connection->peer(), reason.line(),
              left_out == 0 ? "" : " (and " + std::to_string(left_out) + " more)");
}

void RoutingServer::State::on_frame(LinkEnd& link, wire::Frame&& frame) {
    if (link.closing) return;
    if (link.kind == routing::LinkKind::local && (frame.header.label == 0 || !link.in_core)) {
        if (auto taken = on_attach_frame(link, frame); !taken) close_link(link.id, taken.error());
        return;
    }
    core.receive(now(), link.id, std::move(frame));
    schedule();
}

bool RoutingServer::State::pull(LinkEnd& link, wire::Frame& frame) {
    return core.pull(now(), link.id, frame);
}

void RoutingServer::State::on_room(LinkEnd& link) {
    core.set_rate(link.id, link.connection->rate());
    rooms.push_back(link.id);
    schedule();
}

// All frames of one turn share one reading of the clock.
Time RoutingServer::State::now() const {
    return scheduled ? turn_now : timer.now();
}

void RoutingServer::State::schedule() {
    if (scheduled) return;
    turn_now = timer.now();
    scheduled = true;
    timer.post([this, still = std::weak_ptr(alive)] {
        if (!still.expired()) run_turn();
    });
}

void RoutingServer::State::run_turn() {
    scheduled = true;  // what happens meanwhile belongs to this turn
    turn_now = timer.now();
    for (;;) {
        core.take(actions);
        if (actions.ready.empty() && actions.close.empty() && actions.events.empty() &&
            rooms.empty())
            break;
        for (const routing::Event& event : actions.events) report(event);
        if (!actions.events.empty()) refresh_links();
        for (const routing::LinkId id : actions.ready) {
            if (id < links.size() && links[id]) links[id]->pump();
        }
        const std::vector<routing::LinkId> with_room = std::exchange(rooms, {});
        for (const routing::LinkId id : with_room) {
            if (id < links.size() && links[id]) links[id]->pump();
        }
        for (const auto& close : actions.close) close_link(close.link, close.reason);
        actions.clear();
    }
    scheduled = false;
    tell_watchers();
    arm();
}

void RoutingServer::State::close_link(routing::LinkId id, const Error& reason) {
    if (id >= links.size() || !links[id] || links[id]->closing) return;
    LinkEnd& link = *links[id];
    link.pump();
    link.closing = true;
    log::info("{} link on {} ({}) closed: {}", log_name,
              link.terminal.empty() ? "an accepted connection" : link.terminal,
              link.connection->peer(), reason.line());
    link.connection->close(reason);
}

void RoutingServer::State::refresh_links() {
    const std::vector<routing::LinkRow> rows = core.links();
    for (const routing::LinkRow& row : rows) {
        if (row.kind != routing::LinkKind::network || row.state != "up") continue;
        if (row.link >= links.size() || !links[row.link] || links[row.link]->was_up) continue;
        LinkEnd& link = *links[row.link];
        link.was_up = true;
        link.terminal =
            terminals.up(link.terminal, {row.machine, row.name}, link.connection->dialled());
        core.set_terminal(link.id, link.terminal);
    }
    terminals.retry([&rows](const Towards& towards) {
        return std::any_of(rows.begin(), rows.end(), [&towards](const routing::LinkRow& row) {
            return row.kind == routing::LinkKind::network && row.machine == towards.machine &&
                   row.name == towards.link;
        });
    });
}

void RoutingServer::State::arm() {
    const Time next = core.next_deadline();
    if (next == armed_for) return;
    armed_for = next;
    deadline.reset();
    if (next == Time::max()) return;
    deadline = timer.at(next, [this] {
        armed_for = Time::max();
        deadline.release();
        core.tick(timer.now());
        schedule();
    });
}

void RoutingServer::State::report(const routing::Event& event) {
    const bool of_stream = routing::is_of_stream(event.kind);
    const bool limited = of_stream && event.kind != routing::Event::Kind::stream_refused;
    std::uint64_t left_out = 0;
    if (!limited || log_limit.allow(turn_now, left_out)) {
        log::log(level_of(event), "{} {}{}", log_name, routing::line_of(event),
                 left_out == 0 ? "" : " (and " + std::to_string(left_out) + " more)");
    }
    if (!of_stream) keep(event);
    if (on_event) on_event(event);
}

/// Names that come and go fast are left out: they must not push out what happened to paths. That
/// each machine has the service `router` is no news.
void RoutingServer::State::keep(const routing::Event& event) {
    if (is_of_name(event) && event.subject == "router") return;
    has_news = true;
    std::uint64_t left_out = 0;
    if (is_of_name(event) && !name_limit.allow(turn_now, left_out)) return;
    const std::int64_t wall_us = wall_time_us();
    if (left_out > 0) {
        const std::string names = std::to_string(left_out) + " names came or went before that";
        timeline.add(wall_us, {routing::Event::Kind::warning, names, {}, {}});
    }
    timeline.add(wall_us, event);
}

/// Costs change without an event: the digest tells.
void RoutingServer::State::tell_watchers() {
    if (!queries->watched()) return told_digest.reset();
    const std::uint64_t digest = core.digest();
    const bool changed = told_digest && (has_news || digest != *told_digest);
    told_digest = digest;
    has_news = false;
    if (changed) queries->ring();
}

}  // namespace jetway::router
