#include "routing/directory.hpp"

#include <utility>

namespace jetway::routing {

Catalogue& Directory::at(NodeIndex node) {
    if (node >= catalogues_.size()) catalogues_.resize(node + 1);
    if (!catalogues_[node]) catalogues_[node] = std::make_unique<Catalogue>(names_, node);
    return *catalogues_[node];
}

const Catalogue& Directory::operator[](NodeIndex node) const {
    return node < catalogues_.size() && catalogues_[node] ? *catalogues_[node] : none_;
}

void Directory::offer(NodeIndex self, std::uint64_t epoch, const wire::ServiceRecord& record) {
    wire::DirectoryOp op;
    *op.mutable_record() = record;
    at(self).write(epoch, op);
}

void Directory::withdraw(NodeIndex self, std::uint64_t epoch, std::uint64_t instance) {
    const Entry* entry = find({self, instance});
    if (entry == nullptr) return;
    wire::DirectoryOp op;
    op.set_kind(1);
    op.mutable_record()->set_instance(instance);
    op.mutable_record()->set_service(std::string(entry->name->text()));
    at(self).write(epoch, op);
}

Result<Directory::News> Directory::apply(NodeIndex node, const wire::DirectoryDelta& delta) {
    if (instances() + static_cast<std::size_t>(delta.ops_size()) > max_instances)
        return News::older;
    return at(node).apply(delta);
}

Result<Directory::News> Directory::replace(NodeIndex node, const SnapshotAssembly::Whole& whole) {
    if (instances() + whole.records.size() > max_instances) return News::older;
    return at(node).replace(whole.epoch, whole.sequence, whole.digest, whole.records);
}

void Directory::clear(NodeIndex node) {
    if (node < catalogues_.size()) catalogues_[node].reset();
}

std::span<const Offering> Directory::offerings(std::string_view service) const {
    const Name* name = names_.find(service);
    return name == nullptr ? std::span<const Offering>() : name->offerings();
}

std::map<std::string_view, std::vector<Holder>> Directory::shown(std::size_t most) const {
    std::map<std::string_view, std::vector<Holder>> result;
    for (NodeIndex node = 0; node < catalogues_.size(); ++node) {
        for (const Entry& entry : (*this)[node].entries()) {
            if (most-- == 0) return result;
            if (!entry.hidden()) result[entry.name->text()].push_back({node, entry.instance});
        }
    }
    return result;
}

}  // namespace jetway::routing
