// One machine's services, as that machine announced them. Only the machine itself writes: each
// change takes the next number of the epoch, so a hole is seen and a copy is either the same as the
// original or older. The last changes are kept, so that a neighbour that is only a little behind is
// told only what it lacks.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "routing/names.hpp"
#include "wire/control.hpp"

namespace jetway::routing {

inline constexpr std::size_t max_catalogue = 10'000;                   // services of one machine
inline constexpr std::size_t max_catalogue_bytes = 8UL * 1024 * 1024;  // of their records
inline constexpr std::size_t max_service_record = 16UL * 1024;         // bytes of one
inline constexpr std::size_t directory_frame = 30UL * 1024;  // records in one frame, in bytes

/// What a record says beyond instance and name, where it is not what most say.
struct Particulars {
    std::uint32_t weight = 1;
    std::uint32_t flags = 0;  // ServiceFlag
    std::string rest;         // a ServiceRecord of all else, encoded
};

/// One service in a catalogue: 24 bytes, as there may be a million.
struct Entry {
    std::uint64_t instance = 0;
    const Name* name = nullptr;                      // never, outside of Catalogue
    std::unique_ptr<const Particulars> particulars;  // nullptr: as a fresh Particulars

    std::uint32_t weight() const { return particulars ? particulars->weight : 1; }
    std::uint32_t flags() const { return particulars ? particulars->flags : 0; }
    bool hidden() const { return (flags() & service_hidden) != 0; }
    bool draining() const { return (flags() & service_draining) != 0; }
    /// As it came, fields that this version does not know included.
    wire::ServiceRecord record() const;
};

/// A catalogue cut into frames; of one version, shared by all links that send it.
struct Snapshot {
    std::uint64_t epoch = 0;
    std::uint64_t sequence = 0;
    std::vector<Buffer> chunks;  // encoded DirectorySnapshots
};

class Catalogue {
public:
    enum class News : std::uint8_t {
        older,   // nothing in it that we lack
        newer,   // taken over
        gap,     // something before it is missing: pull
        broken,  // the result would not be what its author has: pull everything
    };

    /// Of the machine `node`. Its services are among `names` for as long as they are here.
    Catalogue(Names& names, NodeIndex node) : names_(names), node_(node) {}
    ~Catalogue() { forget_all(); }
    Catalogue(const Catalogue&) = delete;
    Catalogue& operator=(const Catalogue&) = delete;

    std::uint64_t epoch() const { return epoch_; }
    std::uint64_t sequence() const { return sequence_; }
    std::uint64_t digest() const { return totals_.digest; }
    /// By instance, ascending.
    std::span<const Entry> entries() const { return entries_; }
    /// nullptr when there is none.
    const Entry* find(std::uint64_t instance) const;

    /// The author's side: one change more.
    void write(std::uint64_t epoch, const wire::DirectoryOp& op);
    /// The author has a new epoch and the same services.
    void rewrite(std::uint64_t epoch);

    /// A copy's side. What was known of an older epoch goes. E-TOO-LARGE when its author wants more
    /// than its share, E-PROTOCOL when it contradicts itself; then nothing has changed. Of two
    /// contents of one version, which nobody honest has, a snapshot of the greater digest is newer.
    Result<News> apply(const wire::DirectoryDelta& delta);
    Result<News> replace(std::uint64_t epoch, std::uint64_t sequence, std::uint64_t digest,
                         const std::vector<wire::ServiceRecord>& records);

    /// What a neighbour that has everything up to `known` lacks, or as much of it as fits one
    /// frame. Nothing when that is no longer kept.
    std::optional<wire::DirectoryDelta> after(wire::RouterId origin, std::uint64_t known) const;
    std::shared_ptr<const Snapshot> snapshot(wire::RouterId origin) const;

private:
    /// What all records add up to.
    struct Totals {
        std::uint64_t digest = 0;  // a sum: the order they came in does not matter
        std::size_t bytes = 0;
        std::size_t services = 0;
        void add(const wire::ServiceRecord& record);
        void remove(const wire::ServiceRecord& record);
        bool too_many() const { return services > max_catalogue || bytes > max_catalogue_bytes; }
    };
    struct Change {
        std::string op;  // encoded
        std::uint64_t digest_after = 0;
    };
    /// What becomes of instances: their new record, or nullptr.
    using Edits = std::map<std::uint64_t, const wire::ServiceRecord*>;

    std::size_t place_of(std::uint64_t instance) const;
    void begin(std::uint64_t epoch);
    void plan(const wire::DirectoryOp& op, Edits& edits, Totals& totals) const;
    void edit(const Edits& edits, const Totals& totals);
    void change(Entry& entry, const wire::ServiceRecord* record);
    Entry enter(const wire::ServiceRecord& record);
    void merge(std::vector<Entry>&& fresh);
    void forget_all();
    void keep(const wire::DirectoryOp& op, std::uint64_t digest_after);
    void forget_changes();
    Holder holder(const Entry& entry) const { return {node_, entry.instance}; }

    Names& names_;
    NodeIndex node_;
    std::uint64_t epoch_ = 0;
    std::uint64_t sequence_ = 0;
    Totals totals_;
    std::vector<Entry> entries_;
    std::deque<Change> changes_;  // the last ones; the newest has number sequence_
    std::size_t changes_bytes_ = 0;
    mutable std::weak_ptr<const Snapshot> snapshot_;  // lives while a link sends it
};

std::uint64_t digest_of(const wire::ServiceRecord& record);

/// Puts the chunks of one snapshot together as they come over one link, in order.
class SnapshotAssembly {
public:
    struct Whole {
        wire::RouterId origin = 0;
        std::uint64_t epoch = 0;
        std::uint64_t sequence = 0;
        std::uint64_t digest = 0;
        std::vector<wire::ServiceRecord> records;
    };

    /// The whole when this was the last chunk. A chunk out of turn begins anew or is skipped.
    /// E-TOO-LARGE.
    Result<std::optional<Whole>> add(wire::DirectorySnapshot&& chunk);

private:
    Whole whole_;
    std::uint32_t next_ = 0;
    std::size_t bytes_ = 0;
};

}  // namespace jetway::routing
