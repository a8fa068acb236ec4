// jetway routes and jetway services: what is offered, where, and how to get there.
#include <algorithm>
#include <boost/json/serialize.hpp>
#include <iostream>

#include "base/text.hpp"
#include "cli/query.hpp"
#include "cli/verbs.hpp"

namespace jetway::cli {
namespace {

namespace json = boost::json;

/// "local", else the terminal and the machines after the first hop.
std::string via(const json::object& row) {
    const std::vector<std::string> path = texts_of(row, "path");
    std::string result = text_of(row, "terminal");
    for (std::size_t i = 2; i < path.size(); ++i) result += " > " + path[i];
    return result;
}

std::string state(const json::object& row) {
    std::string result = flag_of(row, "best") ? "best" : text_of(row, "why_not");
    if (result.empty()) result = "alternate";
    if (flag_of(row, "static")) result += ", static";
    return result;
}

std::string listed(const std::vector<std::string>& texts) {
    return texts.empty() ? "-" : joined(texts);
}

bool wanted(const json::object& row, const std::string& name) {
    return name.empty() || text_of(row, "service") == name;
}

std::string route_table(const std::vector<json::object>& rows) {
    Table table({"SERVICE", "MACHINE", "VIA", ">HOPS", ">COST", "STATE"});
    for (const json::object& row : rows) {
        table.add({text_of(row, "service"), text_of(row, "machine"), via(row),
                   std::to_string(number_of(row, "hops")), std::to_string(number_of(row, "cost")),
                   state(row)});
    }
    return table.text();
}

/// One entry a name; its machines, the best first.
std::vector<json::object> services_of(const std::vector<json::object>& rows) {
    std::vector<json::object> services;
    for (const json::object& row : rows) {
        if (flag_of(row, "alternate")) continue;
        const auto known = std::ranges::find_if(services, [&row](const json::object& service) {
            return text_of(service, "service") == text_of(row, "service");
        });
        if (known != services.end()) {
            (*known)["machines"].as_array().push_back(row.at("machine"));
            continue;
        }
        services.push_back({{"service", row.at("service")},
                            {"type", row.at("type")},
                            {"machines", json::array{row.at("machine")}},
                            {"accepts", row.at("accepts")},
                            {"produces", row.at("produces")}});
    }
    return services;
}

std::string service_table(const std::vector<json::object>& services) {
    Table table({"SERVICE", "TYPE", "MACHINES", "ACCEPTS", "PRODUCES"});
    for (const json::object& service : services) {
        table.add({text_of(service, "service"), text_of(service, "type"),
                   listed(texts_of(service, "machines")), listed(texts_of(service, "accepts")),
                   listed(texts_of(service, "produces"))});
    }
    return table.text();
}

struct Known {
    json::object answer;
    std::vector<json::object> rows;  // those that are wanted
};

/// E-NO-SERVICE for a name that nobody offers.
Result<Known> ask_routes(const AskOptions& options, const std::string& query) {
    JETWAY_ASSIGN(Attachment attachment, attach_to(options.machine, query));
    JETWAY_ASSIGN(json::object answer, ask(attachment, {}, query));
    std::vector<json::object> rows = objects_of(answer, "routes");
    std::erase_if(rows, [&options](const auto& row) { return !wanted(row, options.name); });
    if (rows.empty() && !options.name.empty()) {
        JETWAY_TRY(ask(attachment, {}, "trace", options.name));  // which says what is near
    }
    answer.erase("routes");
    return Known{std::move(answer), std::move(rows)};
}

int show(const AskOptions& options, Known known, const char* key, const std::string& table) {
    if (options.format == Format::json) {
        known.answer[key] = json::array(known.rows.begin(), known.rows.end());
        std::cout << json::serialize(known.answer) << "\n";
    } else {
        std::cout << table;
    }
    return 0;
}

}  // namespace

Result<int> routes(const AskOptions& options) {
    JETWAY_ASSIGN(Known known, ask_routes(options, "routes"));
    const std::string table = route_table(known.rows);
    return show(options, std::move(known), "routes", table);
}

Result<int> services(const AskOptions& options) {
    JETWAY_ASSIGN(Known known, ask_routes(options, "services"));
    known.rows = services_of(known.rows);
    const std::string table = service_table(known.rows);
    return show(options, std::move(known), "services", table);
}

}  // namespace jetway::cli
