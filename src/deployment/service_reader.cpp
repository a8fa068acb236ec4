// `services:`: bare names of built-in kinds, and names with settings that are held against their
// kind.
#include <algorithm>
#include <map>
#include <optional>

#include "deployment/reading.hpp"

namespace jetway::deployment {
namespace {

/// Keys that say what a service is in a later version.
const std::vector<std::string> later_keys{"tcp", "http", "allow", "deny", "pty", "replicas"};

const Kind* find_kind(const Rules& rules, std::string_view name) {
    for (const Kind& kind : rules.kinds) {
        if (kind.name == name) return &kind;
        for (const std::string& other : kind.other_names) {
            if (other == name) return &kind;
        }
    }
    return nullptr;
}

std::vector<std::string> kind_names(const Rules& rules) {
    std::vector<std::string> names;
    for (const Kind& kind : rules.kinds) {
        names.push_back(kind.name);
        names.insert(names.end(), kind.other_names.begin(), kind.other_names.end());
    }
    return names;
}

/// Letters, digits and what a shell never looks into: such a word needs no quotes.
bool is_plain_word(std::string_view word) {
    const auto plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-' || c == '.' || c == '/' || c == '+';
    };
    return !word.empty() && std::all_of(word.begin(), word.end(), plain);
}

/// A list is argv, a string goes to the shell. A list of one would look like a string, so it
/// becomes the string that means the same.
std::string shell_word(const std::string& word) {
    if (is_plain_word(word)) return word;
    std::string result = "exec '";
    for (const char c : word) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return result + "'";
}

class ServiceReader {
public:
    explicit ServiceReader(Reading& reading) : reading_(reading) {}

    std::optional<Service> read(const Node& item) {
        if (item.is(Node::Type::scalar)) return read_bare(item);
        if (item.is(Node::Type::map) && item.entries.size() == 1) {
            return read_full(item.entries.front().key, item.entries.front().value);
        }
        std::string meaning = "write \"- name\", or \"- name: { setting: value }\"";
        if (item.entries.size() > 1 && item.entries.front().value.is(Node::Type::nothing)) {
            meaning =
                "indent the settings deeper than the name " + quoted(item.entries.front().key.text);
        }
        error(item, "a service is a name, or one name with its settings", meaning);
        return std::nullopt;
    }

private:
    void error(const Node& node, std::string message, std::string meaning) {
        reading_.problems.error(node.place, std::move(message), std::move(meaning),
                                std::max<std::size_t>(node.text.size(), 1));
    }

    bool check_name(const Node& name) {
        if (auto valid = reading_.rules.check_service_name(name.text); !valid) {
            report(name, valid.error(), reading_.problems);
            return false;
        }
        if (name.text != "router") return true;
        error(name, "\"router\" is the name of each machine's routing service",
              "choose another name");
        return false;
    }

    std::optional<Service> read_bare(const Node& name) {
        if (!check_name(name)) return std::nullopt;
        const Kind* kind = find_kind(reading_.rules, name.text);
        if (kind == nullptr) {
            no_kind(name);
            return std::nullopt;
        }
        for (const SettingSpec& setting : kind->settings) {
            if (setting.limits.required) needs(name, setting);
        }
        return Service{name.text, kind->name, {}, name.place};
    }

    void no_kind(const Node& name) {
        const std::string near = nearest(name.text, kind_names(reading_.rules));
        const std::string own = "- " + name.text + ": { run: COMMAND }";
        std::string meaning =
            near.empty()
                ? "say what it is:  " + own + "  or  - " + name.text + ": { kind: KIND }, one of " +
                      listed(kind_names(reading_.rules))
                : "did you mean " + quoted(near) + "? a program of your own is written  " + own;
        error(name, quoted(name.text) + " is not a built-in kind of service", std::move(meaning));
    }

    void needs(const Node& name, const SettingSpec& setting) {
        const std::string value = setting.type == SettingType::command ? "COMMAND" : "VALUE";
        error(name, quoted(name.text) + " needs " + quoted(setting.key) + ", " + setting.help,
              "- " + name.text + ": { " + setting.key + ": " + value + " }");
    }

    std::optional<Service> read_full(const Node& name, const Node& value) {
        if (!check_name(name)) return std::nullopt;
        if (value.is(Node::Type::nothing)) return read_bare(name);
        if (!value.is(Node::Type::map)) {
            error(value,
                  "the settings of " + quoted(name.text) + " are a mapping, not " +
                      std::string(to_string(value.type)),
                  "- " + name.text + ": { run: COMMAND }");
            return std::nullopt;
        }
        const Kind* kind = kind_of(name, value);
        if (kind == nullptr) return std::nullopt;
        Service service{name.text, kind->name, {}, name.place};
        read_settings(*kind, name, value, service.settings);
        return service;
    }

    /// `kind:` decides, else the name when it is one, else `run:`.
    const Kind* kind_of(const Node& name, const Node& value) {
        const Node* said = nullptr;
        bool runs = false;
        bool is_later = false;
        for (const auto& [key, node] : value.entries) {
            if (key.text == "kind") said = &node;
            if (key.text == "run") runs = true;
            if (std::find(later_keys.begin(), later_keys.end(), key.text) != later_keys.end())
                is_later = true;
        }
        if (said != nullptr) return said_kind(*said);
        if (const Kind* kind = find_kind(reading_.rules, name.text)) return kind;
        if (runs) return find_kind(reading_.rules, reading_.rules.run_kind);
        if (is_later) {
            Fields(value, "service " + quoted(name.text), {}, later_keys, reading_.problems);
        } else {
            no_kind(name);
        }
        return nullptr;
    }

    const Kind* said_kind(const Node& said) {
        if (!said.is(Node::Type::scalar)) {
            error(said, "\"kind\" is a single value, not " + std::string(to_string(said.type)), {});
            return nullptr;
        }
        const Kind* kind = find_kind(reading_.rules, said.text);
        if (kind == nullptr) {
            std::string meaning = did_you_mean(said.text, kind_names(reading_.rules));
            if (meaning.empty()) meaning = "there are: " + listed(kind_names(reading_.rules));
            error(said, "there is no kind " + quoted(said.text), std::move(meaning));
        }
        return kind;
    }

    void read_settings(const Kind& kind, const Node& name, const Node& value, Settings& settings) {
        std::vector<std::string> known;
        known.reserve(kind.settings.size() + 1);
        for (const SettingSpec& setting : kind.settings) known.push_back(setting.key);
        known.emplace_back("kind");
        Fields fields(value, "the settings of a " + kind.name, std::move(known), later_keys,
                      reading_.problems);
        for (const SettingSpec& setting : kind.settings) {
            if (const Node* node = fields.find(setting.key)) {
                read_setting(setting, *node, settings);
            } else if (setting.limits.required) {
                needs(name, setting);
            }
        }
    }

    void read_setting(const SettingSpec& spec, const Node& node, Settings& settings) {
        if (node.is(Node::Type::scalar)) {
            set(spec, node, {node.text}, settings);
        } else if (node.is(Node::Type::list)) {
            read_values(spec, node, settings);
        } else {
            error(node, quoted(spec.key) + " needs a value", "write " + spec.key + ": VALUE");
        }
    }

    void read_values(const SettingSpec& spec, const Node& node, Settings& settings) {
        Settings::Values values;
        for (const Node& item : node.items) {
            if (!item.is(Node::Type::scalar)) {
                error(item, "a list of values has " + std::string(to_string(item.type)) + " in it",
                      {});
                return;
            }
            values.push_back(item.text);
        }
        if (spec.type != SettingType::command) {
            error(node, quoted(spec.key) + " takes one value, not a list",
                  "write " + spec.key + ": VALUE");
        } else if (values.empty()) {
            error(node, "an empty list for " + quoted(spec.key),
                  "write a value, or remove the key");
        } else {
            set(spec, node, std::move(values), settings);
        }
    }

    /// Also when a value is wrong: it has been reported, and is not missing.
    void set(const SettingSpec& spec, const Node& node, Settings::Values values,
             Settings& settings) {
        if (auto valid = check_setting(spec, values); !valid)
            report(node, valid.error(), reading_.problems);
        if (node.is(Node::Type::list) && values.size() == 1) values[0] = shell_word(values[0]);
        settings.set(spec.key, std::move(values));
    }

    Reading& reading_;
};

}  // namespace

std::vector<Service> read_services(const Node& node, Reading& reading) {
    std::vector<Service> services;
    if (node.is(Node::Type::nothing)) return services;
    if (!node.is(Node::Type::list)) {
        reading.problems.error(node.place,
                               "\"services\" is a list, not " + std::string(to_string(node.type)),
                               "write each service on a line of its own after \"- \"",
                               std::max<std::size_t>(node.text.size(), 1));
        return services;
    }
    ServiceReader reader(reading);
    std::map<std::string, Place> seen;
    for (const Node& item : node.items) {
        std::optional<Service> service = reader.read(item);
        if (!service) continue;
        if (const auto [first, is_new] = seen.emplace(service->name, service->place); !is_new) {
            reading.problems.error(
                service->place, "duplicate service " + quoted(service->name),
                "it is already on line " + std::to_string(first->second.line) +
                    "; a second one of a kind needs a name of its own:  - NAME: { kind: " +
                    service->kind + " }",
                service->name.size());
            continue;
        }
        services.push_back(std::move(*service));
    }
    return services;
}

}  // namespace jetway::deployment
