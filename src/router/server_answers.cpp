// What the service `router` answers, as JSON with a stable schema.
#include <boost/json.hpp>
#include <unistd.h>

#include "router/server_state.hpp"
#include "router/why.hpp"

namespace jetway::router {
namespace {

namespace json = boost::json;

std::int64_t seconds(Duration duration) {
    return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
}

template <typename Strings>
json::array texts(const Strings& strings) {
    json::array array;
    for (const std::string& text : strings) array.emplace_back(text);
    return array;
}

json::object ledger_of(const wire::Ledger& ledger) {
    json::object body;
    for (const auto& [name, line] : wire::ledger_lines) {
        const wire::Tally& tally = ledger.*line;
        body[name] = json::object{{"bytes", tally.bytes}, {"messages", tally.messages}};
    }
    return body;
}

json::object link_row(const routing::LinkRow& row, Time now) {
    return {{"terminal", row.terminal},
            {"kind", row.kind == routing::LinkKind::local ? "local" : "network"},
            {"peer", row.peer},
            {"machine", row.machine},
            {"state", row.state},
            {"age_s", seconds(now - row.since)},
            {"round_trip_us",
             row.round_trip ? json::value(row.round_trip->count() / 1000) : json::value(nullptr)},
            {"cost", row.cost},
            {"damped", row.damped},
            {"streams", row.streams},
            {"dialled", row.dialled}};
}

json::object terminal_row(const TerminalRow& row, Time now) {
    const bool failed = row.last_error.code != Code::ok && row.state != "up";
    return {{"name", row.name},
            {"type", to_string(row.type)},
            {"address", row.address},
            {"machine", row.machine},
            {"state", row.state},
            {"last_error", failed ? json::value(row.last_error.line()) : json::value(nullptr)},
            {"since_s", seconds(now - row.since)},
            {"attempts", row.attempts}};
}

json::object stream_row(const routing::StreamInfo& row) {
    return {{"source", row.source},
            {"destination", row.destination},
            {"forward_bytes", row.forward_bytes},
            {"backward_bytes", row.backward_bytes},
            {"queued", row.queued},
            {"kept", row.kept},
            {"attempt", row.attempt},
            {"state", row.waiting ? "waiting" : "open"}};
}

json::object route_row(const routing::RouteRow& row) {
    const bool known_type = row.type <= static_cast<std::uint32_t>(ServiceType::routing);
    return {{"service", row.service},
            {"machine", row.machine},
            {"router", fmt::format("{:016x}", row.router)},
            {"instance", row.instance},
            {"terminal", row.terminal},
            {"path", texts(row.path)},
            {"hops", row.hops},
            {"cost", row.cost},
            {"static", row.is_static},
            {"alternate", row.alternate},
            {"best", row.best},
            {"why_not", row.why_not},
            {"type", known_type ? to_string(static_cast<ServiceType>(row.type)) : "unknown"},
            {"accepts", texts(row.accepts)},
            {"produces", texts(row.produces)}};
}

json::object discards_of(const routing::Discards& discards) {
    json::object result;
    for (std::size_t i = 0; i < discards.bytes.size(); ++i)
        result[routing::discard_names[i]] = discards.bytes[i];
    return result;
}

json::object counts_of(const routing::ForwarderCounts& counts) {
    return {{"frames_in", counts.frames_in},
            {"frames_out", counts.frames_out},
            {"bytes_in", counts.bytes_in},
            {"bytes_out", counts.bytes_out},
            {"bytes_queued", counts.bytes_queued},
            {"bytes_discarded", counts.bytes_discarded.sum()},
            {"discarded", discards_of(counts.bytes_discarded)},
            {"streams_opened", counts.streams_opened},
            {"streams_refused", counts.streams_refused},
            {"streams_reset", counts.streams_reset},
            {"streams_resumed", counts.streams_resumed},
            {"grants_held", counts.grants_held}};
}

json::object memory_of(const routing::Core& core) {
    const routing::MemoryUse use = core.memory();
    std::size_t kept = 0;
    for (const routing::StreamInfo& stream : core.streams()) kept += stream.kept;
    return {{"budget", use.budget},
            {"used", use.waiting},
            {"queued", core.counts().bytes_queued},
            {"kept", kept},
            {"reserved", use.wide}};
}

/// "2026-11-27T19:26:26.123Z".
std::string wall_text(std::int64_t wall_us) {
    const std::time_t whole = wall_us / 1'000'000;
    std::tm parts{};
    gmtime_r(&whole, &parts);
    char text[32];
    const std::size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    return fmt::format("{}.{:03}Z", std::string_view(text, length), wall_us / 1000 % 1000);
}

json::object event_row(const Timeline::Entry& entry) {
    return {{"number", entry.number},         {"time", wall_text(entry.wall_us)},
            {"time_us", entry.wall_us},       {"event", routing::to_string(entry.event.kind)},
            {"subject", entry.event.subject}, {"detail", entry.event.detail},
            {"cause", entry.event.cause},     {"text", routing::line_of(entry.event)}};
}

}  // namespace

void RoutingServer::State::add_status(json::object& body) const {
    const Time at = timer.now();
    json::array link_rows;
    json::array terminal_rows;
    json::array stream_rows;
    json::object note_rows;
    wire::Ledger total = past;
    for (const auto& row : core.links()) {
        json::object shown = link_row(row, at);
        if (row.kind == routing::LinkKind::local && links[row.link] != nullptr) {
            shown["ledger"] = ledger_of(links[row.link]->ledger);
            shown["shared_bytes"] = links[row.link]->connection->shared_bytes();
            total += links[row.link]->ledger;
        }
        link_rows.push_back(std::move(shown));
    }
    for (const auto& row : terminals.rows()) terminal_rows.push_back(terminal_row(row, at));
    for (const auto& row : core.streams()) stream_rows.push_back(stream_row(row));
    for (const auto& [key, text] : notes) note_rows[key] = text;
    body["router"] = fmt::format("{:016x}", core.options().router);
    body["epoch"] = core.options().epoch;
    body["pid"] = getpid();
    body["uptime_s"] = seconds(at - started);
    body["version"] = JETWAY_VERSION;
    body["threads"] = transport.threads;
    body["links"] = std::move(link_rows);
    body["terminals"] = std::move(terminal_rows);
    body["streams"] = std::move(stream_rows);
    body["ledger"] = ledger_of(total);
    body["counts"] = counts_of(core.counts());
    body["memory"] = memory_of(core);
    body["notes"] = std::move(note_rows);
}

void RoutingServer::State::add_routes(json::object& body, const std::string& service) const {
    const Time at = timer.now();
    json::array rows;
    for (const auto& row : service.empty() ? core.routes(at) : core.routes(at, service)) {
        if (row.type != static_cast<std::uint32_t>(ServiceType::routing))
            rows.push_back(route_row(row));
    }
    body["routes"] = std::move(rows);
}

void RoutingServer::State::add_machines(json::object& body) const {
    json::array rows;
    for (const auto& row : core.machines(timer.now())) {
        rows.push_back(json::object{{"machine", row.machine},
                                    {"router", fmt::format("{:016x}", row.router)},
                                    {"reachable", row.reachable},
                                    {"unreachable_s", seconds(row.unreachable_for)},
                                    {"hops", row.hops},
                                    {"services", row.services}});
    }
    body["machines"] = std::move(rows);
}

void RoutingServer::State::add_timeline(json::object& body, std::uint64_t after) const {
    json::array rows;
    for (const Timeline::Entry& entry : timeline.entries()) {
        if (entry.number > after) rows.push_back(event_row(entry));
    }
    const std::uint64_t first = timeline.last() - timeline.entries().size() + 1;
    body["first"] = first;
    body["last"] = timeline.last();
    body["events"] = std::move(rows);
}

Result<> RoutingServer::State::add_trace(json::object& body, const std::string& name) const {
    const Time at = timer.now();
    JETWAY_ASSIGN(const routing::Choice choice, core.resolve(at, name));
    JETWAY_ASSIGN(const wire::Address address, wire::parse_address(name));
    json::array alternates;
    for (const auto& row : core.routes(at, address.service)) {
        if (!row.best) alternates.push_back(route_row(row));
    }
    body["name"] = name;
    body["path"] = texts(choice.machines);
    body["cost"] = choice.cost;
    body["alternates"] = std::move(alternates);
    return success();
}

std::string RoutingServer::State::answer(const Query& query) {
    json::object body{{"machine", core.options().machine}, {"mesh", core.options().mesh}};
    Result<> done = success();
    if (query.what == "status") {
        add_status(body);
    } else if (query.what == "services" || query.what == "routes") {
        add_routes(body, query.name);
    } else if (query.what == "machines") {
        add_machines(body);
    } else if (query.what == "timeline") {
        add_timeline(body, query.after);
    } else if (query.what == "trace") {
        done = add_trace(body, query.name);
    } else if (query.what == "why") {
        done = add_why(body, core, timer.now(), query.name, query.from);
    } else {
        done = Error(Code::usage, "unknown query \"" + query.what + "\"");
    }
    return done ? json::serialize(body) : error_answer(done.error());
}

}  // namespace jetway::router
