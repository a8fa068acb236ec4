// jetway timeline: what happened at a router, when, and why.
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>

#include "base/settings.hpp"
#include "base/text.hpp"
#include "cli/query.hpp"
#include "cli/verbs.hpp"

namespace jetway::cli {
namespace {

namespace json = boost::json;
using Events = std::vector<json::object>;

constexpr std::size_t longest_line = 2000;

/// Microseconds since 1970 before which nothing is wanted.
Result<std::int64_t> earliest(const std::string& since) {
    if (since.empty()) return 0;
    const auto duration = parse_duration(since);
    if (!duration) return Error(Code::usage, "--since: " + duration.error().detail);
    const auto when = std::chrono::system_clock::now().time_since_epoch() - *duration;
    return std::chrono::duration_cast<std::chrono::microseconds>(when).count();
}

Events wanted(const json::object& answer, const TimelineOptions& options, std::int64_t since_us) {
    Events events = objects_of(answer, "events");
    std::erase_if(events,
                  [since_us](const auto& event) { return number_of(event, "time_us") < since_us; });
    if (options.last != 0 && events.size() > options.last)
        events.erase(events.begin(), events.end() - options.last);
    return events;
}

std::string line(const json::object& event) {
    return shown_time(number_of(event, "time_us")) + "  " +
           clean_text(text_of(event, "text"), longest_line) + "\n";
}

std::string lines(const Events& events, Format format) {
    std::string result;
    for (const json::object& event : events)
        result += format == Format::json ? json::serialize(event) + "\n" : line(event);
    return result;
}

/// One object, or one for each event when more may follow.
std::string shown(json::object answer, const Events& events, const TimelineOptions& options) {
    if (options.ask.format == Format::json && !options.follow) {
        answer["events"] = json::array(events.begin(), events.end());
        return json::serialize(answer) + "\n";
    }
    return lines(events, options.ask.format);
}

}  // namespace

Result<int> timeline(const TimelineOptions& options) {
    JETWAY_ASSIGN(const std::int64_t since_us, earliest(options.since));
    JETWAY_ASSIGN(Attachment attachment, attach_to(options.ask.machine, "timeline"));
    const std::string& at = options.ask.name;
    if (!options.follow) {
        JETWAY_ASSIGN(json::object answer, ask(attachment, at, "timeline"));
        const Events events = wanted(answer, options, since_us);
        print(shown(std::move(answer), events, options));
        return 0;
    }
    Changes changes(attachment, at);
    std::int64_t known = 0;
    for (bool is_first = true;; is_first = false) {
        JETWAY_ASSIGN(const bool changed, changes.wait());
        if (!changed) return 0;
        auto answer = ask(attachment, at, json::object{{"query", "timeline"}, {"after", known}});
        if (!answer) return changes.explained(answer.error());
        const Events events =
            is_first ? wanted(*answer, options, since_us) : objects_of(*answer, "events");
        known = number_of(*answer, "last");
        if (!print(lines(events, options.ask.format))) return 0;  // main says what is wrong
    }
}

}  // namespace jetway::cli
