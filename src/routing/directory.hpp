// What we know of services: every machine's catalogue, and an index from names to their holders.
// Whether a holder can be used is asked of the topology when a name is looked up, so nothing needs
// cleaning when a machine is lost.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "routing/catalogue.hpp"
#include "routing/paths.hpp"

namespace jetway::routing {

inline constexpr std::size_t max_instances = 2'000'000;  // in the whole directory

struct Holder {
    NodeIndex node = no_node;
    std::uint64_t instance = 0;
    bool operator==(const Holder&) const = default;
};

/// A name that came or went at one machine.
struct NameChange {
    NodeIndex node = no_node;
    std::string service;
    bool added = false;
};

class Directory {
public:
    using News = Catalogue::News;

    /// This machine's own services (node `self`).
    void offer(NodeIndex self, std::uint64_t epoch, wire::ServiceRecord record);
    void withdraw(NodeIndex self, std::uint64_t epoch, std::uint64_t instance);
    void rewrite(NodeIndex self, std::uint64_t epoch) { at(self).rewrite(epoch); }

    /// As Catalogue's. What would go beyond max_instances is ignored (`older`).
    Result<News> apply(NodeIndex node, const wire::DirectoryDelta& delta);
    Result<News> replace(NodeIndex node, SnapshotAssembly::Whole&& whole);
    /// The machine is in another epoch, or forgotten: its services are gone.
    void clear(NodeIndex node, std::uint64_t epoch);

    const Catalogue& operator[](NodeIndex node) const;
    /// nullptr when there is none.
    const wire::ServiceRecord* find(const Holder& holder) const;
    std::span<const Holder> holders(const std::string& service) const;
    /// Every name that is shown to people, sorted.
    std::vector<std::string> names() const;
    std::size_t instances() const { return instances_; }
    /// Since the last call.
    std::vector<NameChange> take_changes();

private:
    Catalogue& at(NodeIndex node);
    void index(NodeIndex node, const Records& before, const Records& after);
    void add(NodeIndex node, const wire::ServiceRecord& record);
    void remove(NodeIndex node, const wire::ServiceRecord& record);

    std::vector<Catalogue> catalogues_;  // by node
    std::unordered_map<std::string, std::vector<Holder>> index_;
    std::vector<NameChange> changes_;
    std::size_t instances_ = 0;
};

}  // namespace jetway::routing
