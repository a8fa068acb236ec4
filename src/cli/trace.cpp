// jetway trace: the way to a service, or through a pipeline, as it would be taken now, and how long
// it takes.
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <iostream>
#include <map>
#include <optional>

#include "base/text.hpp"
#include "cli/probe.hpp"
#include "cli/query.hpp"
#include "cli/verbs.hpp"

namespace jetway::cli {
namespace {

namespace json = boost::json;

std::string shown_path(const std::vector<std::string>& machines) {
    std::string result;
    for (const std::string& machine : machines)
        result += (result.empty() ? "" : " > ") + clean_text(machine, 64);
    return result;
}

/// One leg of a pipeline: from a machine to the one where a stage runs.
struct Leg {
    std::string stage;
    std::vector<std::string> path;
    std::int64_t cost = 0;
    std::optional<std::int64_t> round_trip_us;
    std::size_t depth = 0;  // of branches
};

class PipelineTrace {
public:
    explicit PipelineTrace(Attachment& attachment) : attachment_(attachment) {}

    Result<> follow(const wire::Stage& stage, const std::string& from, std::size_t depth) {
        JETWAY_ASSIGN(const json::object answer, ask(attachment_, from, "trace", stage.address()));
        Leg leg{stage.address(), texts_of(answer, "path"), number_of(answer, "cost"), {}, depth};
        leg.round_trip_us = round_trip(leg.path);
        const std::string at = leg.path.empty() ? from : leg.path.back();
        legs_.push_back(std::move(leg));
        const std::size_t deeper = depth + (stage.next_size() > 1 ? 1 : 0);
        for (const wire::Stage& next : stage.next()) JETWAY_TRY(follow(next, at, deeper));
        return success();
    }

    std::string text() const {
        Table table({"STAGE", "PATH", ">ROUND TRIP", ">COST"});
        std::int64_t total = 0;
        for (const Leg& leg : legs_) {
            const bool measured = leg.round_trip_us.has_value();
            total += leg.round_trip_us.value_or(0);
            table.add({std::string(2 * leg.depth, ' ') + leg.stage, shown_path(leg.path),
                       leg.path.size() < 2 ? "local"
                       : measured          ? shown_microseconds(*leg.round_trip_us)
                                           : "-",
                       std::to_string(leg.cost)});
        }
        return table.text() + "all legs together: " + shown_microseconds(total) + " round trip\n";
    }

    std::string as_json(const std::string& pipeline) const {
        json::array legs;
        for (const Leg& leg : legs_) {
            json::object row{{"stage", leg.stage},
                             {"path", json::array(leg.path.begin(), leg.path.end())},
                             {"cost", leg.cost}};
            row["round_trip_us"] =
                leg.round_trip_us ? json::value(*leg.round_trip_us) : json::value(nullptr);
            legs.push_back(std::move(row));
        }
        return json::serialize(json::object{{"pipeline", pipeline}, {"legs", std::move(legs)}});
    }

private:
    /// The sum of what the routers on the way measure with their heartbeats; nothing when one does
    /// not say.
    std::optional<std::int64_t> round_trip(const std::vector<std::string>& path) {
        std::int64_t total = 0;
        for (std::size_t i = 0; i + 1 < path.size(); ++i) {
            const std::optional<std::int64_t> link = link_round_trip(path[i], path[i + 1]);
            if (!link) return std::nullopt;
            total += *link;
        }
        return total;
    }

    std::optional<std::int64_t> link_round_trip(const std::string& from, const std::string& to) {
        auto known = status_.find(from);
        if (known == status_.end()) {
            const auto answer = ask(attachment_, from, "status");
            known = status_.emplace(from, answer ? *answer : json::object()).first;
        }
        for (const json::object& row : objects_of(known->second, "links")) {
            const bool measured =
                row.contains("round_trip_us") && row.at("round_trip_us").is_number();
            if (text_of(row, "kind") == "network" && text_of(row, "machine") == to && measured) {
                return number_of(row, "round_trip_us");
            }
        }
        return std::nullopt;
    }

    Attachment& attachment_;
    std::vector<Leg> legs_;
    std::map<std::string, json::object> status_;
};

Result<int> trace_pipeline(Attachment& attachment, const AskOptions& options) {
    JETWAY_ASSIGN(const wire::Stage first, wire::parse_itinerary(options.name));
    PipelineTrace trace(attachment);
    JETWAY_TRY(trace.follow(first, attachment.session->machine(), 0));
    std::cout << (options.format == Format::json ? trace.as_json(options.name) + "\n"
                                                 : trace.text());
    return 0;
}

void print_alternates(const json::object& answer) {
    for (const json::object& row : objects_of(answer, "alternates")) {
        const std::string why = clean_text(text_of(row, "why_not"), 200);
        std::cout << " chosen over: " << shown_path(texts_of(row, "path")) << "   cost "
                  << number_of(row, "cost") << (why.empty() ? "" : "   (" + why + ")") << "\n";
    }
}

/// What would be taken if the first link of the way failed: the next best row that does not begin
/// with it.
void print_next_way(const json::object& answer) {
    const std::vector<std::string> path = texts_of(answer, "path");
    if (path.size() < 2) return;
    std::cout << " if " << shown_path({path[0], path[1]}) << " fails: ";
    for (const json::object& row : objects_of(answer, "alternates")) {
        const std::vector<std::string> other = texts_of(row, "path");
        const bool apart = other.size() == 1 || (other.size() > 1 && other[1] != path[1]);
        if (!apart) continue;
        std::cout << shown_path(other) << "   cost " << number_of(row, "cost") << "\n";
        return;
    }
    std::cout << "no other way   -> jetway simulate FILE --fail " << clean_text(path[0], 64) << ","
              << clean_text(path[1], 64) << "\n";
}

Result<int> trace_name(Attachment& attachment, const AskOptions& options) {
    JETWAY_ASSIGN(json::object answer, ask(attachment, {}, "trace", options.name));
    JETWAY_ASSIGN(const Duration round_trip, measure_round_trip(attachment, options.name));
    const std::int64_t microseconds = round_trip / std::chrono::microseconds(1);
    if (options.format == Format::json) {
        answer["round_trip_us"] = microseconds;
        std::cout << json::serialize(answer) << "\n";
        return 0;
    }
    std::cout << shown_path(texts_of(answer, "path")) << "   " << shown_microseconds(microseconds)
              << " round trip   cost " << number_of(answer, "cost") << "\n";
    print_alternates(answer);
    print_next_way(answer);
    return 0;
}

}  // namespace

Result<int> trace(const AskOptions& options) {
    JETWAY_ASSIGN(Attachment attachment, attach_to(options.machine, "trace"));
    const bool is_pipeline = options.name.find_first_of("|{") != std::string::npos;
    return is_pipeline ? trace_pipeline(attachment, options) : trace_name(attachment, options);
}

}  // namespace jetway::cli
