#include "simulate/failure.hpp"

#include <algorithm>
#include <numeric>
#include <optional>

#include "base/text.hpp"

namespace jetway::simulate {
namespace {

LinkEnds ends(Place a, Place b) {
    return std::minmax(a, b);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (;;) {
        const std::size_t end = text.find(separator);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

Result<Place> find_machine(const Plan& plan, std::string_view name) {
    const auto found = std::ranges::find(plan.machines, name);
    if (found != plan.machines.end()) return static_cast<Place>(found - plan.machines.begin());
    Error error(Code::usage, "no machine of the file is called \"" + std::string(name) + "\"");
    const std::string near = nearest(std::string(name), plan.machines);
    error.next =
        near.empty() ? "machines: " + joined(plan.machines) : "did you mean \"" + near + "\"?";
    return error;
}

Result<LinkEnds> find_link(const Plan& plan, std::string_view a, std::string_view b) {
    JETWAY_ASSIGN(const Place from, find_machine(plan, a));
    JETWAY_ASSIGN(const Place to, find_machine(plan, b));
    const LinkEnds link = ends(from, to);
    if (std::ranges::find(plan.links, link) != plan.links.end()) return link;
    std::vector<std::string> neighbours;
    for (const auto& [one, other] : plan.links) {
        if (one == from) neighbours.push_back(plan.machines[other]);
        if (other == from) neighbours.push_back(plan.machines[one]);
    }
    return Error(Code::usage, "no link joins " + plan.machines[from] + " and " + plan.machines[to])
        .then(neighbours.empty() ? plan.machines[from] + " has no links"
                                 : plan.machines[from] + " has links to " + joined(neighbours));
}

std::string name_of(const Plan& plan, LinkEnds link) {
    return "link " + plan.machines[link.first] + "," + plan.machines[link.second];
}

/// How many (failure, service, machine) are out of reach, over all single failures.
std::size_t damage(const Plan& plan) {
    std::size_t sum = 0;
    for (const Failure& failure : single_failures(plan)) {
        for (const Unreachable& lost : unreachable(plan, failure)) sum += lost.from.size();
    }
    return sum;
}

}  // namespace

Plan plan_of(const deployment::Deployment& deployment) {
    Plan plan;
    plan.machines = deployment.machine_names();
    for (Place a = 0; a < deployment.machines.size(); ++a) {
        const deployment::Machine& machine = deployment.machines[a];
        for (const deployment::Service& service : machine.services) {
            std::vector<Place>& holders = plan.services[service.name];
            if (holders.empty() || holders.back() != a) holders.push_back(a);
        }
        for (const deployment::Terminal& terminal : machine.terminals) {
            const auto peer = std::ranges::find(plan.machines, terminal.machine);
            const bool dials =
                terminal.type == deployment::TerminalType::network && terminal.address.has_value();
            if (!dials || peer == plan.machines.end()) continue;
            const auto b = static_cast<Place>(peer - plan.machines.begin());
            if (a == b || std::ranges::find(plan.links, ends(a, b)) != plan.links.end()) continue;
            plan.links.push_back(ends(a, b));
        }
    }
    return plan;
}

Result<Failure> parse_failure(const Plan& plan, std::string_view text) {
    const auto names = split(text, ',');
    Failure failure;
    if (names.size() == 1) {
        JETWAY_ASSIGN(const Place machine, find_machine(plan, names[0]));
        failure.name = "machine " + plan.machines[machine];
        failure.machines.insert(machine);
        return failure;
    }
    if (names.size() != 2) {
        return Error(Code::usage, "\"" + std::string(text) + "\" is neither a link nor a machine")
            .then("--fail a,b for the link between two machines, --fail a for a machine");
    }
    JETWAY_ASSIGN(const LinkEnds link, find_link(plan, names[0], names[1]));
    failure.name = name_of(plan, link);
    failure.links.insert(link);
    return failure;
}

Result<Failure> parse_partition(const Plan& plan, std::string_view text) {
    const auto sides = split(text, '/');
    if (sides.size() < 2) {
        return Error(Code::usage, "\"" + std::string(text) + "\" has one side only")
            .then("--partition a,b/c,d: the sides do not hear each other");
    }
    std::vector<std::size_t> side_of(plan.machines.size(), sides.size() - 1);
    std::set<Place> named;
    for (std::size_t side = 0; side < sides.size(); ++side) {
        for (const std::string_view name : split(sides[side], ',')) {
            JETWAY_ASSIGN(const Place machine, find_machine(plan, name));
            if (!named.insert(machine).second)
                return Error(Code::usage, plan.machines[machine] + " stands on two sides");
            side_of[machine] = side;
        }
    }
    Failure failure;
    failure.name = "partition " + std::string(text);
    for (const LinkEnds& link : plan.links) {
        if (side_of[link.first] != side_of[link.second]) failure.links.insert(link);
    }
    return failure;
}

Result<std::vector<Failure>> parse_failures(const Plan& plan, std::string_view text) {
    if (text == "any-one-link" || text == "any-one-machine") {
        std::vector<Failure> failures = single_failures(plan);
        std::erase_if(failures, [&](const Failure& failure) {
            return failure.links.empty() == (text == "any-one-link");
        });
        return failures;
    }
    const bool parted = text.find('/') != std::string_view::npos;
    JETWAY_ASSIGN(Failure failure,
                  parted ? parse_partition(plan, text) : parse_failure(plan, text));
    return std::vector<Failure>{std::move(failure)};
}

std::vector<Failure> single_failures(const Plan& plan) {
    std::vector<Failure> failures;
    failures.reserve(plan.links.size() + plan.machines.size());
    for (const LinkEnds& link : plan.links) failures.push_back({name_of(plan, link), {link}, {}});
    for (Place machine = 0; machine < plan.machines.size(); ++machine)
        failures.push_back({"machine " + plan.machines[machine], {}, {machine}});
    return failures;
}

std::vector<Failure> double_failures(const Plan& plan) {
    const std::vector<Failure> singles = single_failures(plan);
    std::vector<Failure> failures;
    for (std::size_t i = 0; i < singles.size(); ++i) {
        for (std::size_t j = i + 1; j < singles.size(); ++j) {
            Failure both = singles[i];
            both.name += " + " + singles[j].name;
            both.links.insert(singles[j].links.begin(), singles[j].links.end());
            both.machines.insert(singles[j].machines.begin(), singles[j].machines.end());
            failures.push_back(std::move(both));
        }
    }
    return failures;
}

std::vector<std::size_t> groups(const Plan& plan, const Failure& failure) {
    std::vector<std::size_t> group(plan.machines.size());
    std::iota(group.begin(), group.end(), 0);
    for (const Place dead : failure.machines) group[dead] = apart;
    for (bool changed = true; changed;) {
        changed = false;
        for (const LinkEnds& link : plan.links) {
            std::size_t& a = group[link.first];
            std::size_t& b = group[link.second];
            if (a == apart || b == apart || a == b || failure.links.contains(link)) continue;
            a = b = std::min(a, b);
            changed = true;
        }
    }
    return group;
}

std::vector<Unreachable> unreachable(const Plan& plan, const Failure& failure) {
    const std::vector<std::size_t> group = groups(plan, failure);
    std::vector<Unreachable> result;
    for (const auto& [service, holders] : plan.services) {
        Unreachable lost{service, {}};
        for (Place from = 0; from < plan.machines.size(); ++from) {
            if (group[from] == apart) continue;
            const bool reached = std::ranges::any_of(
                holders, [&](Place holder) { return group[holder] == group[from]; });
            if (!reached) lost.from.push_back(from);
        }
        if (!lost.from.empty()) result.push_back(std::move(lost));
    }
    return result;
}

std::vector<Failure> single_points_of_failure(const Plan& plan) {
    std::vector<Failure> points = single_failures(plan);
    // What is out of reach in any case is no one failure's doing.
    const std::vector<Unreachable> always = unreachable(plan, {});
    std::erase_if(points, [&](const Failure& failure) {
        for (const Unreachable& lost : unreachable(plan, failure)) {
            const auto before = std::ranges::find(always, lost.service, &Unreachable::service);
            if (before == always.end() || !std::ranges::includes(before->from, lost.from))
                return false;
        }
        return true;
    });
    return points;
}

std::string advice(const Plan& plan) {
    if (plan.machines.size() > most_for_advice) return {};
    std::size_t least = damage(plan);
    std::string best;
    const auto consider = [&](const Plan& changed, const std::string& what) {
        const std::size_t left = damage(changed);
        if (left >= least) return;
        least = left;
        best = what;
    };
    for (Place a = 0; a < plan.machines.size(); ++a) {
        for (Place b = a + 1; b < plan.machines.size(); ++b) {
            if (std::ranges::find(plan.links, LinkEnds{a, b}) != plan.links.end()) continue;
            Plan more = plan;
            more.links.emplace_back(a, b);
            consider(more, "a link between " + plan.machines[a] + " and " + plan.machines[b]);
        }
    }
    for (const auto& [service, holders] : plan.services) {
        for (Place machine = 0; machine < plan.machines.size(); ++machine) {
            if (std::ranges::find(holders, machine) != holders.end()) continue;
            Plan more = plan;
            more.services[service].push_back(machine);
            consider(more, service + " on " + plan.machines[machine] + " too");
        }
    }
    return best;
}

}  // namespace jetway::simulate
