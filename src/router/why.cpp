#include "router/why.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <map>

#include "base/settings.hpp"
#include "router/queries.hpp"
#include "routing/choice.hpp"
#include "routing/paths.hpp"

namespace jetway::router {
namespace {

namespace json = boost::json;
using routing::NodeIndex;

constexpr std::size_t most_edges = 8;

/// All that is known of the mesh, by place in `holdings`.
class Known {
public:
    Known(const routing::Core& core, Time now) : holdings_(core.holdings()) {
        for (NodeIndex node = 0; node < holdings_.size(); ++node)
            places_[holdings_[node].origin] = node;
        names_.resize(holdings_.size());
        for (const routing::MachineRow& row : core.machines(now)) {
            if (const NodeIndex node = find(row.router); node != routing::no_node)
                names_[node] = row.machine;
        }
    }

    NodeIndex find(routing::RouterId router) const {
        const auto found = places_.find(router);
        return found == places_.end() ? routing::no_node : found->second;
    }
    NodeIndex named(const std::string& machine) const {
        const auto found = std::ranges::find(names_, machine);
        return found == names_.end() ? routing::no_node
                                     : static_cast<NodeIndex>(found - names_.begin());
    }
    const std::vector<std::string>& names() const { return names_; }
    const std::string& name(NodeIndex node) const { return names_[node]; }
    bool reachable(NodeIndex node) const { return holdings_[node].reachable; }
    const routing::Adjacents& adjacents(NodeIndex node) const { return holdings_[node].adjacents; }

    /// What the link costs, when both ends list it as they are now.
    std::optional<std::uint32_t> cost(NodeIndex from, NodeIndex to) const {
        const auto listed = [this](NodeIndex a, NodeIndex b) -> const routing::Adjacent* {
            for (const routing::Adjacent& link : holdings_[a].adjacents) {
                if (link.peer == holdings_[b].origin &&
                    link.peer_epoch == holdings_[b].record.epoch)
                    return &link;
            }
            return nullptr;
        };
        const routing::Adjacent* there = listed(from, to);
        if (there == nullptr || listed(to, from) == nullptr) return std::nullopt;
        return std::max(there->cost, 1U);
    }

    routing::Paths paths_from(NodeIndex root) const {
        routing::Graph graph;
        for (NodeIndex node = 0; node < holdings_.size(); ++node) {
            graph.router.push_back(holdings_[node].origin);
            graph.transit.push_back(1);
            for (const routing::Adjacent& link : adjacents(node)) {
                const NodeIndex peer = find(link.peer);
                const auto known = peer == routing::no_node ? std::nullopt : cost(node, peer);
                if (!known) continue;
                graph.target.push_back(peer);
                graph.cost.push_back(*known);
            }
            graph.first.push_back(static_cast<std::uint32_t>(graph.target.size()));
        }
        return {graph, root};
    }

    /// Where `goal` was last joined to what can be reached: {reachable machine, the one behind}.
    /// The records of lost machines still list the links they had.
    std::vector<routing::NodeEdge> edges_towards(NodeIndex goal) const {
        std::vector<routing::NodeEdge> edges;
        std::vector<bool> seen(holdings_.size());
        std::vector<NodeIndex> lost{goal};
        seen[goal] = true;
        for (std::size_t i = 0; i < lost.size(); ++i) {
            for (const routing::Adjacent& link : adjacents(lost[i])) {
                const NodeIndex peer = find(link.peer);
                if (peer == routing::no_node) continue;
                if (reachable(peer) && edges.size() < most_edges) edges.push_back({peer, lost[i]});
                if (reachable(peer) || seen[peer]) continue;
                seen[peer] = true;
                lost.push_back(peer);
            }
        }
        return edges;
    }

private:
    std::vector<routing::Holding> holdings_;
    std::map<routing::RouterId, NodeIndex> places_;
    std::vector<std::string> names_;
};

json::array instance_rows(const std::vector<routing::RouteRow>& rows, const Known& known) {
    json::array result;
    for (const routing::RouteRow& row : rows) {
        const NodeIndex node = known.find(row.router);
        result.push_back(json::object{
            {"machine", row.machine},
            {"static", row.is_static},
            {"best", row.best},
            {"reachable", node != routing::no_node && known.reachable(node)},
            {"cost", row.cost},
            {"why_not", row.why_not},
        });
    }
    return result;
}

void add_path(json::object& body, const Known& known, const std::vector<NodeIndex>& route,
              std::uint32_t cost) {
    json::array path;
    json::array links;
    for (std::size_t i = 0; i < route.size(); ++i) {
        path.emplace_back(known.name(route[i]));
        if (i == 0) continue;
        const auto price = known.cost(route[i - 1], route[i]);
        links.push_back(json::object{
            {"from", known.name(route[i - 1])},
            {"to", known.name(route[i])},
            {"cost", price ? json::value(*price) : json::value(nullptr)},
        });
    }
    body["path"] = std::move(path);
    body["cost"] = cost;
    body["links"] = std::move(links);
}

void add_refusal(json::object& body, const Error& error) {
    body["refusal"] = json::parse(error_answer(error)).at("error");
}

/// The machine of an instance that no path leads to; that of the address when nothing is known of
/// instances.
NodeIndex lost_machine(const Known& known, const std::vector<routing::RouteRow>& rows,
                       const std::string& machine) {
    for (const routing::RouteRow& row : rows) {
        const NodeIndex node = known.find(row.router);
        if (node != routing::no_node && !known.reachable(node)) return node;
    }
    const NodeIndex node = known.named(machine);
    return node == routing::no_node || known.reachable(node) ? routing::no_node : node;
}

void add_edges(json::object& body, const Known& known, NodeIndex goal) {
    json::array edges;
    if (goal != routing::no_node) {
        for (const routing::NodeEdge& edge : known.edges_towards(goal))
            edges.push_back(
                json::object{{"from", known.name(edge.from)}, {"to", known.name(edge.to)}});
    }
    body["edges"] = std::move(edges);
}

Result<> add_from_elsewhere(json::object& body, const Known& known,
                            const std::vector<routing::RouteRow>& rows, const std::string& from,
                            const std::string& service) {
    const NodeIndex root = known.named(from);
    if (root == routing::no_node) {
        Error error(Code::no_instance, "no machine is called \"" + from + "\"");
        const std::string near = nearest(from, known.names());
        if (!near.empty()) error.next = "did you mean \"" + near + "\"?";
        return error;
    }
    if (rows.empty()) {
        add_refusal(body, {Code::no_service, "nobody offers \"" + service + "\""});
        return success();
    }
    const routing::Paths paths = known.paths_from(root);
    NodeIndex best = routing::no_node;
    for (const routing::RouteRow& row : rows) {
        const NodeIndex node = known.find(row.router);
        if (node != routing::no_node && paths.cost(node) < paths.cost(best)) best = node;
    }
    if (best == routing::no_node) {
        add_refusal(body, {Code::no_route, "cannot reach \"" + service + "\" on " +
                                               rows.front().machine + " from " + from});
    } else {
        add_path(body, known, paths.route(best), paths.cost(best));
    }
    return success();
}

}  // namespace

Result<> add_why(json::object& body, const routing::Core& core, Time now, const std::string& name,
                 const std::string& from) {
    JETWAY_ASSIGN(const wire::Address address, wire::parse_address(name));
    const Known known(core, now);
    std::vector<routing::RouteRow> rows = core.routes(now, address.service);
    std::erase_if(rows, [&](const routing::RouteRow& row) {
        return row.alternate || !(address.machine.empty() || row.machine == address.machine ||
                                  wire::router_text(row.router).starts_with(address.machine));
    });
    body["name"] = name;
    body["instances"] = instance_rows(rows, known);
    if (!from.empty() && from != core.options().machine)
        return add_from_elsewhere(body, known, rows, from, name);
    const auto choice = core.resolve(now, name);
    if (!choice) {
        add_refusal(body, choice.error());
        if (choice.error().code == Code::no_route)
            add_edges(body, known, lost_machine(known, rows, address.machine));
        return success();
    }
    std::vector<NodeIndex> route;
    for (const routing::RouterId router : choice->route) route.push_back(known.find(router));
    add_path(body, known, route, choice->cost);
    if (choice->instance != 0)
        body["egress"] = address.service + "@" + wire::router_text(choice->egress);
    return success();
}

}  // namespace jetway::router
