#include "routing/catalogue.hpp"

#include <algorithm>
#include <iterator>
#include <ranges>
#include <tuple>
#include <utility>

#include "routing/flaw.hpp"

namespace jetway::routing {

namespace {

constexpr std::size_t kept_changes = 64;
constexpr std::size_t kept_bytes = 8UL * 1024;
constexpr std::uint32_t deleted = 1;
constexpr std::uint64_t max_sequence = std::uint64_t{1} << 62U;

// There may be two million of each.
static_assert(sizeof(Entry) == 24);
static_assert(sizeof(Name) == 40);

Error too_many() {
    return {Code::too_large, "a catalogue of more than 10,000 services or 8 MiB"};
}

Error out_of_range() {
    return {Code::protocol, "a catalogue's number is out of range"};
}

std::unique_ptr<const Particulars> particulars_of(const wire::ServiceRecord& record) {
    wire::ServiceRecord rest = record;
    rest.clear_instance();
    rest.clear_service();
    rest.clear_weight();
    rest.clear_flags();
    if (record.weight() == 1 && record.flags() == 0 && rest.ByteSizeLong() == 0) return nullptr;
    return std::make_unique<const Particulars>(
        Particulars{record.weight(), record.flags(), rest.SerializeAsString()});
}

}  // namespace

std::uint64_t digest_of(const wire::ServiceRecord& record) {
    return wire::digest(wire::encode(record).bytes());
}

wire::ServiceRecord Entry::record() const {
    wire::ServiceRecord record;
    if (particulars) record.ParseFromString(particulars->rest);
    record.set_instance(instance);
    record.set_service(std::string(name->text()));
    record.set_weight(weight());
    record.set_flags(flags());
    return record;
}

void Catalogue::Totals::add(const wire::ServiceRecord& record) {
    digest += digest_of(record);
    bytes += record.ByteSizeLong();
    ++services;
}

void Catalogue::Totals::remove(const wire::ServiceRecord& record) {
    digest -= digest_of(record);
    bytes -= record.ByteSizeLong();
    --services;
}

/// entries_.size() when it has none.
std::size_t Catalogue::place_of(std::uint64_t instance) const {
    const auto found = std::ranges::lower_bound(entries_, instance, {}, &Entry::instance);
    if (found == entries_.end() || found->instance != instance) return entries_.size();
    return static_cast<std::size_t>(found - entries_.begin());
}

const Entry* Catalogue::find(std::uint64_t instance) const {
    const std::size_t place = place_of(instance);
    return place == entries_.size() ? nullptr : &entries_[place];
}

// ---- what changes

void Catalogue::write(std::uint64_t epoch, const wire::DirectoryOp& op) {
    epoch_ = epoch;
    Edits edits;
    Totals totals = totals_;
    plan(op, edits, totals);
    edit(edits, totals);
    ++sequence_;
    keep(op, totals.digest);
}

void Catalogue::rewrite(std::uint64_t epoch) {
    epoch_ = epoch;
    forget_changes();
}

Result<Catalogue::News> Catalogue::apply(const wire::DirectoryDelta& delta) {
    if (delta.epoch() < epoch_) return News::older;
    const std::uint64_t count = delta.to_sequence() - delta.from_sequence() + 1;
    if (count != static_cast<std::uint64_t>(delta.ops_size()) || delta.from_sequence() == 0) {
        return Error(Code::protocol, "a delta whose changes do not match its numbers");
    }
    if (delta.to_sequence() > max_sequence) return out_of_range();
    if (delta.epoch() > epoch_) begin(delta.epoch());
    if (delta.to_sequence() <= sequence_) return News::older;
    if (delta.from_sequence() > sequence_ + 1) {
        if (!flawed(Flaw::accept_across_gap)) return News::gap;
        sequence_ = delta.from_sequence() - 1;
    }
    const int first = static_cast<int>(sequence_ + 1 - delta.from_sequence());
    Edits edits;
    Totals totals = totals_;
    std::vector<std::uint64_t> digests;
    for (int i = first; i < delta.ops_size(); ++i) {
        plan(delta.ops(i), edits, totals);
        digests.push_back(totals.digest);
    }
    if (totals.digest != delta.digest_after() && !flawed(Flaw::accept_across_gap))
        return News::broken;
    if (totals.too_many()) return too_many();
    edit(edits, totals);
    for (int i = first; i < delta.ops_size(); ++i) {
        ++sequence_;
        keep(delta.ops(i), digests[static_cast<std::size_t>(i - first)]);
    }
    return News::newer;
}

Result<Catalogue::News> Catalogue::replace(std::uint64_t epoch, std::uint64_t sequence,
                                           std::uint64_t digest,
                                           const std::vector<wire::ServiceRecord>& records) {
    if (sequence > max_sequence) return out_of_range();
    const auto fresh = std::tuple(epoch, sequence, digest);
    if (fresh <= std::tuple(epoch_, sequence_, totals_.digest)) return News::older;
    Edits edits;
    Totals totals;
    for (const wire::ServiceRecord& record : records) {
        if (!edits.emplace(record.instance(), &record).second)
            return Error(Code::protocol, "a snapshot has one instance twice");
        totals.add(record);
    }
    if (totals.digest != digest) return News::broken;
    if (totals.too_many()) return too_many();
    for (const Entry& entry : entries_) edits.emplace(entry.instance, nullptr);
    edit(edits, totals);
    epoch_ = epoch;
    sequence_ = sequence;
    forget_changes();
    return News::newer;
}

/// Nothing is known of the epoch yet.
void Catalogue::begin(std::uint64_t epoch) {
    forget_all();
    epoch_ = epoch;
    sequence_ = 0;
    forget_changes();
}

/// Adds a change to what is to be done, and to what all records will add up to.
void Catalogue::plan(const wire::DirectoryOp& op, Edits& edits, Totals& totals) const {
    const wire::ServiceRecord* next = op.kind() == deleted ? nullptr : &op.record();
    const auto [planned, is_first] = edits.try_emplace(op.record().instance(), nullptr);
    if (planned->second != nullptr) {
        totals.remove(*planned->second);
    } else if (const Entry* known = is_first ? find(planned->first) : nullptr) {
        totals.remove(known->record());
    }
    planned->second = next;
    if (next != nullptr) totals.add(*next);
}

/// However many there are, the entries are gone through a few times only.
void Catalogue::edit(const Edits& edits, const Totals& totals) {
    std::vector<Entry> fresh;
    bool gone = false;
    for (const auto& [instance, record] : edits) {
        if (const std::size_t place = place_of(instance); place != entries_.size()) {
            change(entries_[place], record);
            gone = gone || record == nullptr;
        } else if (record != nullptr) {
            fresh.push_back(enter(*record));
        }
    }
    if (gone) std::erase_if(entries_, [](const Entry& entry) { return entry.name == nullptr; });
    if (gone && entries_.size() < entries_.capacity() / 2) entries_.shrink_to_fit();
    merge(std::move(fresh));
    totals_ = totals;
    snapshot_.reset();
}

/// Without a record the entry is left with no name, to be taken out.
void Catalogue::change(Entry& entry, const wire::ServiceRecord* record) {
    if (record == nullptr || record->service() != entry.name->text()) {
        names_.remove(*std::exchange(entry.name, nullptr), holder(entry), entry.flags());
        if (record != nullptr) entry = enter(*record);
        return;
    }
    const bool was_draining = entry.draining();
    entry.particulars = particulars_of(*record);
    if (entry.draining() != was_draining)
        names_.set_draining(*entry.name, holder(entry), entry.draining());
}

Entry Catalogue::enter(const wire::ServiceRecord& record) {
    Entry entry;
    entry.instance = record.instance();
    entry.name = &names_.add(record.service(), holder(entry), record.flags());
    entry.particulars = particulars_of(record);
    return entry;
}

void Catalogue::merge(std::vector<Entry>&& fresh) {
    if (fresh.empty()) return;
    const std::size_t size = entries_.size() + fresh.size();
    const bool at_the_end = entries_.empty() || entries_.back().instance < fresh.front().instance;
    if (at_the_end && size <= entries_.capacity()) {
        std::ranges::move(fresh, std::back_inserter(entries_));
        return;
    }
    std::vector<Entry> merged;
    // Not twice as much as is needed: of most directories this is the greater part.
    merged.reserve(size + entries_.size() / 8);
    std::merge(std::make_move_iterator(entries_.begin()), std::make_move_iterator(entries_.end()),
               std::make_move_iterator(fresh.begin()), std::make_move_iterator(fresh.end()),
               std::back_inserter(merged),
               [](const Entry& a, const Entry& b) { return a.instance < b.instance; });
    entries_ = std::move(merged);
}

void Catalogue::forget_all() {
    // From the end, where the index is cheapest to shorten.
    for (const Entry& entry : std::views::reverse(entries_))
        names_.remove(*entry.name, holder(entry), entry.flags());
    entries_ = std::vector<Entry>();
    totals_ = {};
    snapshot_.reset();
}

// ---- what is told

void Catalogue::keep(const wire::DirectoryOp& op, std::uint64_t digest_after) {
    changes_.push_back({op.SerializeAsString(), digest_after});
    changes_bytes_ += changes_.back().op.size();
    while (changes_.size() > kept_changes || changes_bytes_ > kept_bytes) {
        changes_bytes_ -= changes_.front().op.size();
        changes_.pop_front();
    }
}

void Catalogue::forget_changes() {
    changes_.clear();
    changes_bytes_ = 0;
    snapshot_.reset();
}

std::optional<wire::DirectoryDelta> Catalogue::after(wire::RouterId origin,
                                                     std::uint64_t known) const {
    const std::uint64_t before_kept = sequence_ - changes_.size();
    if (known < before_kept || known >= sequence_) return std::nullopt;
    wire::DirectoryDelta delta;
    delta.set_origin(origin);
    delta.set_epoch(epoch_);
    delta.set_from_sequence(known + 1);
    std::size_t size = 0;
    std::uint64_t at = known;
    for (; at < sequence_; ++at) {
        const Change& change = changes_[at - before_kept];
        if (size != 0 && size + change.op.size() > directory_frame) break;
        size += change.op.size() + 8;
        delta.add_ops()->ParseFromString(change.op);
        delta.set_digest_after(change.digest_after);
    }
    delta.set_to_sequence(at);
    return delta;
}

std::shared_ptr<const Snapshot> Catalogue::snapshot(wire::RouterId origin) const {
    if (auto made = snapshot_.lock()) return made;
    std::vector<wire::DirectorySnapshot> chunks(1);
    std::size_t size = 0;
    for (const Entry& entry : entries_) {
        wire::ServiceRecord record = entry.record();
        const std::size_t more = record.ByteSizeLong() + 8;
        if (size != 0 && size + more > directory_frame) {
            chunks.emplace_back();
            size = 0;
        }
        size += more;
        *chunks.back().add_records() = std::move(record);
    }
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->epoch = epoch_;
    snapshot->sequence = sequence_;
    for (std::uint32_t i = 0; i < chunks.size(); ++i) {
        chunks[i].set_origin(origin);
        chunks[i].set_epoch(epoch_);
        chunks[i].set_sequence(sequence_);
        chunks[i].set_chunk(i);
        chunks[i].set_chunks(static_cast<std::uint32_t>(chunks.size()));
        chunks[i].set_digest(totals_.digest);
        snapshot->chunks.push_back(wire::encode(chunks[i]));
    }
    snapshot_ = snapshot;
    return snapshot;
}

Result<std::optional<SnapshotAssembly::Whole>> SnapshotAssembly::add(
    wire::DirectorySnapshot&& chunk) {
    if (chunk.chunk() == 0) {
        whole_ = {chunk.origin(), chunk.epoch(), chunk.sequence(), chunk.digest(), {}};
        next_ = 0;
        bytes_ = 0;
    } else if (chunk.chunk() != next_ || chunk.origin() != whole_.origin ||
               chunk.epoch() != whole_.epoch || chunk.sequence() != whole_.sequence) {
        return std::optional<Whole>();
    }
    ++next_;
    for (wire::ServiceRecord& record : *chunk.mutable_records()) {
        bytes_ += record.ByteSizeLong();
        whole_.records.push_back(std::move(record));
    }
    if (whole_.records.size() > max_catalogue || bytes_ > max_catalogue_bytes) return too_many();
    if (next_ < chunk.chunks()) return std::optional<Whole>();
    return std::optional<Whole>(std::exchange(whole_, Whole{}));
}

}  // namespace jetway::routing
