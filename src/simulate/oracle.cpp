#include "simulate/oracle.hpp"

#include <algorithm>
#include <limits>
#include <map>

namespace jetway::simulate {
namespace {

constexpr std::uint64_t unreachable = std::numeric_limits<std::uint64_t>::max();

class Oracle {
public:
    explicit Oracle(const Mesh& mesh) : mesh_(mesh), names_(mesh.names()) {
        for (std::size_t i = 0; i < names_.size(); ++i) place_[names_[i]] = i;
        read_links();
        find_costs();
    }

    std::vector<std::string> check() {
        for (std::size_t u = 0; u < names_.size(); ++u) {
            if (!machine(u).running()) continue;
            check_streams(u);
            const std::map<std::string, std::size_t> reached = reached_by(u);
            for (std::size_t v = 0; v < names_.size(); ++v) {
                if (u != v) check_pair(u, v, reached);
            }
        }
        return wrong_;
    }

private:
    const Machine& machine(std::size_t i) const { return mesh_.at(names_[i]); }
    void say(std::size_t u, const std::string& what) { wrong_.push_back(names_[u] + ": " + what); }

    /// What each machine pays for its live links; a link counts when both ends have it.
    void read_links() {
        link_.assign(names_.size(), std::vector<std::uint64_t>(names_.size(), unreachable));
        for (std::size_t u = 0; u < names_.size(); ++u) {
            for (const auto& row : machine(u).links()) {
                if (row.kind != routing::LinkKind::network || !place_.contains(row.machine))
                    continue;
                if (row.state != "up" && row.state != "suspect") continue;
                auto& cost = link_[u][place_[row.machine]];
                cost = std::min<std::uint64_t>(cost, row.cost);
            }
        }
        for (std::size_t u = 0; u < names_.size(); ++u) {
            for (std::size_t v = 0; v < u; ++v) {
                if (link_[u][v] == unreachable || link_[v][u] == unreachable)
                    link_[u][v] = link_[v][u] = unreachable;
            }
        }
    }

    /// Floyd and Warshall.
    void find_costs() {
        cost_ = link_;
        const std::size_t count = names_.size();
        for (std::size_t i = 0; i < count; ++i) cost_[i][i] = 0;
        for (std::size_t k = 0; k < count; ++k) {
            for (std::size_t u = 0; u < count; ++u) {
                if (cost_[u][k] == unreachable) continue;
                for (std::size_t v = 0; v < count; ++v) {
                    if (cost_[k][v] == unreachable) continue;
                    cost_[u][v] = std::min(cost_[u][v], cost_[u][k] + cost_[k][v]);
                }
            }
        }
    }

    void check_streams(std::size_t u) {
        const auto& counts = machine(u).core().counts();
        if (counts.bytes_in != counts.bytes_out + counts.bytes_queued + counts.bytes_discarded) {
            say(u, "the ledger of streams does not balance");
        }
        for (const auto& complaint : machine(u).process().complaints())
            say(u, "its process complains: " + complaint);
    }

    void check_pair(std::size_t u, std::size_t v, const std::map<std::string, std::size_t>& known) {
        const auto found = known.find(names_[v]);
        const bool reached = found != known.end();
        const bool connected = cost_[u][v] != unreachable;
        if (connected && machine(u).core().digest() != machine(v).core().digest()) {
            say(u, "knows something else than " + names_[v]);
        }
        if (reached != connected)
            say(u, (connected ? "does not reach " : "believes to reach ") + names_[v]);
        const std::vector<std::string> services = machine(v).services();
        if (connected && reached && found->second != services.size())
            say(u, "knows services of " + names_[v] + " that it does not have");
        for (const std::string& service : services) {
            const auto choice = machine(u).resolve(service + "@" + names_[v]);
            if (choice.has_value() != connected) {
                say(u, (connected ? "cannot resolve " : "resolves ") + service + "@" + names_[v]);
            } else if (connected) {
                check_choice(u, v, *choice);
            }
        }
    }

    /// And how many services each has, as far as `u` knows.
    std::map<std::string, std::size_t> reached_by(std::size_t u) const {
        std::map<std::string, std::size_t> names;
        for (const auto& row : machine(u).core().machines(mesh_.now())) {
            if (row.reachable) names[row.machine] = row.services;
        }
        return names;
    }

    void check_choice(std::size_t u, std::size_t v, const routing::Choice& choice) {
        if (choice.cost != cost_[u][v]) {
            say(u, "pays " + std::to_string(choice.cost) + " to " + names_[v] + " instead of " +
                       std::to_string(cost_[u][v]));
        }
        std::uint64_t sum = 0;
        for (std::size_t i = 0; i + 1 < choice.machines.size(); ++i) {
            const std::uint64_t step =
                link_[place_[choice.machines[i]]][place_[choice.machines[i + 1]]];
            if (step == unreachable)
                return say(u, "goes to " + names_[v] + " over a link that does not exist");
            sum += step;
        }
        if (choice.machines.front() != names_[u] || choice.machines.back() != names_[v] ||
            sum != choice.cost) {
            say(u, "has a wrong route to " + names_[v]);
        }
    }

    const Mesh& mesh_;
    const std::vector<std::string>& names_;
    std::map<std::string, std::size_t> place_;
    std::vector<std::vector<std::uint64_t>> link_;
    std::vector<std::vector<std::uint64_t>> cost_;
    std::vector<std::string> wrong_;
};

}  // namespace

std::vector<std::string> violations(const Mesh& mesh) {
    return Oracle(mesh).check();
}

}  // namespace jetway::simulate
