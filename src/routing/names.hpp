// The names that are offered anywhere: each is kept once, with the machines that offer it and
// their instances. Catalogues refer to it; the index from names to instances is nothing else.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "routing/few.hpp"
#include "routing/paths.hpp"

namespace jetway::routing {

/// Bits of wire::ServiceRecord.flags.
enum ServiceFlag : std::uint32_t {
    service_draining = 1,  // takes no new streams
    service_hidden = 2,    // reachable by name, left out of lists
};

/// One instance, wherever it is.
struct Holder {
    NodeIndex node = no_node;
    std::uint64_t instance = 0;
    bool operator==(const Holder&) const = default;
};

/// What one machine offers under one name.
struct Offering {
    NodeIndex node = no_node;
    std::uint32_t draining = 0;  // instances that take no new streams
    Few<std::uint64_t> takers;   // those that do, ascending
};

/// A name that came or went at one machine.
struct NameChange {
    NodeIndex node = no_node;
    std::string service;
    bool added = false;
};

class Name {
public:
    explicit Name(std::string_view text);
    std::string_view text() const { return text_.get(); }
    /// By node, ascending.
    std::span<const Offering> offerings() const { return offerings_.all(); }

private:
    friend class Names;
    std::unique_ptr<char[]> text_;     // ends with a 0; no name contains one
    mutable Few<Offering> offerings_;  // what a set of names goes by is the text alone
};

class Names {
public:
    /// nullptr while nobody offers it.
    const Name* find(std::string_view text) const;
    /// One instance more, or less, with the flags of its record. A Name stays where it is until
    /// its last instance is removed.
    const Name& add(std::string_view text, const Holder& holder, std::uint32_t flags);
    void remove(const Name& name, const Holder& holder, std::uint32_t flags);
    /// An instance that is there begins, or ceases, to drain.
    void set_draining(const Name& name, const Holder& holder, bool draining);

    std::size_t size() const { return names_.size(); }
    std::size_t instances() const { return instances_; }
    auto begin() const { return names_.begin(); }
    auto end() const { return names_.end(); }
    /// Of names that are shown to people, since the last call.
    std::vector<NameChange> take_changes() { return std::exchange(changes_, {}); }

private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const;
        std::size_t operator()(const Name& name) const { return (*this)(name.text()); }
    };
    struct Equal {
        using is_transparent = void;
        static std::string_view text(std::string_view text) { return text; }
        static std::string_view text(const Name& name) { return name.text(); }
        bool operator()(const auto& a, const auto& b) const { return text(a) == text(b); }
    };

    std::unordered_set<Name, Hash, Equal> names_;
    std::size_t instances_ = 0;
    std::vector<NameChange> changes_;
};

}  // namespace jetway::routing
