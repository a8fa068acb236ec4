// What can only be seen with all machines in view.
#include <algorithm>
#include <map>
#include <set>

#include "deployment/reading.hpp"

namespace jetway::deployment {
namespace {

struct Owner {
    std::string machine;
    Place place;
};

void check_listen(const Machine& machine, std::map<std::string, Owner>& owners, Reading& reading) {
    for (std::size_t i = 0; i < machine.listen.size(); ++i) {
        const NetworkAddress& address = machine.listen[i];
        if (address.is_wildcard()) continue;  // the same wildcard on two machines is two addresses
        const auto [owner, is_new] =
            owners.emplace(address.text(), Owner{machine.name, machine.listen_places[i]});
        if (is_new || owner->second.machine == machine.name) continue;
        reading.problems.error(
            machine.listen_places[i],
            quoted(address.text()) + " is listened on by both " + owner->second.machine + " and " +
                machine.name,
            "the other one is on line " + std::to_string(owner->second.place.line),
            address.text().size());
    }
}

/// Only links with a name may be parallel.
void check_links(const Machine& machine, Reading& reading) {
    std::set<std::pair<std::string, std::string>> seen;
    for (const Terminal& terminal : machine.terminals) {
        if (terminal.machine.empty() || seen.emplace(terminal.machine, terminal.link).second)
            continue;
        if (terminal.link.empty()) {
            reading.problems.warning(terminal.place,
                                     "a second terminal to " + quoted(terminal.machine) +
                                         " only steps in when the first has no link",
                                     "give both a name with link: to use them side by side");
        } else {
            reading.problems.error(terminal.place,
                                   "link " + quoted(terminal.link) + " to " +
                                       quoted(terminal.machine) + " is used twice",
                                   "choose another name for one", terminal.name.size());
        }
    }
}

void check_reachable(const Deployment& deployment, Reading& reading) {
    if (deployment.machines.size() < 2) return;
    std::set<std::string> linked;
    for (const Machine& machine : deployment.machines) {
        for (const Terminal& terminal : machine.terminals) {
            if (terminal.type != TerminalType::network || terminal.machine.empty()) continue;
            linked.insert(machine.name);
            linked.insert(terminal.machine);
        }
    }
    for (const Machine& machine : deployment.machines) {
        if (linked.contains(machine.name)) continue;
        reading.problems.warning(machine.place,
                                 "no terminal leads to or from " + quoted(machine.name),
                                 "add one here, or at a machine that should reach it");
    }
}

std::vector<std::string> service_names(const Deployment& deployment, std::string_view machine) {
    std::set<std::string> names;
    for (const Machine& each : deployment.machines) {
        if (!machine.empty() && each.name != machine) continue;
        for (const Service& service : each.services) names.insert(service.name);
    }
    return {names.begin(), names.end()};
}

/// One stop of a pipeline: service[@machine].
void check_stop(const Deployment& deployment, const Pipeline& pipeline, std::string_view stop,
                Reading& reading) {
    const auto at = stop.find('@');
    const std::string_view service = stop.substr(0, at);
    const std::string_view machine =
        at == std::string_view::npos ? std::string_view{} : stop.substr(at + 1);
    const std::string where = "pipeline " + quoted(pipeline.name);
    if (!machine.empty() && deployment.find(machine) == nullptr) {
        reading.problems.error(
            pipeline.place, where + " names a machine that is not in this file: " + quoted(machine),
            did_you_mean(machine, deployment.machine_names()), pipeline.text.size());
        return;
    }
    const std::vector<std::string> names = service_names(deployment, machine);
    if (std::find(names.begin(), names.end(), service) != names.end()) return;
    std::string meaning = did_you_mean(service, names);
    if (meaning.empty()) meaning = names.empty() ? "it offers none" : "there are: " + listed(names);
    reading.problems.error(
        pipeline.place,
        where + " names a service that " +
            (machine.empty() ? "no machine" : std::string(machine) + " does not") +
            (machine.empty() ? " offers: " : " offer: ") + quoted(service),
        std::move(meaning), pipeline.text.size());
}

void check_pipeline(const Deployment& deployment, const Pipeline& pipeline, Reading& reading) {
    if (auto valid = reading.rules.check_pipeline(pipeline.text); !valid) {
        std::string meaning = valid.error().next;
        if (meaning.empty()) meaning = "write it as  a | b | { c ; d@machine }";
        reading.problems.error(pipeline.place,
                               "pipeline " + quoted(pipeline.name) + ": " + valid.error().detail,
                               std::move(meaning), std::max<std::size_t>(pipeline.text.size(), 1));
        return;
    }
    constexpr std::string_view separators = "|{}; \t\n";
    std::string_view rest = pipeline.text;
    while (true) {
        const auto start = rest.find_first_not_of(separators);
        if (start == std::string_view::npos) return;
        rest.remove_prefix(start);
        const auto length = std::min(rest.find_first_of(separators), rest.size());
        check_stop(deployment, pipeline, rest.substr(0, length), reading);
        rest.remove_prefix(length);
    }
}

}  // namespace

void check_machines(const Deployment& deployment, Reading& reading) {
    std::map<std::string, Owner> owners;
    for (const Machine& machine : deployment.machines) {
        check_listen(machine, owners, reading);
        check_links(machine, reading);
    }
    check_reachable(deployment, reading);
}

void check_pipelines(const Deployment& deployment, Reading& reading) {
    for (const Pipeline& pipeline : deployment.pipelines)
        check_pipeline(deployment, pipeline, reading);
}

}  // namespace jetway::deployment
