// One machine of the file: `listen:`, `services:`, `terminals:`.
#include <algorithm>
#include <map>

#include "deployment/reading.hpp"

namespace jetway::deployment {
namespace {

const std::vector<std::string> machine_keys{"listen",  "services", "terminals", "memory",
                                            "message", "threads",  "insecure"};
const std::vector<std::string> later_machine_keys{"tags",     "allow",    "deny",
                                                  "registry", "identity", "weight"};
const std::vector<std::string> terminal_keys{"name", "type", "address", "link", "insecure"};
const std::vector<std::string> later_terminal_keys{"allow", "deny", "tags", "cost", "tls"};

void check_machine_name(const Node& name, Reading& reading) {
    if (auto valid = reading.rules.check_machine_name(name.text); !valid) {
        report(name, valid.error(), reading.problems);
    } else if (name.text == "." || name.text == "..") {
        reading.problems.error(name.place, quoted(name.text) + " cannot name a machine",
                               "the name is also that of a folder: choose another");
    }
}

std::optional<NetworkAddress> read_address(const Node& node, Reading& reading) {
    if (!node.is(Node::Type::scalar)) {
        reading.problems.error(
            node.place, "an address is a single value, not " + std::string(to_string(node.type)),
            "write HOST:PORT, as in 10.0.0.3:9001");
        return std::nullopt;
    }
    auto address = parse_network_address(node.text);
    if (address) return *address;
    report(node, address.error(), reading.problems);
    return std::nullopt;
}

void read_listen_address(const Node& node, Machine& machine, Reading& reading) {
    const std::optional<NetworkAddress> address = read_address(node, reading);
    if (!address) return;
    if (address->family == NetworkAddress::Family::name) {
        reading.problems.error(
            node.place, "a machine listens on an IP address, not on a host name",
            "write :" + std::to_string(address->port) + " for every address it has",
            node.text.size());
    } else if (std::find(machine.listen.begin(), machine.listen.end(), *address) !=
               machine.listen.end()) {
        reading.problems.error(node.place, quoted(node.text) + " is in this list twice", {},
                               node.text.size());
    } else {
        machine.listen.push_back(*address);
        machine.listen_places.push_back(node.place);
    }
}

void read_listen(const Node& node, Machine& machine, Reading& reading) {
    if (node.is(Node::Type::list)) {
        for (const Node& item : node.items) read_listen_address(item, machine, reading);
    } else {
        read_listen_address(node, machine, reading);
    }
}

TerminalType read_type(Fields& fields, Reading& reading) {
    static const std::vector<std::string> types{"network", "local", "loopback"};
    const std::string text = fields.text("type", "network");
    if (text == "local") return TerminalType::local;
    if (text == "loopback") return TerminalType::loopback;
    if (text != "network") {
        std::string meaning = did_you_mean(text, types);
        if (meaning.empty()) meaning = "write network, local or loopback";
        reading.problems.error(fields.place_of("type"), quoted(text) + " is not a type of terminal",
                               std::move(meaning), std::max<std::size_t>(text.size(), 1));
    }
    return TerminalType::network;
}

void read_terminal_name(const Node& node, const Fields& fields, Terminal& terminal,
                        Reading& reading) {
    const Node* name = fields.find("name");
    terminal.place = name == nullptr ? node.place : name->place;
    if (name == nullptr) {
        if (node.is(Node::Type::map))
            reading.problems.error(node.place, "a terminal without a name", "add name: to-MACHINE");
        return;
    }
    if (auto valid = reading.rules.check_service_name(terminal.name); !valid) {
        report(*name, valid.error(), reading.problems);
    }
}

Terminal read_terminal(const Node& node, Reading& reading) {
    Fields fields(node, "a terminal", terminal_keys, later_terminal_keys, reading.problems);
    Terminal terminal;
    terminal.name = fields.text("name");
    read_terminal_name(node, fields, terminal, reading);
    terminal.type = read_type(fields, reading);
    terminal.link = fields.text("link");
    terminal.insecure = fields.flag("insecure", false);
    terminal.address_place = fields.place_of("address");
    const Node* address = fields.find("address");
    if (address == nullptr) return terminal;
    terminal.address = read_address(*address, reading);
    if (terminal.address && terminal.type != TerminalType::network) {
        reading.problems.error(address->place, "only a network terminal has an address",
                               "remove the address, or write type: network", address->text.size());
    } else if (terminal.address && terminal.address->is_wildcard()) {
        reading.problems.error(address->place, quoted(address->text) + " cannot be dialled",
                               "name one address of the other machine", address->text.size());
    }
    return terminal;
}

}  // namespace

std::vector<Terminal> read_terminals(const Node& node, Reading& reading) {
    std::vector<Terminal> terminals;
    if (node.is(Node::Type::nothing)) return terminals;
    if (!node.is(Node::Type::list)) {
        reading.problems.error(node.place,
                               "\"terminals\" is a list, not " + std::string(to_string(node.type)),
                               "begin each terminal with \"- name: to-MACHINE\"",
                               std::max<std::size_t>(node.text.size(), 1));
        return terminals;
    }
    std::map<std::string, Place> seen;
    for (const Node& item : node.items) {
        Terminal terminal = read_terminal(item, reading);
        const auto [first, is_new] = seen.emplace(terminal.name, terminal.place);
        if (!is_new && !terminal.name.empty()) {
            reading.problems.error(terminal.place, "duplicate terminal " + quoted(terminal.name),
                                   "it is already on line " + std::to_string(first->second.line),
                                   terminal.name.size());
        }
        terminals.push_back(std::move(terminal));
    }
    return terminals;
}

Machine read_machine(const Node& name, const Node& value, const Deployment& deployment,
                     Reading& reading) {
    check_machine_name(name, reading);
    Machine machine;
    machine.name = name.text;
    machine.place = name.place;
    Fields fields(value, "a machine", machine_keys, later_machine_keys, reading.problems);
    machine.insecure = fields.flag("insecure", false);
    machine.message = fields.size("message", deployment.message, least_message, most_message);
    machine.memory = fields.size("memory", deployment.memory, least_memory, most_memory);
    machine.threads = fields.number("threads", deployment.threads, 1, most_threads);
    if (const Node* listen = fields.find("listen")) read_listen(*listen, machine, reading);
    if (const Node* services = fields.find("services"))
        machine.services = read_services(*services, reading);
    if (const Node* terminals = fields.find("terminals")) {
        machine.terminals = read_terminals(*terminals, reading);
    }
    return machine;
}

}  // namespace jetway::deployment
