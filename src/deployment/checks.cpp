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

/// One stop of a pipeline, and the kinds of the services that may stand there.
struct Stop {
    std::string_view text;  // service[@machine]
    std::vector<const Kind*> kinds;
};

bool fits(const Kind& giver, const Kind& taker) {
    if (giver.gives == Kind::nothing || taker.takes == Kind::nothing) return false;
    return giver.gives == taker.takes || giver.gives == Kind::any || taker.takes == Kind::any;
}

class PipelineCheck {
public:
    PipelineCheck(const Deployment& deployment, const Pipeline& pipeline, Reading& reading)
        : deployment_(deployment), pipeline_(pipeline), reading_(reading) {}

    /// The text is a pipeline: a | b | { c ; d@machine }.
    void run() {
        constexpr std::string_view separators = "|{}; \t\r\n";
        Stop last;
        std::vector<Stop> before;  // what the branches that are being read follow
        for (std::string_view rest = pipeline_.text; !rest.empty();) {
            const std::size_t length = std::min(rest.find_first_of(separators), rest.size());
            if (length > 0) {
                Stop stop = read_stop(rest.substr(0, length));
                check_join(last, stop);
                last = std::move(stop);
            } else if (rest.front() == '{') {
                before.push_back(last);
            } else if (rest.front() == ';' && !before.empty()) {
                last = before.back();
            } else if (rest.front() == '}' && !before.empty()) {
                before.pop_back();
            }
            rest.remove_prefix(std::max<std::size_t>(length, 1));
        }
    }

private:
    void error(const std::string& message, std::string meaning) {
        reading_.problems.error(pipeline_.place, "pipeline " + quoted(pipeline_.name) + message,
                                std::move(meaning), pipeline_.text.size());
    }

    Stop read_stop(std::string_view text) {
        const auto at = text.find('@');
        const std::string_view service = text.substr(0, at);
        const std::string_view machine =
            at == std::string_view::npos ? std::string_view{} : text.substr(at + 1);
        Stop stop{text, {}};
        if (!machine.empty() && deployment_.find(machine) == nullptr) {
            error(" names a machine that is not in this file: " + quoted(machine),
                  did_you_mean(machine, deployment_.machine_names()));
            return stop;
        }
        bool is_there = false;
        for (const Machine& each : deployment_.machines) {
            if (!machine.empty() && each.name != machine) continue;
            for (const Service& candidate : each.services) {
                if (candidate.name != service) continue;
                is_there = true;
                if (const Kind* kind = kind_of(candidate)) stop.kinds.push_back(kind);
            }
        }
        if (!is_there) unknown(service, machine);
        return stop;
    }

    const Kind* kind_of(const Service& service) const {
        for (const Kind& kind : reading_.rules.kinds) {
            if (kind.name == service.kind) return &kind;
        }
        return nullptr;
    }

    void unknown(std::string_view service, std::string_view machine) {
        const std::vector<std::string> names = service_names(deployment_, machine);
        std::string meaning = did_you_mean(service, names);
        if (meaning.empty() && !names.empty()) meaning = "there are: " + listed(names);
        if (meaning.empty() && machine.empty()) meaning = "no machine of this file has services";
        if (meaning.empty()) meaning = quoted(machine) + " has no services";
        error(" names a service that " +
                  (machine.empty() ? "no machine offers: "
                                   : std::string(machine) + " does not offer: ") +
                  quoted(service),
              std::move(meaning));
    }

    void check_join(const Stop& giver, const Stop& taker) {
        if (giver.kinds.empty() || taker.kinds.empty()) return;
        for (const Kind* gives : giver.kinds) {
            for (const Kind* takes : taker.kinds) {
                if (fits(*gives, *takes)) return;
            }
        }
        misfit(giver, *giver.kinds.front(), taker, *taker.kinds.front());
    }

    void misfit(const Stop& giver, const Kind& gives, const Stop& taker, const Kind& takes) {
        const std::string first(giver.text);
        const std::string second(taker.text);
        if (takes.takes == Kind::nothing) {
            error(": " + second + " takes nothing, so it cannot follow " + first,
                  "a " + takes.name + " is a source: it comes first");
        } else if (gives.gives == Kind::nothing) {
            error(": " + first + " gives nothing that " + second + " could take",
                  "a " + gives.name + " comes last, or in a branch:  a | { b ; c }");
        } else {
            error(": " + second + " takes " + takes.takes + ", but " + first + " gives " +
                      gives.gives,
                  between(gives, takes));
        }
    }

    std::string between(const Kind& gives, const Kind& takes) const {
        for (const Kind& kind : reading_.rules.kinds) {
            if (kind.takes == gives.gives && kind.gives == takes.takes)
                return "put a " + kind.name + " between them";
        }
        return {};
    }

    const Deployment& deployment_;
    const Pipeline& pipeline_;
    Reading& reading_;
};

void check_pipeline(const Deployment& deployment, const Pipeline& pipeline, Reading& reading) {
    if (auto valid = reading.rules.check_pipeline(pipeline.text); !valid) {
        std::string meaning = valid.error().next;
        if (meaning.empty()) meaning = "write it as  a | b | { c ; d@machine }";
        reading.problems.error(pipeline.place,
                               "pipeline " + quoted(pipeline.name) + ": " + valid.error().detail,
                               std::move(meaning), std::max<std::size_t>(pipeline.text.size(), 1));
        return;
    }
    PipelineCheck(deployment, pipeline, reading).run();
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
