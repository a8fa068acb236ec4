#include "deployment/fields.hpp"

#include <algorithm>

namespace jetway::deployment {
namespace {

bool contains(const std::vector<std::string>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

/// As people write a limit: whole seconds, else milliseconds.
std::string text_of(Duration duration) {
    const auto milliseconds = duration / std::chrono::milliseconds(1);
    if (milliseconds % 1000 == 0) return std::to_string(milliseconds / 1000) + "s";
    return std::to_string(milliseconds) + "ms";
}

}  // namespace

std::string did_you_mean(std::string_view name, const std::vector<std::string>& candidates) {
    const std::string near = nearest(name, candidates);
    return near.empty() ? std::string{} : "did you mean " + quoted(near) + "?";
}

std::string listed(const std::vector<std::string>& names) {
    constexpr std::size_t shown = 12;
    std::string result;
    for (std::size_t i = 0; i < std::min(names.size(), shown); ++i) {
        if (i > 0) result += ", ";
        result += names[i];
    }
    if (names.size() > shown) result += ", ...";
    return result;
}

void report(const Node& node, const Error& error, Problems& problems) {
    problems.error(node.place, error.detail, error.next,
                   std::max<std::size_t>(node.text.size(), 1));
}

Fields::Fields(const Node& node, std::string what, std::vector<std::string> known,
               std::vector<std::string> later, Problems& problems)
    : node_(node),
      what_(std::move(what)),
      known_(std::move(known)),
      later_(std::move(later)),
      problems_(problems) {
    if (!node.is(Node::Type::map) && !node.is(Node::Type::nothing)) {
        problems_.error(node.place,
                        what_ + " is a mapping, not " + std::string(to_string(node.type)),
                        "its keys: " + listed(known_), std::max<std::size_t>(node.text.size(), 1));
    }
    for (const auto& [key, value] : node.entries) check_key(key);
}

void Fields::check_key(const Node& key) {
    if (contains(known_, key.text)) return;
    if (contains(later_, key.text)) {
        problems_.error(
            key.place,
            quoted(key.text) + " is not supported by this version of jetway (" JETWAY_VERSION ")",
            "remove it: it is never ignored in silence", key.text.size());
        return;
    }
    std::string meaning = did_you_mean(key.text, known_);
    if (meaning.empty()) meaning = "keys of " + what_ + ": " + listed(known_);
    problems_.error(key.place, "unknown key " + quoted(key.text) + " in " + what_,
                    std::move(meaning), key.text.size());
}

const Node* Fields::find(std::string_view key) const {
    for (const auto& [name, value] : node_.entries) {
        if (name.text == key) return &value;
    }
    return nullptr;
}

Place Fields::place_of(std::string_view key) const {
    const Node* node = find(key);
    return node == nullptr ? node_.place : node->place;
}

const Node* Fields::scalar(std::string_view key) {
    const Node* node = find(key);
    if (node == nullptr || node->is(Node::Type::scalar)) return node;
    const std::string name(key);
    if (node->is(Node::Type::nothing)) {
        problems_.error(node->place, quoted(name) + " has no value",
                        "write a value, or remove the key");
    } else {
        problems_.error(node->place, quoted(name) + " is a single value, not " +
                                         std::string(to_string(node->type)));
    }
    return nullptr;
}

std::string Fields::text(std::string_view key, const std::string& fallback) {
    const Node* node = scalar(key);
    return node == nullptr ? fallback : node->text;
}

bool Fields::flag(std::string_view key, bool fallback) {
    const Node* node = scalar(key);
    if (node == nullptr) return fallback;
    Settings settings;
    settings.set(std::string(key), node->text);
    if (auto value = settings.flag(key, fallback)) return *value;
    problems_.error(node->place, quoted(key) + " is true or false, not " + quoted(node->text), {},
                    node->text.size());
    return fallback;
}

Duration Fields::duration(std::string_view key, Duration fallback, Duration least, Duration most) {
    const Node* node = scalar(key);
    if (node == nullptr) return fallback;
    const auto value = parse_duration(node->text);
    if (value && *value >= least && *value <= most) return *value;
    const std::string range = "write a time from " + text_of(least) + " to " + text_of(most) +
                              ", as in " + text_of(fallback);
    problems_.error(
        node->place,
        value ? quoted(key) + " is out of range" : quoted(node->text) + " is not a length of time",
        range, std::max<std::size_t>(node->text.size(), 1));
    return fallback;
}

std::uint64_t Fields::number(std::string_view key, std::uint64_t fallback, std::uint64_t least,
                             std::uint64_t most) {
    const Node* node = scalar(key);
    if (node == nullptr) return fallback;
    Settings settings;
    settings.set(std::string(key), node->text);
    const auto value =
        settings.number(key, 0, static_cast<std::int64_t>(least), static_cast<std::int64_t>(most));
    if (value) return static_cast<std::uint64_t>(*value);
    problems_.error(node->place,
                    quoted(key) + " is a whole number from " + std::to_string(least) + " to " +
                        std::to_string(most) + ", not " + quoted(node->text),
                    "write such a number, or leave it out",
                    std::max<std::size_t>(node->text.size(), 1));
    return fallback;
}

std::uint64_t Fields::size(std::string_view key, std::uint64_t fallback, std::uint64_t least,
                           std::uint64_t most) {
    const Node* node = scalar(key);
    if (node == nullptr) return fallback;
    const auto value = parse_size(node->text);
    if (value && *value >= least && *value <= most) return *value;
    problems_.error(
        node->place,
        value ? quoted(key) + " is out of range" : quoted(node->text) + " is not a size",
        "write a size from " + size_text(least) + " to " + size_text(most) + ", as in " +
            size_text(fallback),
        std::max<std::size_t>(node->text.size(), 1));
    return fallback;
}

}  // namespace jetway::deployment
