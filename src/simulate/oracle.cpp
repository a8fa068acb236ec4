#include "simulate/oracle.hpp"

#include <algorithm>
#include <deque>
#include <limits>
#include <map>
#include <unordered_map>

namespace jetway::simulate {
namespace {

constexpr std::uint64_t unreachable = std::numeric_limits<std::uint64_t>::max();

class Oracle {
public:
    explicit Oracle(const Mesh& mesh) : mesh_(mesh), names_(mesh.names()) {
        for (std::size_t i = 0; i < names_.size(); ++i) place_[names_[i]] = i;
        read_links();
    }

    std::vector<std::string> check(const std::vector<std::string>& machines) {
        for (const std::string& name : machines) check(place_.at(name));
        return std::move(wrong_);
    }
    /// Looks no further than to the first of which something is wrong.
    bool holds(const std::vector<std::string>& machines) {
        return std::ranges::all_of(machines, [this](const std::string& name) {
            check(place_.at(name));
            return wrong_.empty();
        });
    }

private:
    const Machine& machine(std::size_t i) const { return mesh_.at(names_[i]); }
    void say(std::size_t u, const std::string& what) { wrong_.push_back(names_[u] + ": " + what); }

    void check(std::size_t u) {
        if (!machine(u).running()) return;
        find_costs(u);
        check_streams(u);
        const Rows rows = rows_of(u);
        for (std::size_t v = 0; v < names_.size(); ++v) {
            if (u != v) check_pair(u, v, rows);
        }
    }

    /// What each machine pays for its live links; a link counts when both ends have it.
    void read_links() {
        std::vector<std::map<std::size_t, std::uint64_t>> half(names_.size());
        for (std::size_t u = 0; u < names_.size(); ++u) {
            for (const auto& row : machine(u).links()) {
                // By the cable: the name in a HELLO may have been spoiled.
                if (row.kind != routing::LinkKind::network || !place_.contains(row.peer)) continue;
                if (row.state != "up" && row.state != "suspect") continue;
                auto [cost, first] = half[u].try_emplace(place_[row.peer], row.cost);
                cost->second = std::min<std::uint64_t>(cost->second, row.cost);
            }
        }
        link_.resize(names_.size());
        for (std::size_t u = 0; u < names_.size(); ++u) {
            for (const auto& [v, cost] : half[u]) {
                if (half[v].contains(u)) link_[u].emplace(v, cost);
            }
        }
    }

    /// Bellman and Ford, from a queue of those that got cheaper: not the way the routers do it.
    void find_costs(std::size_t root) {
        cost_.assign(names_.size(), unreachable);
        cost_[root] = 0;
        std::deque<std::size_t> cheaper{root};
        while (!cheaper.empty()) {
            const std::size_t u = cheaper.front();
            cheaper.pop_front();
            for (const auto& [v, cost] : link_[u]) {
                if (cost_[u] + cost >= cost_[v]) continue;
                cost_[v] = cost_[u] + cost;
                cheaper.push_back(v);
            }
        }
    }

    void check_streams(std::size_t u) {
        if (!machine(u).core().counts().balanced())
            say(u, "the ledger of streams does not balance");
        for (const auto& complaint : machine(u).process().complaints())
            say(u, "its process complains: " + complaint);
    }

    using Rows = std::unordered_map<std::string, routing::MachineRow>;
    /// What `u` knows of those that it reaches.
    Rows rows_of(std::size_t u) const {
        Rows rows;
        for (auto& row : machine(u).core().machines(mesh_.now())) {
            if (row.reachable) rows.emplace(row.machine, row);
        }
        return rows;
    }

    void check_pair(std::size_t u, std::size_t v, const Rows& rows) {
        const auto row = rows.find(names_[v]);
        const bool reached = row != rows.end();
        const bool connected = cost_[v] != unreachable;
        if (connected && machine(u).core().digest() != machine(v).core().digest()) {
            say(u, "knows something else than " + names_[v]);
        }
        if (reached != connected)
            say(u, (connected ? "does not reach " : "believes to reach ") + names_[v]);
        const std::vector<std::string> services = machine(v).services();
        if (connected && reached) {
            check_cost(u, v, row->second.cost);
            if (row->second.services != services.size())
                say(u, "knows services of " + names_[v] + " that it does not have");
        }
        for (const std::string& service : services) {
            const auto choice = machine(u).resolve(service + "@" + names_[v]);
            if (choice.has_value() != connected) {
                say(u, (connected ? "cannot resolve " : "resolves ") + service + "@" + names_[v]);
            } else if (connected) {
                check_choice(u, v, *choice);
            }
        }
    }

    void check_cost(std::size_t u, std::size_t v, std::uint64_t cost) {
        if (cost == cost_[v]) return;
        say(u, "pays " + std::to_string(cost) + " to " + names_[v] + " instead of " +
                   std::to_string(cost_[v]));
    }

    void check_choice(std::size_t u, std::size_t v, const routing::Choice& choice) {
        check_cost(u, v, choice.cost);
        std::uint64_t sum = 0;
        for (std::size_t i = 0; i + 1 < choice.machines.size(); ++i) {
            const auto& links = link_[place_[choice.machines[i]]];
            const auto step = links.find(place_[choice.machines[i + 1]]);
            if (step == links.end())
                return say(u, "goes to " + names_[v] + " over a link that does not exist");
            sum += step->second;
        }
        if (choice.machines.front() != names_[u] || choice.machines.back() != names_[v] ||
            sum != choice.cost) {
            say(u, "has a wrong route to " + names_[v]);
        }
    }

    const Mesh& mesh_;
    const std::vector<std::string>& names_;
    std::unordered_map<std::string, std::size_t> place_;
    std::vector<std::map<std::size_t, std::uint64_t>> link_;  // by machine: to whom, at what cost
    std::vector<std::uint64_t> cost_;                         // from the one that is looked at
    std::vector<std::string> wrong_;
};

/// Of all that run: the same digest, and no paths that are still to be found.
bool agree(const Mesh& mesh) {
    std::optional<std::uint64_t> digest;
    return std::ranges::all_of(mesh.names(), [&](const std::string& name) {
        const Machine& machine = mesh.at(name);
        if (!machine.running()) return true;
        if (!digest) digest = machine.core().digest();
        return machine.core().paths_are_current() && machine.core().digest() == *digest;
    });
}

}  // namespace

std::vector<std::string> violations(const Mesh& mesh) {
    return violations(mesh, mesh.names());
}

std::vector<std::string> violations(const Mesh& mesh, const std::vector<std::string>& machines) {
    return Oracle(mesh).check(machines);
}

std::optional<Duration> run_until_converged(Mesh& mesh, const std::vector<std::string>& machines,
                                            Duration limit) {
    const Time start = mesh.now();
    while (!agree(mesh) || !Oracle(mesh).holds(machines)) {
        if (mesh.now() - start >= limit) return std::nullopt;
        mesh.run_for(std::chrono::milliseconds(1));
    }
    return mesh.now() - start;
}

}  // namespace jetway::simulate
