// jetway routes --watch: the table, then a line for each change of a way, with what did it.
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <map>

#include "base/text.hpp"
#include "cli/query.hpp"
#include "cli/route_table.hpp"
#include "cli/verbs.hpp"

namespace jetway::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t longest_line = 2000;
constexpr int most_often = 4;  // waits for as many times of what an answer took

/// The instance that a row is about.
std::string key_of(const json::object& row) {
    return text_of(row, "service") + " " + text_of(row, "machine") + " " + text_of(row, "router") +
           " " + std::to_string(number_of(row, "instance")) +
           (flag_of(row, "static") ? " static" : "");
}

/// What a change is: the way, its cost, whether it is used. Words that only tell how long something
/// has lasted are none.
std::string state_of(const json::object& row) {
    if (texts_of(row, "path").empty() && !flag_of(row, "best")) return "no path";
    return shown_via(row) + ", cost " + std::to_string(number_of(row, "cost")) +
           (flag_of(row, "best") ? ", best" : "") +
           (text_of(row, "why_not") == "draining" ? ", draining" : "");
}

using Rows = std::map<std::string, json::object>;

Rows instances(const json::object& answer, const std::string& name) {
    Rows rows;
    for (json::object& row : objects_of(answer, "routes")) {
        if (flag_of(row, "alternate")) continue;
        if (!is_wanted(row, name)) continue;
        rows.emplace(key_of(row), std::move(row));
    }
    return rows;
}

struct Change {
    const json::object* before = nullptr;  // nullptr: it is new
    const json::object* now = nullptr;     // nullptr: it is gone

    const json::object& row() const { return now != nullptr ? *now : *before; }
};

std::vector<Change> changes_between(const Rows& before, const Rows& now) {
    std::vector<Change> changes;
    for (const auto& [key, row] : before) {
        const auto found = now.find(key);
        if (found == now.end()) {
            changes.push_back({&row, nullptr});
        } else if (state_of(found->second) != state_of(row)) {
            changes.push_back({&row, &found->second});
        }
    }
    for (const auto& [key, row] : now) {
        if (!before.contains(key)) changes.push_back({nullptr, &row});
    }
    return changes;
}

/// What an event that explains the change is called.
std::string_view kind_of(const Change& change) {
    const auto has_way = [](const json::object* row) {
        return row != nullptr && !texts_of(*row, "path").empty();
    };
    if (!has_way(change.before)) return "machine_reachable";
    return has_way(change.now) ? "path_changed" : "machine_lost";
}

/// Why the machine of a change is reached otherwise: the newest event that says just that, else
/// the newest about it, else the newest about a link.
const json::object* event_of(const std::vector<json::object>& events, const Change& change) {
    const std::string machine = text_of(change.row(), "machine");
    const json::object* found = nullptr;
    const json::object* of_machine = nullptr;
    const json::object* of_link = nullptr;
    for (const json::object& event : events) {
        const std::string kind = text_of(event, "event");
        const bool of_paths =
            kind == "path_changed" || kind == "machine_lost" || kind == "machine_reachable";
        if (of_paths && text_of(event, "subject") == machine) of_machine = &event;
        if (of_machine == &event && kind == kind_of(change)) found = &event;
        if (kind.starts_with("link_")) of_link = &event;
    }
    if (found != nullptr) return found;
    return of_machine != nullptr ? of_machine : of_link;
}

/// Of each change of a way, not of its cost alone, there is an event.
bool are_explained(const std::vector<Change>& changes, const std::vector<json::object>& events) {
    return std::ranges::all_of(changes, [&](const Change& change) {
        const bool moved = change.before == nullptr || change.now == nullptr ||
                           texts_of(*change.before, "path") != texts_of(*change.now, "path");
        return !moved || event_of(events, change) != nullptr;
    });
}

std::string cause_in(const json::object& event) {
    const std::string cause = text_of(event, "cause");
    return cause.empty() && text_of(event, "event").starts_with("link_") ? text_of(event, "text")
                                                                         : cause;
}

std::int64_t now_us() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

std::string as_json(const Change& change, const std::string& cause, std::int64_t time_us) {
    json::object line{{"time_us", time_us},
                      {"change", change.before == nullptr ? "new"
                                 : change.now == nullptr  ? "gone"
                                                          : "changed"},
                      {"cause", cause}};
    line["route"] = change.now == nullptr ? json::value(nullptr) : json::value(*change.now);
    line["was"] = change.before == nullptr ? json::value(nullptr) : json::value(*change.before);
    return json::serialize(line) + "\n";
}

std::string as_text(const Change& change, const std::string& cause, std::int64_t time_us) {
    const json::object& row = change.row();
    std::string line = text_of(row, "service") + " on " + text_of(row, "machine") + ": " +
                       (change.now == nullptr ? "gone" : state_of(*change.now));
    if (change.before != nullptr) line += "   was " + state_of(*change.before);
    if (!cause.empty()) line += "   (" + cause + ")";
    return shown_time(time_us) + "  " + clean_text(line, longest_line) + "\n";
}

class RoutesWatch {
public:
    RoutesWatch(Attachment& attachment, const AskOptions& options)
        : attachment_(attachment), options_(options), changes_(attachment, {}) {}

    Result<int> run() {
        for (bool is_first = true;; is_first = false) {
            JETWAY_ASSIGN(const bool changed, changes_.wait());
            if (!changed) return 0;
            const Time began = attachment_.loop->now();
            auto text = look(is_first);
            if (!text) return changes_.explained(text.error());
            if (!print(*text)) return 0;  // main says what is wrong
            // A large table keeps the daemon busy: it is asked for less often.
            changes_.pause(most_often * (attachment_.loop->now() - began));
        }
    }

private:
    Result<std::string> look(bool is_first) {
        // Events first: what they tell is then in the routes.
        JETWAY_ASSIGN(json::object timeline, events());
        JETWAY_ASSIGN(json::object answer, ask(attachment_, {}, "routes", options_.name));
        Rows rows = instances(answer, options_.name);
        std::string text;
        if (is_first) {
            text = shown_routes(std::move(answer), options_);
        } else {
            const std::vector<Change> changes = changes_between(rows_, rows);
            // A way that became another one between the two answers has its event only now.
            std::vector<json::object> told = objects_of(timeline, "events");
            if (!are_explained(changes, told)) {
                JETWAY_ASSIGN(timeline, events());
                told = objects_of(timeline, "events");
            }
            for (const Change& change : changes) text += line(change, told);
        }
        known_ = number_of(timeline, "last");
        rows_ = std::move(rows);
        return text;
    }

    /// Since the last look.
    Result<json::object> events() {
        return ask(attachment_, {}, json::object{{"query", "timeline"}, {"after", known_}});
    }

    std::string line(const Change& change, const std::vector<json::object>& events) const {
        const json::object* event = event_of(events, change);
        const std::string cause = event == nullptr ? std::string() : cause_in(*event);
        const std::int64_t time_us = event == nullptr ? now_us() : number_of(*event, "time_us");
        return options_.format == Format::json ? as_json(change, cause, time_us)
                                               : as_text(change, cause, time_us);
    }

    Attachment& attachment_;
    const AskOptions& options_;
    Changes changes_;
    Rows rows_;
    std::int64_t known_ = 0;  // the number of the last event
};

}  // namespace

Result<int> watch_routes(const AskOptions& options) {
    JETWAY_ASSIGN(Attachment attachment, attach_to(options.machine, "routes"));
    return RoutesWatch(attachment, options).run();
}

}  // namespace jetway::cli
