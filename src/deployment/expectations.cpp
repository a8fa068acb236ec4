// expect: what must still hold when something fails.
#include <algorithm>

#include "deployment/reading.hpp"

namespace jetway::deployment {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view shape = "reachable(SERVICE, from: MACHINE)";

std::string_view trimmed(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    return text;
}

bool take(std::string_view& text, std::string_view word) {
    text = trimmed(text);
    if (!text.starts_with(word)) return false;
    text.remove_prefix(word.size());
    text = trimmed(text);
    return true;
}

/// Everything up to `end`, which is taken too.
std::optional<std::string> take_until(std::string_view& text, char end) {
    const std::size_t place = text.find(end);
    if (place == std::string_view::npos) return std::nullopt;
    std::string name(trimmed(text.substr(0, place)));
    text.remove_prefix(place + 1);
    if (name.empty()) return std::nullopt;
    return name;
}

/// Reads `then`. False when it has another shape.
bool read_then(std::string_view text, Expectation& expectation) {
    expectation.reachable = !take(text, "un");
    if (!take(text, "reachable") || !take(text, "(")) return false;
    const auto service = take_until(text, ',');
    if (!service || !take(text, "from") || !take(text, ":")) return false;
    const auto machine = take_until(text, ')');
    if (!machine || !trimmed(text).empty()) return false;
    expectation.service = *service;
    expectation.from = *machine;
    return true;
}

bool is_offered(const Deployment& deployment, const std::string& service) {
    return std::ranges::any_of(deployment.machines, [&](const Machine& machine) {
        return std::ranges::find(machine.services, service, &Service::name) !=
               machine.services.end();
    });
}

std::vector<std::string> service_names(const Deployment& deployment) {
    std::vector<std::string> names;
    for (const Machine& machine : deployment.machines) {
        for (const Service& service : machine.services) names.push_back(service.name);
    }
    std::ranges::sort(names);
    names.erase(std::ranges::unique(names).begin(), names.end());
    return names;
}

void check_names(const Deployment& deployment, const Expectation& expectation, Reading& reading) {
    const auto unknown = [&](const std::string& what, const std::string& name,
                             const std::vector<std::string>& names) {
        std::string meaning = did_you_mean(name, names);
        if (meaning.empty()) meaning = "there are: " + listed(names);
        reading.problems.error(expectation.place,
                               "no " + what + " of this file is called " + "\"" + name + "\"",
                               meaning);
    };
    if (!is_offered(deployment, expectation.service))
        unknown("service", expectation.service, service_names(deployment));
    if (deployment.find(expectation.from) == nullptr)
        unknown("machine", expectation.from, deployment.machine_names());
}

void read_expectation(const Node& node, Deployment& deployment, Reading& reading) {
    Fields fields(node, "an expectation", {"fail", "then", "within"}, {}, reading.problems);
    if (!node.is(Node::Type::map)) return;
    Expectation expectation;
    expectation.place = node.place;
    expectation.fail = fields.text("fail");
    expectation.then = fields.text("then");
    if (fields.find("within") != nullptr)
        expectation.within = fields.duration("within", 1s, 1ms, 1h);
    if (expectation.fail.empty()) {
        reading.problems.error(node.place, "an expectation says what fails",
                               "fail: any-one-link, any-one-machine, a machine, a link a,b, or a "
                               "partition a,b/c");
        return;
    }
    if (!read_then(expectation.then, expectation)) {
        reading.problems.error(
            fields.find("then") == nullptr ? node.place : fields.place_of("then"),
            "an expectation says what then holds",
            "then: \"" + std::string(shape) + "\", or unreachable(...)",
            std::max<std::size_t>(expectation.then.size(), 1));
        return;
    }
    check_names(deployment, expectation, reading);
    deployment.expectations.push_back(std::move(expectation));
}

}  // namespace

void read_expectations(const Fields& fields, Deployment& deployment, Reading& reading) {
    const Node* node = fields.find("expect");
    if (node == nullptr || node->is(Node::Type::nothing)) return;
    if (!node->is(Node::Type::list)) {
        reading.problems.error(
            node->place, "\"expect\" is a list, not " + std::string(to_string(node->type)),
            "write each as  - { fail: any-one-link, then: \"" + std::string(shape) + "\" }");
        return;
    }
    for (const Node& item : node->items) read_expectation(item, deployment, reading);
}

}  // namespace jetway::deployment
