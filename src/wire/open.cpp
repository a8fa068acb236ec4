// OPEN and OPENED.
#include <algorithm>
#include <array>

#include "wire/check.hpp"

namespace jetway::wire {
namespace {

const Layout id_layout{"StreamId", {}, 9};

const Field open_fields[] = {
    {1, Field::Kind::text, 1, max_address},
    {2, Field::Kind::text, 1, max_address},
    {3, Field::Kind::text, 1, max_address},
    {4, Field::Kind::text, 1, max_address},
    {5, Field::Kind::text, 1, max_content_type},
    {10, Field::Kind::body, max_settings, 0, &setting_layout},
    {11, Field::Kind::body, max_stages, 0, &stage_layout},
    {20, Field::Kind::body, 1, 0, &id_layout},
    {25, Field::Kind::numbers, 1, 8 * max_route},
    {28, Field::Kind::body, max_failed, 0, &edge_layout},
    {30, Field::Kind::numbers, 1, 8 * max_route},
};
const Layout open_layout{"Open", open_fields};

const Field opened_fields[] = {
    {1, Field::Kind::text, 1, max_machine_name},
    {2, Field::Kind::text, 1, max_service_name},
    {4, Field::Kind::text, 1, max_content_type},
    {6, Field::Kind::text, max_route, max_machine_name},
    {7, Field::Kind::numbers, 1, 8 * max_route},
};
const Layout opened_layout{"Opened", opened_fields};

Result<> check_optional_address(std::string_view text, std::string_view what) {
    return text.empty() ? success() : check_address(text, what);
}

/// Where a stream has been, for people: a router may occur twice.
template <typename Routers>
Result<> check_way(const Routers& routers, std::string_view what) {
    if (static_cast<std::size_t>(routers.size()) > max_route) {
        return Error(Code::too_large, std::string(what) + " has more than 255 machines");
    }
    for (const RouterId router : routers) JETWAY_TRY(check_router(router, what));
    return success();
}

/// No router twice: a route cannot loop.
Result<> check_route(const Open& open) {
    const auto size = static_cast<std::size_t>(open.route_size());
    if (size > max_route) return Error(Code::too_large, "the route has more than 255 machines");
    JETWAY_TRY(require(open.position() < size, "the position lies outside the route"));
    std::array<RouterId, max_route> sorted;
    std::copy(open.route().begin(), open.route().end(), sorted.begin());
    const auto end = sorted.begin() + static_cast<std::ptrdiff_t>(size);
    std::sort(sorted.begin(), end);
    JETWAY_TRY(check_router(sorted.front(), "route"));
    JETWAY_TRY(check_router(*(end - 1), "route"));
    return require(std::adjacent_find(sorted.begin(), end) == end,
                   "a router is twice in the route");
}

/// The ingress's fields: all of them, or none on a local link.
Result<> check_routing(const Open& open) {
    const bool fresh = open.received() == 0 && !open.finished();
    JETWAY_TRY(require(open.resume() || fresh, "a new stream of which something was received"));
    JETWAY_TRY(require(!open.resume() || open.first_window() == 0,
                       "a stream that goes on begins with what is granted"));
    if (!open.has_id() && open.route().empty() && open.egress() == 0) {
        return require(open.position() == 0 && open.failed().empty() && open.walked().empty() &&
                           !open.resume(),
                       "OPEN has half of a route");
    }
    JETWAY_TRY(require(open.has_id(), "OPEN has a route and no id"));
    JETWAY_TRY(check(open.id()));
    JETWAY_TRY(check_router(open.egress(), "egress"));
    JETWAY_TRY(require(open.hop_limit() <= hop_limit, "the hop limit is above 1024"));
    for (const Edge& edge : open.failed()) JETWAY_TRY(check(edge));
    JETWAY_TRY(check_way(open.walked(), "walked"));
    return check_route(open);
}

}  // namespace

const Layout edge_layout{"Edge", {}, 18};

template <>
const Layout& layout_of<StreamId>() {
    return id_layout;
}
template <>
const Layout& layout_of<Edge>() {
    return edge_layout;
}
template <>
const Layout& layout_of<Open>() {
    return open_layout;
}
template <>
const Layout& layout_of<Opened>() {
    return opened_layout;
}

Result<> check(const StreamId& id) {
    return check_router(id.router(), "the router of a stream id");
}

Result<> check(const Edge& edge) {
    JETWAY_TRY(check_router(edge.from(), "edge"));
    JETWAY_TRY(check_router(edge.to(), "edge"));
    return require(edge.from() != edge.to(), "an edge leads back to where it begins");
}

Result<> check(const Open& open) {
    JETWAY_TRY(check_address(open.destination(), "destination"));
    JETWAY_TRY(check_optional_address(open.source(), "source"));
    JETWAY_TRY(check_optional_address(open.reply_to(), "reply_to"));
    JETWAY_TRY(check_optional_address(open.originator(), "originator"));
    JETWAY_TRY(check_content_type(open.content_type()));
    JETWAY_TRY(require(open.shape() <= static_cast<std::uint32_t>(Shape::messages),
                       "the shape is unknown"));
    JETWAY_TRY(require(open.policy() <= static_cast<std::uint32_t>(Policy::deadline),
                       "the policy is unknown"));
    JETWAY_TRY(require(
        open.policy() != static_cast<std::uint32_t>(Policy::deadline) || open.remaining_us() != 0,
        "the policy is a deadline, and there is none"));
    JETWAY_TRY(require(open.traffic_class() <= static_cast<std::uint32_t>(TrafficClass::bulk),
                       "the traffic class is unknown"));
    JETWAY_TRY(
        require(open.remaining_us() <= max_remaining_us, "the deadline is more than a year away"));
    JETWAY_TRY(require(open.first_window() <= first_window, "the first window is above 16 KiB"));
    JETWAY_TRY(check(open.settings()));
    JETWAY_TRY(check(open.next(), 1));
    return check_routing(open);
}

Result<> check(const Opened& opened) {
    if (!opened.machine().empty()) JETWAY_TRY(check_machine(opened.machine(), "machine"));
    if (!opened.service().empty()) JETWAY_TRY(check_service(opened.service(), "service"));
    for (const std::string& machine : opened.route()) JETWAY_TRY(check_machine(machine, "route"));
    JETWAY_TRY(check_way(opened.way(), "way"));
    JETWAY_TRY(require(opened.shape() <= static_cast<std::uint32_t>(Shape::messages),
                       "the shape is unknown"));
    return check_content_type(opened.content_type());
}

}  // namespace jetway::wire
