#include "routing/catalogue.hpp"

#include <unordered_map>
#include <utility>

#include "routing/flaw.hpp"

namespace jetway::routing {

namespace {

constexpr std::size_t kept_changes = 64;
constexpr std::size_t kept_bytes = 8UL * 1024;
constexpr std::uint32_t deleted = 1;
constexpr std::uint64_t max_sequence = std::uint64_t{1} << 62U;

Error too_many() {
    return {Code::too_large, "a catalogue of more than 10,000 services or 8 MiB"};
}

Error out_of_range() {
    return {Code::protocol, "a catalogue's number is out of range"};
}

}  // namespace

std::uint64_t digest_of(const wire::ServiceRecord& record) {
    return wire::digest(wire::encode(record).bytes());
}

void Catalogue::write(std::uint64_t epoch, const wire::DirectoryOp& op) {
    epoch_ = epoch;
    change(op);
    ++sequence_;
    keep(op);
}

void Catalogue::rewrite(std::uint64_t epoch) {
    epoch_ = epoch;
    changes_.clear();
    changes_bytes_ = 0;
    snapshot_.reset();
}

void Catalogue::clear(std::uint64_t epoch) {
    *this = Catalogue(), epoch_ = epoch;
}

void Catalogue::change(const wire::DirectoryOp& op) {
    const std::uint64_t instance = op.record().instance();
    if (const auto old = records_.find(instance); old != records_.end()) {
        digest_ -= digest_of(old->second);
        bytes_ -= old->second.ByteSizeLong();
        records_.erase(old);
    }
    if (op.kind() == deleted) return;
    digest_ += digest_of(op.record());
    bytes_ += op.record().ByteSizeLong();
    records_.emplace(instance, op.record());
}

void Catalogue::keep(const wire::DirectoryOp& op) {
    changes_.push_back({op, digest_, op.ByteSizeLong()});
    changes_bytes_ += changes_.back().size;
    while (changes_.size() > kept_changes || changes_bytes_ > kept_bytes) {
        changes_bytes_ -= changes_.front().size;
        changes_.pop_front();
    }
    snapshot_.reset();
}

std::uint64_t Catalogue::digest_with(const wire::DirectoryDelta& delta, int first) const {
    std::unordered_map<std::uint64_t, std::uint64_t> changed;
    std::uint64_t digest = digest_;
    for (int i = first; i < delta.ops_size(); ++i) {
        const wire::DirectoryOp& op = delta.ops(i);
        const std::uint64_t instance = op.record().instance();
        if (const auto seen = changed.find(instance); seen != changed.end()) {
            digest -= seen->second;
        } else if (const auto known = records_.find(instance); known != records_.end()) {
            digest -= digest_of(known->second);
        }
        const std::uint64_t now = op.kind() == deleted ? 0 : digest_of(op.record());
        changed[instance] = now;
        digest += now;
    }
    return digest;
}

Result<Catalogue::News> Catalogue::apply(const wire::DirectoryDelta& delta) {
    if (delta.epoch() < epoch_) return News::older;
    if (delta.epoch() > epoch_) clear(delta.epoch());
    const std::uint64_t count = delta.to_sequence() - delta.from_sequence() + 1;
    if (count != static_cast<std::uint64_t>(delta.ops_size()) || delta.from_sequence() == 0) {
        return Error(Code::protocol, "a delta whose changes do not match its numbers");
    }
    if (delta.to_sequence() > max_sequence) return out_of_range();
    if (delta.to_sequence() <= sequence_) return News::older;
    if (delta.from_sequence() > sequence_ + 1) {
        if (!flawed(Flaw::accept_across_gap)) return News::gap;
        sequence_ = delta.from_sequence() - 1;
    }
    const int first = static_cast<int>(sequence_ + 1 - delta.from_sequence());
    if (digest_with(delta, first) != delta.digest_after() && !flawed(Flaw::accept_across_gap))
        return News::broken;
    for (int i = first; i < delta.ops_size(); ++i) {
        change(delta.ops(i));
        ++sequence_;
        keep(delta.ops(i));
    }
    if (records_.size() > max_catalogue || bytes_ > max_catalogue_bytes) return too_many();
    return News::newer;
}

Result<Catalogue::News> Catalogue::replace(std::uint64_t epoch, std::uint64_t sequence,
                                           std::uint64_t digest, Records&& records) {
    if (sequence > max_sequence) return out_of_range();
    if (epoch < epoch_ || (epoch == epoch_ && sequence <= sequence_)) return News::older;
    std::uint64_t sum = 0;
    std::size_t bytes = 0;
    for (const auto& [instance, record] : records) {
        sum += digest_of(record);
        bytes += record.ByteSizeLong();
    }
    if (sum != digest) return News::broken;
    if (records.size() > max_catalogue || bytes > max_catalogue_bytes) return too_many();
    clear(epoch);
    sequence_ = sequence;
    digest_ = digest;
    bytes_ = bytes;
    records_ = std::move(records);
    return News::newer;
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
        if (size != 0 && size + change.size > directory_frame) break;
        size += change.size + 8;
        *delta.add_ops() = change.op;
        delta.set_digest_after(change.digest_after);
    }
    delta.set_to_sequence(at);
    return delta;
}

std::shared_ptr<const Snapshot> Catalogue::snapshot(wire::RouterId origin) const {
    if (snapshot_) return snapshot_;
    std::vector<wire::DirectorySnapshot> chunks(1);
    std::size_t size = 0;
    for (const auto& [instance, record] : records_) {
        const std::size_t more = record.ByteSizeLong() + 8;
        if (size != 0 && size + more > directory_frame) {
            chunks.emplace_back();
            size = 0;
        }
        size += more;
        *chunks.back().add_records() = record;
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
        chunks[i].set_digest(digest_);
        snapshot->chunks.push_back(wire::encode(chunks[i]));
    }
    snapshot_ = snapshot;
    return snapshot_;
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
        const std::uint64_t instance = record.instance();
        whole_.records.insert_or_assign(instance, std::move(record));
    }
    if (whole_.records.size() > max_catalogue || bytes_ > max_catalogue_bytes) return too_many();
    if (next_ < chunk.chunks()) return std::optional<Whole>();
    return std::optional<Whole>(std::exchange(whole_, Whole{}));
}

}  // namespace jetway::routing
