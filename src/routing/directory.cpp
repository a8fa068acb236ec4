#include "routing/directory.hpp"

#include <algorithm>
#include <utility>

namespace jetway::routing {

namespace {

bool hidden(const wire::ServiceRecord& record) {
    return (record.flags() & service_hidden) != 0;
}

}  // namespace

Catalogue& Directory::at(NodeIndex node) {
    if (node >= catalogues_.size()) catalogues_.resize(node + 1);
    return catalogues_[node];
}

const Catalogue& Directory::operator[](NodeIndex node) const {
    static const Catalogue none;
    return node < catalogues_.size() ? catalogues_[node] : none;
}

void Directory::offer(NodeIndex self, std::uint64_t epoch, wire::ServiceRecord record) {
    wire::DirectoryOp op;
    *op.mutable_record() = std::move(record);
    at(self).write(epoch, op);
    add(self, op.record());
}

void Directory::withdraw(NodeIndex self, std::uint64_t epoch, std::uint64_t instance) {
    const wire::ServiceRecord* record = find({self, instance});
    if (record == nullptr) return;
    wire::DirectoryOp op;
    op.set_kind(1);
    op.mutable_record()->set_instance(instance);
    op.mutable_record()->set_service(record->service());
    remove(self, *record);
    at(self).write(epoch, op);
}

Result<Directory::News> Directory::apply(NodeIndex node, const wire::DirectoryDelta& delta) {
    if (instances_ + static_cast<std::size_t>(delta.ops_size()) > max_instances) return News::older;
    if (delta.epoch() > at(node).epoch()) clear(node, delta.epoch());
    Records before;
    for (const wire::DirectoryOp& op : delta.ops()) {
        const std::uint64_t instance = op.record().instance();
        if (const auto* record = find({node, instance})) before.emplace(instance, *record);
    }
    const auto news = at(node).apply(delta);
    if (!news || *news == News::newer) {
        Records after;
        for (const wire::DirectoryOp& op : delta.ops()) {
            const std::uint64_t instance = op.record().instance();
            if (const auto* record = find({node, instance})) after.emplace(instance, *record);
        }
        index(node, before, after);
    }
    return news;
}

Result<Directory::News> Directory::replace(NodeIndex node, SnapshotAssembly::Whole&& whole) {
    if (instances_ + whole.records.size() > max_instances) return News::older;
    const Records before = at(node).records();
    const auto news =
        at(node).replace(whole.epoch, whole.sequence, whole.digest, std::move(whole.records));
    if (news && *news == News::newer) index(node, before, at(node).records());
    return news;
}

void Directory::clear(NodeIndex node, std::uint64_t epoch) {
    index(node, at(node).records(), {});
    at(node).clear(epoch);
}

const wire::ServiceRecord* Directory::find(const Holder& holder) const {
    const Records& records = (*this)[holder.node].records();
    const auto found = records.find(holder.instance);
    return found == records.end() ? nullptr : &found->second;
}

std::span<const Holder> Directory::holders(const std::string& service) const {
    const auto found = index_.find(service);
    if (found == index_.end()) return {};
    return found->second;
}

std::vector<std::string> Directory::names() const {
    std::vector<std::string> result;
    for (const auto& [name, holders] : index_) {
        const bool shown = std::ranges::any_of(holders, [&](const Holder& holder) {
            const auto* record = find(holder);
            return record != nullptr && !hidden(*record);
        });
        if (shown) result.push_back(name);
    }
    std::ranges::sort(result);
    return result;
}

std::vector<NameChange> Directory::take_changes() {
    return std::exchange(changes_, {});
}

void Directory::index(NodeIndex node, const Records& before, const Records& after) {
    for (const auto& [instance, record] : before) {
        const auto now = after.find(instance);
        if (now == after.end() || now->second.service() != record.service()) remove(node, record);
    }
    for (const auto& [instance, record] : after) {
        const auto old = before.find(instance);
        if (old == before.end() || old->second.service() != record.service()) add(node, record);
    }
}

void Directory::add(NodeIndex node, const wire::ServiceRecord& record) {
    index_[record.service()].push_back({node, record.instance()});
    ++instances_;
    if (!hidden(record)) changes_.push_back({node, record.service(), true});
}

void Directory::remove(NodeIndex node, const wire::ServiceRecord& record) {
    const auto found = index_.find(record.service());
    if (found == index_.end()) return;
    instances_ -= std::erase(found->second, Holder{node, record.instance()});
    if (found->second.empty()) index_.erase(found);
    if (!hidden(record)) changes_.push_back({node, record.service(), false});
}

}  // namespace jetway::routing
