// What the service `router` answers, as JSON with a stable schema.
#include <boost/json.hpp>
#include <unistd.h>

#include "router/server_state.hpp"

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
            {"streams", row.streams},
            {"dialled", row.dialled}};
}

json::object terminal_row(const TerminalRow& row, Time now) {
    return {{"name", row.name},
            {"type", to_string(row.type)},
            {"address", row.address},
            {"state", row.state},
            {"last_error", row.last_error.code == Code::ok ? json::value(nullptr)
                                                           : json::value(row.last_error.line())},
            {"since_s", seconds(now - row.since)},
            {"attempts", row.attempts}};
}

json::object stream_row(const routing::StreamInfo& row) {
    return {{"source", row.source},
            {"destination", row.destination},
            {"forward_bytes", row.forward_bytes},
            {"backward_bytes", row.backward_bytes},
            {"queued", row.queued}};
}

json::object route_row(const routing::RouteRow& row) {
    const bool known_type = row.type <= static_cast<std::uint32_t>(ServiceType::routing);
    return {{"service", row.service},
            {"machine", row.machine},
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

json::object counts_of(const routing::ForwarderCounts& counts) {
    return {{"frames_in", counts.frames_in},
            {"frames_out", counts.frames_out},
            {"bytes_in", counts.bytes_in},
            {"bytes_out", counts.bytes_out},
            {"bytes_queued", counts.bytes_queued},
            {"bytes_discarded", counts.bytes_discarded},
            {"streams_opened", counts.streams_opened},
            {"streams_refused", counts.streams_refused},
            {"streams_reset", counts.streams_reset},
            {"grants_held", counts.grants_held}};
}

}  // namespace

std::string RoutingServer::State::answer(const std::string& query, const std::string& name) {
    const Time at = timer.now();
    const routing::Options& options = core.options();
    json::object body{{"machine", options.machine}, {"mesh", options.mesh}};
    if (query == "status") {
        json::array link_rows;
        json::array terminal_rows;
        json::array stream_rows;
        json::object note_rows;
        for (const auto& row : core.links()) link_rows.push_back(link_row(row, at));
        for (const auto& row : terminals.rows()) terminal_rows.push_back(terminal_row(row, at));
        for (const auto& row : core.streams()) stream_rows.push_back(stream_row(row));
        for (const auto& [key, text] : notes) note_rows[key] = text;
        body["router"] = fmt::format("{:016x}", options.router);
        body["epoch"] = options.epoch;
        body["pid"] = getpid();
        body["uptime_s"] = seconds(at - started);
        body["version"] = JETWAY_VERSION;
        body["links"] = std::move(link_rows);
        body["terminals"] = std::move(terminal_rows);
        body["streams"] = std::move(stream_rows);
        body["counts"] = counts_of(core.counts());
        body["notes"] = std::move(note_rows);
    } else if (query == "services" || query == "routes") {
        json::array rows;
        for (const auto& row : core.routes(at)) {
            if (row.type != static_cast<std::uint32_t>(ServiceType::routing))
                rows.push_back(route_row(row));
        }
        body["routes"] = std::move(rows);
    } else if (query == "machines") {
        json::array rows;
        for (const auto& row : core.machines(at)) {
            rows.push_back(json::object{{"machine", row.machine},
                                        {"router", fmt::format("{:016x}", row.router)},
                                        {"reachable", row.reachable},
                                        {"unreachable_s", seconds(row.unreachable_for)},
                                        {"hops", row.hops},
                                        {"services", row.services}});
        }
        body["machines"] = std::move(rows);
    } else if (query == "trace") {
        const auto choice = core.resolve(at, name);
        if (!choice) return error_answer(choice.error());
        json::array alternates;
        const auto address = wire::parse_address(name);
        for (const auto& row : core.routes(at)) {
            if (address && row.service == address->service && !row.best)
                alternates.push_back(route_row(row));
        }
        body["name"] = name;
        body["path"] = texts(choice->machines);
        body["cost"] = choice->cost;
        body["alternates"] = std::move(alternates);
    } else {
        return error_answer(Error(Code::usage, "unknown query \"" + query + "\""));
    }
    return json::serialize(body);
}

}  // namespace jetway::router
