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
#include <vector>

#include "base/result.hpp"
#include "wire/control.hpp"

namespace jetway::routing {

inline constexpr std::size_t max_catalogue = 10'000;                   // services of one machine
inline constexpr std::size_t max_catalogue_bytes = 8UL * 1024 * 1024;  // of their records
inline constexpr std::size_t max_service_record = 16UL * 1024;         // bytes of one
inline constexpr std::size_t directory_frame = 30UL * 1024;  // records in one frame, in bytes

/// Bits of wire::ServiceRecord.flags.
enum ServiceFlag : std::uint32_t {
    service_draining = 1,  // takes no new streams
    service_hidden = 2,    // reachable by name, left out of lists
};

using Records = std::map<std::uint64_t, wire::ServiceRecord>;  // by instance

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

    std::uint64_t epoch() const { return epoch_; }
    std::uint64_t sequence() const { return sequence_; }
    std::uint64_t digest() const { return digest_; }
    const Records& records() const { return records_; }

    /// The author's side: one change more.
    void write(std::uint64_t epoch, const wire::DirectoryOp& op);
    /// The author has a new epoch and the same services.
    void rewrite(std::uint64_t epoch);

    /// A copy's side. What was known of an older epoch goes. E-TOO-LARGE when its author wants more
    /// than its share.
    Result<News> apply(const wire::DirectoryDelta& delta);
    Result<News> replace(std::uint64_t epoch, std::uint64_t sequence, std::uint64_t digest,
                         Records&& records);
    void clear(std::uint64_t epoch);

    /// What a neighbour that has everything up to `known` lacks, or as much of it as fits one
    /// frame. Nothing when that is no longer kept.
    std::optional<wire::DirectoryDelta> after(wire::RouterId origin, std::uint64_t known) const;
    std::shared_ptr<const Snapshot> snapshot(wire::RouterId origin) const;

private:
    struct Change {
        wire::DirectoryOp op;
        std::uint64_t digest_after = 0;
        std::size_t size = 0;
    };

    void change(const wire::DirectoryOp& op);
    void keep(const wire::DirectoryOp& op);
    std::uint64_t digest_with(const wire::DirectoryDelta& delta, int first) const;

    std::uint64_t epoch_ = 0;
    std::uint64_t sequence_ = 0;
    std::uint64_t digest_ = 0;  // sum over records: the order they came in does not matter
    std::size_t bytes_ = 0;
    Records records_;
    std::deque<Change> changes_;  // the last ones; the newest has number sequence_
    std::size_t changes_bytes_ = 0;
    mutable std::shared_ptr<const Snapshot> snapshot_;
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
        Records records;
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
