// What one link still has to be told. Not a queue of frames but one bit for each machine whose
// record, or catalogue, the neighbour may lack; the version of now is written out when the link has
// room. So nothing piles up however slow the link is, and a change on its way is never sent after
// its successor.
#pragma once

#include <bitset>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "routing/directory.hpp"
#include "routing/quota.hpp"
#include "routing/topology.hpp"

namespace jetway::routing {

/// A set of nodes that is emptied in turn, not always from the front.
class NodeSet {
public:
    void insert(NodeIndex node);
    void erase(NodeIndex node);
    bool contains(NodeIndex node) const;
    bool empty() const { return count_ == 0; }
    std::size_t size() const { return count_; }
    /// The next one after the one taken last; no_node when empty. It stays in the set.
    NodeIndex next();

private:
    std::vector<std::uint64_t> words_;
    std::size_t count_ = 0;
    NodeIndex turn_ = 0;
};

/// What a neighbour may send of records and catalogues; a sender stays below.
inline constexpr std::uint64_t told_frames_a_second = 2'000;
inline constexpr std::uint64_t told_bytes_a_second = 20UL * 1024 * 1024;

/// What we hold of the machine, beyond its versions.
std::uint64_t contents(const Topology& topology, const Directory& directory, NodeIndex node);
/// All that we hold of the machine, its versions and contents.
std::uint64_t known_digest(const Topology& topology, const Directory& directory, NodeIndex node);

class Flooding {
public:
    explicit Flooding(Time now);

    /// Compares with the neighbour what both know: on a fresh link, and when digests differ. Each
    /// sends a digest for each range of machines, and of the ranges that differ what it knows of
    /// each machine.
    void compare();
    /// Where its digests are ours there is nothing to tell; of the other ranges we say what we
    /// know.
    void compared(const wire::Digests& theirs, const Topology& topology,
                  const Directory& directory);
    /// What the neighbour knows of the machines of a range of places. What it lacks will be told,
    /// and what differs although its versions do not (somebody lied to one of us, or is cloned);
    /// records of machines that cannot be reached wait until they can: what is gone must not be
    /// kept alive by telling it round. It gets our summary of the range, unless it has it.
    void compared(const wire::Summary& theirs, const Topology& topology,
                  const Directory& directory);
    /// Has the neighbour said of every machine what it knows? Until then a link synchronises.
    bool all_compared() const { return heard_.all(); }
    /// May the neighbour lack what we know of the machine, because it has not said yet?
    bool is_unsure(RouterId router) const { return !heard_[range_of(wire::place(router))]; }
    /// A newer version exists. Urgent ones (something was lost) go first.
    void tell_record(NodeIndex node, bool urgent);
    /// Not while the machine's record waits: the neighbour could not place it, and both come then.
    void tell_catalogue(NodeIndex node) {
        if (!withheld_.contains(node)) catalogues_.insert(node);
    }
    /// The neighbour has the version of now.
    void has_record(NodeIndex node);
    void has_catalogue(NodeIndex node, std::uint64_t sequence);
    /// The neighbour's catalogue of the machine counts for nothing: a new epoch, or it was
    /// forgotten.
    void lacks_catalogue(NodeIndex node) { has_catalogue(node, 0); }
    /// The machine can be reached (again): what waited is told.
    void release(NodeIndex node);
    /// We miss something of this catalogue, or do not trust what we have of it: ask.
    void pull_catalogue(NodeIndex node, bool everything);
    /// The node's place belongs to another machine now.
    void drop(NodeIndex node);

    bool owes_record(NodeIndex node) const {
        return urgent_.contains(node) || records_.contains(node) || withheld_.contains(node);
    }
    bool owes_catalogue(NodeIndex node) const {
        return catalogues_.contains(node) || withheld_.contains(node);
    }
    bool asks(NodeIndex node) const { return questions_.contains(node); }
    bool records_told() const { return urgent_.empty() && records_.empty(); }
    bool has_frames() const;
    bool ready(Time now) {
        return has_frames() && frames_.has(now, 1) && bytes_.has(now, wire::max_record);
    }
    /// When the pace allows the next frame; max when there is none.
    Time next_deadline(Time now);
    /// Records first, then questions, then catalogues. False: nothing now.
    bool pull(Time now, const Topology& topology, const Directory& directory, wire::Frame& frame);

private:
    bool pull_digests(const Topology& topology, const Directory& directory, wire::Frame& frame);
    bool pull_summary(const Topology& topology, const Directory& directory, wire::Frame& frame);
    void is_same(NodeIndex node, const Topology& topology, const Directory& directory);
    bool pull_record(NodeSet& set, const Topology& topology, wire::Frame& frame);
    bool pull_question(const Topology& topology, const Directory& directory, wire::Frame& frame);
    bool pull_catalogues(const Topology& topology, const Directory& directory, wire::Frame& frame);
    bool pull_chunk(wire::Frame& frame);
    std::uint64_t known(NodeIndex node) const { return node < known_.size() ? known_[node] : 0; }

    /// All places in as many ranges as DIGESTS can tell apart; it may join 2^n of them.
    using Ranges = std::bitset<wire::max_digests>;
    static constexpr std::uint64_t range_size = ~std::uint64_t{0} / wire::max_digests + 1;
    static std::size_t range_of(std::uint64_t place) { return place / range_size; }
    static std::uint64_t last_of(std::size_t range) { return range * range_size + range_size - 1; }

    bool digests_due_ = false;
    Ranges told_;     // our summary was sent, or is to be, since the last comparison began
    Ranges to_tell_;  // ... is to be sent
    std::uint64_t tell_from_ = 0;  // the first range of to_tell_ goes on with this place
    Ranges heard_;                 // what they know was compared with what we know, once at least
    NodeSet urgent_;
    NodeSet records_;
    NodeSet withheld_;
    NodeSet catalogues_;
    NodeSet questions_;
    NodeSet whole_questions_;           // of questions_: for everything, not just what is missing
    std::vector<std::uint64_t> known_;  // how far the neighbour's catalogues go; 0: nobody knows
    std::shared_ptr<const Snapshot> snapshot_;  // being sent
    NodeIndex snapshot_node_ = no_node;
    std::size_t chunk_ = 0;
    Quota frames_;  // the pace, below what the neighbour allows
    Quota bytes_;
};

}  // namespace jetway::routing
