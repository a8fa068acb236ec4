// A YAML text as a tree of values with places. The one file that sees yaml-cpp is document.cpp;
// what that library lets pass (duplicate keys, alias bombs, several documents) is refused here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "deployment/problem.hpp"

namespace jetway::deployment {

inline constexpr std::size_t max_file = 1024UL * 1024;  // bytes
// Aliases counted each time, and a long text as several.
inline constexpr std::size_t max_nodes = 50'000;
inline constexpr std::size_t max_depth = 32;

struct Entry;

struct Node {
    enum class Type : std::uint8_t { nothing, scalar, list, map };

    Type type = Type::nothing;
    Place place;
    std::string text;            // of a scalar, as it stands, quotes removed
    std::vector<Node> items;     // of a list
    std::vector<Entry> entries;  // of a map: keys are scalars, each once

    bool is(Type wanted) const { return type == wanted; }
};

struct Entry {
    Node key;
    Node value;
};

/// "a list", "a mapping", for messages.
std::string_view to_string(Node::Type type);

/// The only document of `text`; an empty file is a Node of type nothing. Problems of the YAML
/// itself are added to `problems`; after a syntax error there is no tree. Never allocates more than
/// max_nodes nodes.
std::optional<Node> parse_document(std::string_view text, Problems& problems);

}  // namespace jetway::deployment
