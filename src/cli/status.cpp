// jetway status: one daemon, its links, its terminals and what runs over it.
#include <algorithm>
#include <boost/json/serialize.hpp>
#include <iostream>

#include "base/text.hpp"
#include "cli/query.hpp"
#include "cli/verbs.hpp"

namespace jetway::cli {
namespace {

namespace json = boost::json;

constexpr std::string_view pipeline_note = "pipeline ";

std::string clean(const std::string& text) {
    return clean_text(text, 1000);
}

/// A daemon of an older version does not say.
std::string threads(const json::object& answer) {
    return answer.contains("threads")
               ? "   " + counted(static_cast<std::size_t>(number_of(answer, "threads")), "thread")
               : "";
}

std::string heading(const json::object& answer) {
    return clean(text_of(answer, "machine")) + "   mesh " + clean(text_of(answer, "mesh")) +
           "   up " + shown_seconds(number_of(answer, "uptime_s")) + "   process " +
           std::to_string(number_of(answer, "pid")) + threads(answer) + "   id " +
           clean(text_of(answer, "router")) + "   version " + clean(text_of(answer, "version")) +
           "\n";
}

std::string links(const json::object& answer) {
    Table table({"LINK", "MACHINE", "PEER", "STATE", ">AGE", ">ROUND TRIP", ">COST", ">STREAMS"});
    Table attached({"ATTACHED", "PROCESS", ">AGE", ">STREAMS", ">SHARED MEMORY"});
    for (const json::object& row : objects_of(answer, "links")) {
        const std::string age = shown_seconds(number_of(row, "age_s"));
        const std::string streams = std::to_string(number_of(row, "streams"));
        if (text_of(row, "kind") == "local") {
            attached.add({text_of(row, "terminal"), text_of(row, "machine"), age, streams,
                          std::to_string(number_of(row, "shared_bytes"))});
            continue;
        }
        const bool measured = row.contains("round_trip_us") && row.at("round_trip_us").is_number();
        const std::string damped = flag_of(row, "damped") ? ", damped" : "";
        table.add({text_of(row, "terminal"), text_of(row, "machine"), text_of(row, "peer"),
                   text_of(row, "state") + damped, age,
                   measured ? shown_microseconds(number_of(row, "round_trip_us")) : "-",
                   std::to_string(number_of(row, "cost")), streams});
    }
    return (table.empty() ? "no links to other machines\n" : table.text()) +
           (attached.empty() ? "" : "\n" + attached.text());
}

/// Terminals without a link, and why.
std::string terminals(const json::object& answer) {
    Table table({"TERMINAL", "TYPE", "ADDRESS", "STATE", ">SINCE", ">ATTEMPTS", "LAST ERROR"});
    for (const json::object& row : objects_of(answer, "terminals")) {
        table.add({text_of(row, "name"), text_of(row, "type"), text_of(row, "address"),
                   text_of(row, "state"), shown_seconds(number_of(row, "since_s")),
                   std::to_string(number_of(row, "attempts")), text_of(row, "last_error")});
    }
    return table.empty() ? "" : "\n" + table.text();
}

std::string streams(const json::object& answer) {
    Table table({"STREAM FROM", "TO", ">SENT", ">ANSWERED", ">QUEUED", ">UNCONFIRMED", "STATE"});
    for (const json::object& row : objects_of(answer, "streams")) {
        table.add({text_of(row, "source"), text_of(row, "destination"),
                   std::to_string(number_of(row, "forward_bytes")),
                   std::to_string(number_of(row, "backward_bytes")),
                   std::to_string(number_of(row, "queued")), std::to_string(number_of(row, "kept")),
                   text_of(row, "state") == "waiting" ? "waits for a way" : "open"});
    }
    return table.empty() ? "" : "\n" + table.text();
}

/// What became of everything that this machine's processes wrote, and what crossed.
std::string ledger(const json::object& answer) {
    const json::value* lines = answer.if_contains("ledger");
    if (lines == nullptr || !lines->is_object()) return {};
    Table table({"SENT FROM HERE", ">SENT", ">DELIVERED", ">IN FLIGHT", ">UNCONFIRMED", "DROPPED"});
    for (const std::string unit : {"bytes", "messages"}) {
        const auto of = [&](std::string_view line) {
            const json::value* tally = lines->get_object().if_contains(line);
            return tally != nullptr && tally->is_object() ? number_of(tally->get_object(), unit)
                                                          : 0;
        };
        std::string dropped;
        for (const std::string_view reason : {"replaced", "late", "unwanted", "ended"}) {
            if (of(reason) == 0) continue;
            dropped += (dropped.empty() ? "" : ", ") + std::to_string(of(reason)) + " " +
                       std::string(reason);
        }
        table.add({unit, std::to_string(of("sent")), std::to_string(of("delivered")),
                   std::to_string(of("in_flight")), std::to_string(of("unconfirmed")),
                   dropped.empty() ? "0" : dropped});
    }
    return "\n" + table.text();
}

/// What became of all stream bytes that came to the router since its daemon started.
std::string crossing(const json::object& answer) {
    const json::value* value = answer.if_contains("counts");
    if (value == nullptr || !value->is_object()) return {};
    const json::object& counts = value->get_object();
    std::string discarded;
    if (const json::value* reasons = counts.if_contains("discarded");
        reasons != nullptr && reasons->is_object()) {
        for (const auto& [reason, bytes] : reasons->get_object()) {
            if (number_of(reasons->get_object(), reason) == 0) continue;
            std::string words = clean(std::string(reason));
            std::ranges::replace(words, '_', ' ');
            discarded += (discarded.empty() ? "" : ", ") +
                         std::to_string(number_of(reasons->get_object(), reason)) + " " + words;
        }
    }
    Table table({"CROSSED HERE", ">IN", ">OUT", ">QUEUED", "DISCARDED"});
    table.add({"bytes", std::to_string(number_of(counts, "bytes_in")),
               std::to_string(number_of(counts, "bytes_out")),
               std::to_string(number_of(counts, "bytes_queued")),
               discarded.empty() ? "0" : discarded});
    return "\n" + table.text();
}

/// What waits in the router, of what may.
std::string memory(const json::object& answer) {
    const json::value* value = answer.if_contains("memory");
    if (value == nullptr || !value->is_object()) return {};
    const json::object& use = value->get_object();
    const auto mebibytes = [&use](std::string_view key) {
        const std::int64_t tenths = number_of(use, key) * 10 >> 20U;
        return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10);
    };
    return "\nmemory for streams   " + mebibytes("used") + " of " + mebibytes("budget") +
           " MiB: queued " + mebibytes("queued") + ", unconfirmed " + mebibytes("kept") +
           ", reserved for wide windows " + mebibytes("reserved") + "\n";
}

/// What the daemon's parts want a person to know; pipelines last.
std::string notes(const json::object& answer) {
    const json::value* value = answer.if_contains("notes");
    if (value == nullptr || !value->is_object()) return {};
    std::string result;
    std::string pipelines;
    for (const auto& [key, text] : value->get_object()) {
        if (!text.is_string() || text.get_string().empty()) continue;
        const std::string line =
            clean(std::string(key)) + "   " + clean(std::string(text.get_string())) + "\n";
        (std::string_view(key).starts_with(pipeline_note) ? pipelines : result) += line;
    }
    result += pipelines;
    return result.empty() ? "" : "\n" + result;
}

}  // namespace

Result<int> status(const AskOptions& options) {
    JETWAY_ASSIGN(Attachment attachment, attach_to(options.machine, "status"));
    JETWAY_ASSIGN(const json::object answer, ask(attachment, {}, "status"));
    if (options.format == Format::json) {
        std::cout << json::serialize(answer) << "\n";
    } else {
        std::cout << heading(answer) << "\n"
                  << links(answer) << terminals(answer) << streams(answer) << ledger(answer)
                  << crossing(answer) << memory(answer) << notes(answer);
    }
    return 0;
}

}  // namespace jetway::cli
