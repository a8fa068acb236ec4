#include "routing/types.hpp"

namespace jetway::routing {

namespace {

using Kind = Event::Kind;

/// What happened, as the first words of a line; streams say it themselves ("from -> to (name)").
std::string_view words(Kind kind) {
    switch (kind) {
        case Kind::link_up:
            return "link up: ";
        case Kind::link_down:
            return "link down: ";
        case Kind::link_duplicate:
            return "second link: ";
        case Kind::link_doubted:
            return "link in doubt: ";
        case Kind::link_trusted:
            return "link trusted again: ";
        case Kind::machine_reachable:
            return "reaches ";
        case Kind::machine_lost:
            return "lost ";
        case Kind::path_changed:
            return "path to ";
        case Kind::service_added:
            return "service ";
        case Kind::service_removed:
            return "service gone: ";
        case Kind::route_added:
            return "static route: ";
        case Kind::route_removed:
            return "static route gone: ";
        case Kind::stream_refused:
            return "refused: ";
        case Kind::stream_rerouted:
            return "rerouted: ";
        case Kind::stream_ended:
            return "ended: ";
        case Kind::equivocation:
            return "two versions of one record: ";
        case Kind::epoch_taken:
        case Kind::stream_opened:
        case Kind::warning:
            break;
    }
    return {};
}

}  // namespace

std::string_view to_string(Kind kind) {
    switch (kind) {
        case Kind::link_up:
            return "link_up";
        case Kind::link_down:
            return "link_down";
        case Kind::link_duplicate:
            return "link_duplicate";
        case Kind::link_doubted:
            return "link_doubted";
        case Kind::link_trusted:
            return "link_trusted";
        case Kind::machine_reachable:
            return "machine_reachable";
        case Kind::machine_lost:
            return "machine_lost";
        case Kind::path_changed:
            return "path_changed";
        case Kind::service_added:
            return "service_added";
        case Kind::service_removed:
            return "service_removed";
        case Kind::route_added:
            return "route_added";
        case Kind::route_removed:
            return "route_removed";
        case Kind::epoch_taken:
            return "epoch_taken";
        case Kind::stream_opened:
            return "stream_opened";
        case Kind::stream_refused:
            return "stream_refused";
        case Kind::stream_rerouted:
            return "stream_rerouted";
        case Kind::stream_ended:
            return "stream_ended";
        case Kind::equivocation:
            return "equivocation";
        case Kind::warning:
            return "warning";
    }
    return "unknown";
}

bool is_of_stream(Kind kind) {
    return kind == Kind::stream_opened || kind == Kind::stream_refused ||
           kind == Kind::stream_rerouted || kind == Kind::stream_ended;
}

std::string line_of(const Event& event) {
    std::string line(words(event.kind));
    line += event.subject;
    if (!event.detail.empty()) line += ": " + event.detail;
    if (!event.cause.empty()) line += " (" + event.cause + ")";
    return line;
}

}  // namespace jetway::routing
