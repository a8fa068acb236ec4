#include "cli/route_table.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "cli/query.hpp"

namespace jetway::cli {
namespace {

namespace json = boost::json;

std::string state(const json::object& row) {
    std::string result = flag_of(row, "best") ? "best" : text_of(row, "why_not");
    if (result.empty()) result = "alternate";
    if (flag_of(row, "static")) result += ", static";
    return result;
}

std::string table_of(const std::vector<json::object>& rows) {
    Table table({"SERVICE", "MACHINE", "VIA", ">HOPS", ">COST", "STATE"});
    for (const json::object& row : rows) {
        table.add({text_of(row, "service"), text_of(row, "machine"), shown_via(row),
                   std::to_string(number_of(row, "hops")), std::to_string(number_of(row, "cost")),
                   state(row)});
    }
    return table.text();
}

}  // namespace

std::string shown_via(const json::object& row) {
    const std::vector<std::string> path = texts_of(row, "path");
    std::string result = text_of(row, "terminal");
    for (std::size_t i = 2; i < path.size(); ++i) result += " > " + path[i];
    return result;
}

bool is_wanted(const json::object& row, const std::string& service) {
    return service.empty() || text_of(row, "service") == service;
}

std::string shown_routes(json::object answer, const AskOptions& options) {
    std::vector<json::object> rows = objects_of(answer, "routes");
    std::erase_if(rows, [&options](const auto& row) { return !is_wanted(row, options.name); });
    if (options.format == Format::text) return table_of(rows);
    answer["routes"] = json::array(rows.begin(), rows.end());
    return json::serialize(answer) + "\n";
}

}  // namespace jetway::cli
