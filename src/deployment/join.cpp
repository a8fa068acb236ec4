// Where each terminal leads, and what machines that do not say so listen on.
#include <algorithm>

#include "deployment/reading.hpp"

namespace jetway::deployment {
namespace {

/// True when dialling `dialled` reaches something that listens on `listening`.
bool reaches(const NetworkAddress& dialled, const NetworkAddress& listening) {
    if (dialled == listening) return true;
    return listening.is_wildcard() && dialled.family != NetworkAddress::Family::unix_socket &&
           dialled.port == listening.port;
}

bool listens_on(const Machine& machine, const NetworkAddress& address) {
    return std::any_of(
        machine.listen.begin(), machine.listen.end(),
        [&](const NetworkAddress& listening) { return reaches(address, listening); });
}

std::string texts(const std::vector<NetworkAddress>& addresses) {
    std::vector<std::string> result;
    result.reserve(addresses.size());
    for (const NetworkAddress& address : addresses) result.push_back(address.text());
    return listed(result);
}

class Join {
public:
    Join(Deployment& deployment, Reading& reading) : deployment_(deployment), reading_(reading) {}

    void run() {
        each_terminal(
            [this](Machine& machine, Terminal& terminal) { target_by_name(machine, terminal); });
        each_terminal(
            [this](Machine& machine, Terminal& terminal) { target_by_address(machine, terminal); });
        each_terminal(
            [this](Machine& machine, Terminal& terminal) { check_target(machine, terminal); });
        for (Machine& machine : deployment_.machines) derive_listen(machine);
    }

private:
    template <typename Action>
    void each_terminal(Action action) {
        for (Machine& machine : deployment_.machines) {
            for (Terminal& terminal : machine.terminals) {
                if (terminal.type == TerminalType::network) action(machine, terminal);
            }
        }
    }

    void error(Place place, std::string message, std::string meaning, std::size_t length) {
        reading_.problems.error(place, std::move(message), std::move(meaning), length);
    }

    /// to-MACHINE leads to MACHINE, from-MACHINE waits for it.
    void target_by_name(Machine&, Terminal& terminal) {
        for (const std::string_view prefix : {"to-", "from-"}) {
            if (!terminal.name.starts_with(prefix)) continue;
            if (const Machine* machine = deployment_.find(terminal.name.substr(prefix.size()))) {
                terminal.machine = machine->name;
            }
        }
    }

    void target_by_address(Machine&, Terminal& terminal) {
        if (!terminal.machine.empty() || !terminal.address) return;
        for (const bool same_port : {true, false}) {
            for (const Machine& machine : deployment_.machines) {
                if (!terminal.machine.empty()) return;
                if (is_at(machine, *terminal.address, same_port)) terminal.machine = machine.name;
            }
        }
    }

    /// Is `address` one that the file connects with `machine`: listened on, or dialled by a
    /// terminal to it?
    bool is_at(const Machine& machine, const NetworkAddress& address, bool same_port) const {
        const auto alike = [&](const NetworkAddress& known) {
            if (known.is_wildcard()) return false;
            return same_port ? known == address
                             : known.family == address.family && known.host == address.host;
        };
        if (std::any_of(machine.listen.begin(), machine.listen.end(), alike)) return true;
        for (const Machine& other : deployment_.machines) {
            for (const Terminal& terminal : other.terminals) {
                if (terminal.machine == machine.name && terminal.address &&
                    alike(*terminal.address))
                    return true;
            }
        }
        return false;
    }

    void check_target(const Machine& machine, const Terminal& terminal) {
        if (terminal.machine == machine.name) {
            error(terminal.place, "this terminal leads back to " + quoted(machine.name),
                  "write type: loopback, without an address, for a loop", terminal.name.size());
        } else if (terminal.machine.empty()) {
            unknown_target(machine, terminal);
        } else if (const Machine* target = deployment_.find(terminal.machine)) {
            check_reaches(*target, terminal);
        }
    }

    void unknown_target(const Machine& machine, const Terminal& terminal) {
        if (terminal.name.empty()) return;
        std::vector<std::string> names;
        for (const std::string& name : deployment_.machine_names()) {
            if (name != machine.name) names.push_back("to-" + name);
        }
        std::string meaning = did_you_mean(terminal.name, names);
        if (meaning.empty()) {
            meaning =
                "call it to-MACHINE, or give the machine the address under listen:; machines: " +
                listed(deployment_.machine_names());
        }
        error(terminal.place,
              "terminal " + quoted(terminal.name) + " leads to no machine of this file",
              std::move(meaning), terminal.name.size());
    }

    /// Addresses may be translated on the way, but then the port usually stays: another port is
    /// taken for a typo.
    void check_reaches(const Machine& target, const Terminal& terminal) {
        if (target.listen.empty() || !terminal.address || listens_on(target, *terminal.address))
            return;
        const std::uint16_t port = terminal.address->port;
        const bool same_port =
            std::any_of(target.listen.begin(), target.listen.end(),
                        [port](const NetworkAddress& a) { return a.port == port; });
        const std::string text = terminal.address->text();
        const std::string message = target.name + " does not listen on " + text;
        const std::string meaning = "it listens on " + texts(target.listen);
        if (same_port && terminal.address->family != NetworkAddress::Family::unix_socket) {
            reading_.problems.warning(terminal.address_place, message, meaning);
        } else {
            error(terminal.address_place, message, meaning, text.size());
        }
    }

    void derive_listen(Machine& machine) {
        if (!machine.listen.empty()) return;
        for (const Machine& other : deployment_.machines) {
            for (const Terminal& terminal : other.terminals) {
                if (terminal.machine == machine.name && terminal.address)
                    add_derived(machine, terminal);
            }
        }
        if (machine.listen.empty()) return;
        machine.listen_derived = true;
        reading_.problems.warning(
            machine.place,
            quoted(machine.name) +
                " has no listen:, so it listens where the other terminals dial it: " +
                texts(machine.listen),
            "a typo in one of those addresses could not be noticed; write listen: to be safe");
    }

    void add_derived(Machine& machine, const Terminal& terminal) {
        const NetworkAddress& address = *terminal.address;
        if (address.family == NetworkAddress::Family::name) {
            error(terminal.address_place,
                  quoted(machine.name) + " has no listen:, and " + quoted(address.text()) +
                      " does not say on which IP address",
                  "write listen: :" + std::to_string(address.port) + " at " + machine.name,
                  address.text().size());
            return;
        }
        if (std::find(machine.listen.begin(), machine.listen.end(), address) !=
            machine.listen.end())
            return;
        machine.listen.push_back(address);
        machine.listen_places.push_back(terminal.address_place);
    }

    Deployment& deployment_;
    Reading& reading_;
};

}  // namespace

void join_machines(Deployment& deployment, Reading& reading) {
    Join(deployment, reading).run();
}

}  // namespace jetway::deployment
