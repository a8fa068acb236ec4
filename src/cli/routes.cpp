// jetway routes and jetway services: what is offered, where, and how to get there.
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <iostream>

#include "base/text.hpp"
#include "cli/query.hpp"
#include "cli/route_table.hpp"
#include "cli/verbs.hpp"

namespace jetway::cli {
namespace {

namespace json = boost::json;

std::string listed(const std::vector<std::string>& texts) {
    return texts.empty() ? "-" : joined(texts);
}

/// Why no stream goes to the instance; empty when one may.
std::string trouble(const json::object& row) {
    const std::string why_not = text_of(row, "why_not");
    const bool lost = texts_of(row, "path").empty() && !flag_of(row, "best");
    return lost || why_not == "draining" ? why_not : std::string();
}

/// One entry a name; its machines, the best first, and those of them that are in trouble.
std::vector<json::object> services_of(const std::vector<json::object>& rows) {
    std::vector<json::object> services;
    for (const json::object& row : rows) {
        if (flag_of(row, "alternate")) continue;
        auto known = std::ranges::find_if(services, [&row](const json::object& service) {
            return text_of(service, "service") == text_of(row, "service");
        });
        if (known == services.end()) {
            services.push_back({{"service", row.at("service")},
                                {"type", row.at("type")},
                                {"machines", json::array()},
                                {"usable", false},
                                {"trouble", json::array()},
                                {"accepts", row.at("accepts")},
                                {"produces", row.at("produces")}});
            known = services.end() - 1;
        }
        json::object& service = *known;
        service["machines"].as_array().push_back(row.at("machine"));
        const std::string what = trouble(row);
        if (what.empty()) {
            service["usable"] = true;
        } else {
            service["trouble"].as_array().push_back(
                json::object{{"machine", row.at("machine")}, {"why", what}});
        }
    }
    return services;
}

std::string state(const json::object& service) {
    std::string result = flag_of(service, "usable") ? "ok" : "";
    for (const json::object& instance : objects_of(service, "trouble")) {
        if (!result.empty()) result += ", ";
        result += text_of(instance, "machine") + ": " + text_of(instance, "why");
    }
    return result;
}

std::string service_table(const std::vector<json::object>& services) {
    Table table({"SERVICE", "TYPE", "MACHINES", "STATE", "ACCEPTS", "PRODUCES"});
    for (const json::object& service : services) {
        table.add({text_of(service, "service"), text_of(service, "type"),
                   listed(texts_of(service, "machines")), state(service),
                   listed(texts_of(service, "accepts")), listed(texts_of(service, "produces"))});
    }
    return table.text();
}

/// E-NO-SERVICE for a name that nobody offers.
Result<json::object> ask_routes(const AskOptions& options, const std::string& query) {
    JETWAY_ASSIGN(Attachment attachment, attach_to(options.machine, query));
    JETWAY_ASSIGN(json::object answer, ask(attachment, {}, query, options.name));
    const bool found = std::ranges::any_of(
        objects_of(answer, "routes"),
        [&options](const json::object& row) { return is_wanted(row, options.name); });
    if (!found && !options.name.empty()) {
        JETWAY_TRY(ask(attachment, {}, "trace", options.name));  // which says what is near
    }
    return answer;
}

}  // namespace

Result<int> routes(const AskOptions& options) {
    JETWAY_ASSIGN(json::object answer, ask_routes(options, "routes"));
    std::cout << shown_routes(std::move(answer), options);
    return 0;
}

Result<int> services(const AskOptions& options) {
    JETWAY_ASSIGN(json::object answer, ask_routes(options, "services"));
    std::vector<json::object> rows = objects_of(answer, "routes");
    std::erase_if(rows, [&options](const auto& row) { return !is_wanted(row, options.name); });
    const std::vector<json::object> services = services_of(rows);
    if (options.format == Format::text) {
        std::cout << service_table(services);
        return 0;
    }
    answer.erase("routes");
    answer["services"] = json::array(services.begin(), services.end());
    std::cout << json::serialize(answer) << "\n";
    return 0;
}

}  // namespace jetway::cli
