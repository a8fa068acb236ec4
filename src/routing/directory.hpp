// What we know of services: every machine's catalogue, and an index from names to their instances.
// Whether an instance can be used is asked of the topology when a name is looked up, so nothing
// needs cleaning when a machine is lost.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "routing/catalogue.hpp"
#include "routing/names.hpp"
#include "routing/paths.hpp"

namespace jetway::routing {

inline constexpr std::size_t max_instances = 2'000'000;  // in the whole directory

class Directory {
public:
    using News = Catalogue::News;

    /// This machine's own services (node `self`).
    void offer(NodeIndex self, std::uint64_t epoch, const wire::ServiceRecord& record);
    void withdraw(NodeIndex self, std::uint64_t epoch, std::uint64_t instance);
    void rewrite(NodeIndex self, std::uint64_t epoch) { at(self).rewrite(epoch); }

    /// As Catalogue's. What would go beyond max_instances is ignored (`older`).
    Result<News> apply(NodeIndex node, const wire::DirectoryDelta& delta);
    Result<News> replace(NodeIndex node, const SnapshotAssembly::Whole& whole);
    /// The machine is in another epoch, or forgotten: its services are gone.
    void clear(NodeIndex node);

    /// An empty one of a machine that has said nothing.
    const Catalogue& operator[](NodeIndex node) const;
    /// nullptr when there is none.
    const Entry* find(const Holder& holder) const {
        return (*this)[holder.node].find(holder.instance);
    }
    /// The machines that offer the name, ascending.
    std::span<const Offering> offerings(std::string_view service) const;
    const Names& names() const { return names_; }
    std::size_t instances() const { return names_.instances(); }
    /// What is shown to people, of the first `most` instances. The names are good until the
    /// directory changes.
    std::map<std::string_view, std::vector<Holder>> shown(std::size_t most = max_instances) const;
    /// Since the last call.
    std::vector<NameChange> take_changes() { return names_.take_changes(); }

private:
    Catalogue& at(NodeIndex node);

    Names names_;
    Catalogue none_{names_, no_node};
    std::vector<std::unique_ptr<Catalogue>> catalogues_;  // by node; nullptr: nothing was ever said
};

}  // namespace jetway::routing
