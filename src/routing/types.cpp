#include "routing/types.hpp"

namespace jetway::routing {

std::string_view words(Event::Kind kind) {
    using Kind = Event::Kind;
    switch (kind) {
        case Kind::link_up:
            return "link up: ";
        case Kind::link_down:
            return "link down: ";
        case Kind::link_duplicate:
            return "second link: ";
        case Kind::machine_reachable:
            return "reaches ";
        case Kind::machine_lost:
            return "lost ";
        case Kind::service_added:
            return "service ";
        case Kind::service_removed:
            return "service gone: ";
        case Kind::stream_refused:
            return "refused: ";
        case Kind::stream_ended:
            return "ended: ";
        case Kind::path_changed:
            return "path changed: ";
        case Kind::equivocation:
            return "two versions of one record: ";
        case Kind::stream_opened:
        case Kind::warning:
            break;
    }
    return {};
}

}  // namespace jetway::routing
