#include "routing/map_change.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace jetway::routing {

namespace {

constexpr NodeIndex self = 0;
constexpr std::size_t longest_shown = 8;  // machines of a way

}  // namespace

std::vector<NodeIndex> MapChange::moved() const {
    enum class Way : std::uint8_t { unknown, same, other };
    const std::size_t size = topology_.size();
    std::vector<Way> known(size, Way::unknown);
    known[self] = Way::same;
    std::vector<NodeIndex> result;
    std::vector<NodeIndex> up;  // from the node towards here, until it is known
    for (NodeIndex node = 0; node < size; ++node) {
        if (!now_.reaches(node) || !before_.reaches(node)) continue;
        for (NodeIndex at = node; at != no_node && known[at] == Way::unknown;
             at = now_.previous(at)) {
            up.push_back(at);
        }
        while (!up.empty()) {
            const NodeIndex at = up.back();
            up.pop_back();
            const NodeIndex previous = now_.previous(at);
            const bool same = previous == before_.previous(at) && previous != no_node &&
                              known[previous] == Way::same;
            known[at] = same ? Way::same : Way::other;
        }
        if (known[node] == Way::other) result.push_back(node);
    }
    return result;
}

std::string MapChange::ways(NodeIndex node) const {
    std::string result = way(now_, node);
    if (before_.reaches(node)) result += (result.empty() ? "was " : ", was ") + way(before_, node);
    return result;
}

std::string MapChange::way(const Paths& paths, NodeIndex node) const {
    if (!paths.reaches(node)) return {};
    Route route = paths.route(node);
    const std::size_t hops = route.size() - 1;
    std::vector<std::string> machines;
    for (std::size_t i = 0; i < route.size(); ++i) {
        const bool skipped =
            route.size() > longest_shown && i >= longest_shown / 2 && i + 2 < route.size();
        if (!skipped) {
            machines.push_back(topology_[route[i]].machine);
        } else if (i == longest_shown / 2) {
            machines.emplace_back("...");
        }
    }
    return joined(machines, " > ") +
           (hops >= longest_shown ? " (" + std::to_string(hops) + " hops)" : "") + ", cost " +
           std::to_string(paths.cost(node));
}

/// The first thing that is wrong with the way of before; else what made it dear, else what is
/// better about the way of now.
std::string MapChange::cause(NodeIndex node) const {
    const Route before = before_.route(node);
    std::string result = broken(before);
    if (result.empty()) result = dearer(before);
    if (result.empty()) result = better(now_.route(node));
    return result;
}

std::string MapChange::broken(const Route& route) const {
    for (std::size_t i = 0; i + 1 < route.size(); ++i) {
        std::string what = broken(NodeEdge{route[i], route[i + 1]});
        if (!what.empty()) return what;
        const Node& next = topology_[route[i + 1]];
        if (i + 2 == route.size()) break;
        if (next.draining()) return next.machine + " is draining";
        if ((next.flags & wire::no_transit) != 0) return next.machine + " takes no transit";
    }
    return {};
}

std::string MapChange::broken(NodeEdge edge) const {
    const Node& from = topology_[edge.from];
    const Node& to = topology_[edge.to];
    for (const Node* end : {&from, &to}) {
        if (end->gone()) return end->machine + " said goodbye";
    }
    if (edge.from == self && links_.to(to.router) == no_link) return name_of(edge) + " is dead";
    for (const auto& [here, there] : {std::pair(&from, &to), std::pair(&to, &from)}) {
        const Adjacent* listed = find_peer(here->adjacents, there->router);
        if (listed == nullptr) return name_of(edge) + " is dead, says " + here->machine;
        if (listed->peer_epoch != there->version.epoch) return there->machine + " has restarted";
    }
    return {};
}

/// What an edge cost before follows from the costs of its ends.
std::string MapChange::dearer(const Route& route) const {
    std::uint32_t most = 0;
    std::string result;
    for (std::size_t i = 0; i + 1 < route.size(); ++i) {
        const NodeEdge edge{route[i], route[i + 1]};
        const std::uint32_t before = before_.cost(edge.to) - before_.cost(edge.from);
        const Adjacent* listed =
            find_peer(topology_[edge.from].adjacents, topology_[edge.to].router);
        const std::uint32_t now = listed == nullptr ? before : std::max(listed->cost, 1U);
        if (now <= before || now - before <= most) continue;
        most = now - before;
        if (now == wire::max_cost) {
            result = name_of(edge) + " keeps going down";
            continue;
        }
        result = name_of(edge) + " costs " + std::to_string(now) + ", " + std::to_string(before) +
                 " before";
    }
    return result;
}

/// The first edge that would have been taken before, had it been there. To a machine that was not
/// reached, whatever changed where all were reached is none.
std::string MapChange::better(const Route& route) const {
    const bool is_reached_anew = !route.empty() && !before_.reaches(route.back());
    for (std::size_t i = 0; i + 1 < route.size(); ++i) {
        const NodeEdge edge{route[i], route[i + 1]};
        if (is_reached_anew && before_.reaches(edge.to)) continue;
        if (is_reached_anew) return name_of(edge) + " is up";
        const std::uint32_t cost = now_.cost(edge.to) - now_.cost(edge.from);
        const std::uint64_t reached = std::uint64_t{before_.cost(edge.from)} + cost;
        if (before_.reaches(edge.from) && before_.reaches(edge.to) &&
            reached >= before_.cost(edge.to))
            continue;
        const auto is_edge = [edge](NodeEdge other) {
            return other == edge || other == NodeEdge{edge.to, edge.from};
        };
        if (std::ranges::any_of(came_, is_edge)) return name_of(edge) + " is up";
        if (!before_.reaches(edge.from) || !before_.reaches(edge.to)) continue;
        return name_of(edge) + " costs " + std::to_string(cost) + " now";
    }
    return {};
}

std::string MapChange::name_of(NodeEdge edge) const {
    return "link " + topology_[edge.from].machine + ">" + topology_[edge.to].machine;
}

}  // namespace jetway::routing
