#include "deployment/deployment.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <sstream>

#include "deployment/reading.hpp"

namespace jetway::deployment {
namespace {

using namespace std::chrono_literals;

const std::vector<std::string> file_keys{"mesh",    "machines", "pipelines", "discovery",
                                         "streams", "threads",  "expect",    "insecure"};
const std::vector<std::string> later_file_keys{"allow", "deny", "registry", "identity", "policies"};

/// The name of a mesh follows the rules of a machine's, but it is not one.
Error about_mesh(Error error) {
    constexpr std::string_view machine = "the name of a machine";
    if (const auto at = error.detail.find(machine); at != std::string::npos)
        error.detail.replace(at, machine.size(), "the name of a mesh");
    return error;
}

void read_mesh(Fields& fields, Deployment& deployment, Reading& reading) {
    deployment.mesh = fields.text("mesh", "home");
    const Node* node = fields.find("mesh");
    if (node == nullptr || !node->is(Node::Type::scalar)) return;
    if (auto valid = reading.rules.check_machine_name(deployment.mesh); !valid) {
        report(*node, about_mesh(valid.error()), reading.problems);
    } else if (deployment.mesh == "." || deployment.mesh == "..") {
        reading.problems.error(node->place, quoted(deployment.mesh) + " cannot name a mesh",
                               "the name is also that of a folder: choose another");
    }
}

void read_discovery(const Fields& fields, Deployment& deployment, Reading& reading) {
    const Node* node = fields.find("discovery");
    if (node == nullptr) return;
    Fields discovery(*node, "discovery", {"heartbeat", "detect"}, {"registry", "lan"},
                     reading.problems);
    deployment.heartbeat = discovery.duration("heartbeat", deployment.heartbeat, 100ms, 1h);
    deployment.detect = discovery.duration("detect", deployment.detect, 40ms, 5min);
}

void read_streams(const Fields& fields, Deployment& deployment, Reading& reading) {
    const Node* node = fields.find("streams");
    if (node == nullptr) return;
    Fields streams(*node, "streams", {"resume", "memory", "message"}, {}, reading.problems);
    deployment.memory = streams.size("memory", deployment.memory, least_memory, most_memory);
    deployment.message = streams.size("message", deployment.message, least_message, most_message);
    deployment.resume = streams.duration("resume", deployment.resume, 0ms, 10min);
}

void read_machines(const Fields& fields, const Node& root, Deployment& deployment,
                   Reading& reading) {
    const Node* node = fields.find("machines");
    if (node == nullptr || !node->is(Node::Type::map) || node->entries.empty()) {
        if (root.is(Node::Type::map) || root.is(Node::Type::nothing)) {
            reading.problems.error(node == nullptr ? root.place : node->place,
                                   "a deployment has machines",
                                   "begin with:  machines: { lab: { services: [echo] } }");
        }
        return;
    }
    for (const auto& [name, value] : node->entries) {
        deployment.machines.push_back(read_machine(name, value, deployment, reading));
    }
}

void read_pipelines(const Fields& fields, Deployment& deployment, Reading& reading) {
    const Node* node = fields.find("pipelines");
    if (node == nullptr || node->is(Node::Type::nothing)) return;
    if (!node->is(Node::Type::map)) {
        reading.problems.error(
            node->place, "\"pipelines\" is a mapping, not " + std::string(to_string(node->type)),
            "write each as  NAME: a | b | c", std::max<std::size_t>(node->text.size(), 1));
        return;
    }
    for (const auto& [name, value] : node->entries) {
        if (auto valid = reading.rules.check_service_name(name.text); !valid) {
            report(name, valid.error(), reading.problems);
        } else if (!value.is(Node::Type::scalar)) {
            reading.problems.error(
                value.place,
                "a pipeline is one line of text, not " + std::string(to_string(value.type)),
                "quote a text that begins with \"{\":  " + name.text + ": \"a | { b ; c }\"");
        } else {
            deployment.pipelines.push_back({name.text, value.text, value.place});
        }
    }
}

Deployment read(const Node& root, Reading& reading) {
    Deployment deployment;
    Fields fields(root, "the file", file_keys, later_file_keys, reading.problems);
    read_mesh(fields, deployment, reading);
    deployment.insecure = fields.flag("insecure", false);
    read_discovery(fields, deployment, reading);
    read_streams(fields, deployment, reading);
    deployment.threads = fields.number("threads", deployment.threads, 1, most_threads);
    read_machines(fields, root, deployment, reading);
    read_pipelines(fields, deployment, reading);
    read_expectations(fields, deployment, reading);
    join_machines(deployment, reading);
    check_machines(deployment, reading);
    check_pipelines(deployment, reading);
    return deployment;
}

}  // namespace

const Machine* Deployment::find(std::string_view machine) const {
    const auto found = std::find_if(machines.begin(), machines.end(),
                                    [&](const Machine& each) { return each.name == machine; });
    return found == machines.end() ? nullptr : &*found;
}

std::vector<std::string> Deployment::machine_names() const {
    std::vector<std::string> names;
    names.reserve(machines.size());
    for (const Machine& machine : machines) names.push_back(machine.name);
    return names;
}

Loaded load(std::string_view text, const Rules& rules) {
    Problems problems;
    Reading reading{rules, problems};
    Loaded loaded;
    if (const std::optional<Node> root = parse_document(text, problems)) {
        loaded.deployment = read(*root, reading);
    }
    loaded.errors = problems.errors();
    loaded.warnings = problems.warnings();
    if (problems.has_errors()) loaded.deployment.reset();
    loaded.problems = problems.take();
    return loaded;
}

Result<std::string> read_file(const std::string& path) {
    std::ifstream stream(path, std::ios::binary);
    if (!stream) return system_error("cannot open " + path, errno);
    std::string text(max_file + 1, '\0');
    stream.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (stream.bad()) return system_error("cannot read " + path, errno);
    text.resize(static_cast<std::size_t>(stream.gcount()));
    return text;
}

std::vector<Problem> unprotected(const Deployment& deployment, const Machine& machine) {
    if (deployment.insecure || machine.insecure) return {};
    const auto allowed = [&](const NetworkAddress& address) {
        for (const Machine& other : deployment.machines) {
            for (const Terminal& terminal : other.terminals) {
                if (terminal.insecure && terminal.address == address) return true;
            }
        }
        return false;
    };
    Problems problems;
    const auto check = [&](const NetworkAddress& address, Place place, std::string_view verb) {
        if (address.is_loopback() || allowed(address)) return;
        problems.warning(
            place, machine.name + std::string(verb) + address.text() + " without encryption",
            "this version has none: write insecure: true to run it all the same, or try the file "
            "on this host with jetway dev");
    };
    for (std::size_t i = 0; i < machine.listen.size(); ++i) {
        check(machine.listen[i], machine.listen_places[i], " listens on ");
    }
    for (const Terminal& terminal : machine.terminals) {
        if (terminal.address) check(*terminal.address, terminal.address_place, " dials ");
    }
    return problems.take();
}

}  // namespace jetway::deployment
