// jetway routes and jetway services: what is offered, where, and how to get there.
#include <algorithm>
#include <boost/json/serialize.hpp>
#include <iostream>

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

std::string joined(const std::vector<std::string>& texts) {
    std::string result;
    for (const std::string& text : texts) result += (result.empty() ? "" : ", ") + text;
    return result.empty() ? "-" : result;
}

bool wanted(const json::object& row, const std::string& name) {
    return name.empty() || text_of(row, "service") == name;
}

std::string route_table(const std::vector<json::object>& rows, const std::string& name) {
    Table table({"SERVICE", "MACHINE", "VIA", ">HOPS", ">COST", "STATE"});
    for (const json::object& row : rows) {
        if (!wanted(row, name)) continue;
        table.add({text_of(row, "service"), text_of(row, "machine"), via(row),
                   std::to_string(number_of(row, "hops")), std::to_string(number_of(row, "cost")),
                   state(row)});
    }
    return table.text();
}

/// One line a name; its machines, the best first.
std::string service_table(const std::vector<json::object>& rows, const std::string& name) {
    Table table({"SERVICE", "TYPE", "MACHINES", "ACCEPTS", "PRODUCES"});
    std::vector<std::string> shown;
    for (const json::object& row : rows) {
        const std::string service = text_of(row, "service");
        if (!wanted(row, name) || std::find(shown.begin(), shown.end(), service) != shown.end())
            continue;
        shown.push_back(service);
        std::vector<std::string> machines;
        for (const json::object& other : rows) {
            if (text_of(other, "service") == service) machines.push_back(text_of(other, "machine"));
        }
        table.add({service, text_of(row, "type"), joined(machines),
                   joined(texts_of(row, "accepts")), joined(texts_of(row, "produces"))});
    }
    return table.text();
}

Result<json::object> ask_routes(const AskOptions& options, const std::string& query) {
    JETWAY_ASSIGN(Attachment attachment, attach_to(options.machine, query));
    return ask(attachment, {}, query);
}

}  // namespace

Result<int> routes(const AskOptions& options) {
    JETWAY_ASSIGN(const json::object answer, ask_routes(options, "routes"));
    std::cout << (options.format == Format::json
                      ? json::serialize(answer) + "\n"
                      : route_table(objects_of(answer, "routes"), options.name));
    return 0;
}

Result<int> services(const AskOptions& options) {
    JETWAY_ASSIGN(const json::object answer, ask_routes(options, "services"));
    std::cout << (options.format == Format::json
                      ? json::serialize(answer) + "\n"
                      : service_table(objects_of(answer, "routes"), options.name));
    return 0;
}

}  // namespace jetway::cli
