#include "routing/flooding.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <span>
#include <utility>

namespace jetway::routing {

namespace {

using wire::FrameType;

constexpr NodeIndex word_bits = 64;
constexpr std::size_t machines_a_range = 16;  // of DIGESTS; on average

/// How far its catalogue of the life of now goes.
std::uint64_t services(const Topology& topology, const Directory& directory, NodeIndex node) {
    const bool of_now = directory[node].epoch() == topology[node].version.epoch;
    return of_now ? directory[node].sequence() : 0;
}

/// Of everything that is known of the machines of each range of places.
std::vector<std::uint64_t> digests_of(std::size_t ranges, const Topology& topology,
                                      const Directory& directory) {
    std::vector<std::uint64_t> digests(ranges, 0);
    const int shift = 64 - std::countr_zero(ranges);
    for (NodeIndex node = 0; node < topology.size(); ++node) {
        if (topology[node].version.epoch == 0) continue;
        const std::uint64_t place = wire::place(topology[node].router);
        digests[shift == 64 ? 0 : place >> shift] += known_digest(topology, directory, node);
    }
    return digests;
}

}  // namespace

void NodeSet::insert(NodeIndex node) {
    const std::size_t word = node / word_bits;
    if (word >= words_.size()) words_.resize(word + 1, 0);
    if (contains(node)) return;
    words_[word] |= std::uint64_t{1} << (node % word_bits);
    ++count_;
}

void NodeSet::erase(NodeIndex node) {
    if (!contains(node)) return;
    words_[node / word_bits] &= ~(std::uint64_t{1} << (node % word_bits));
    --count_;
}

bool NodeSet::contains(NodeIndex node) const {
    const std::size_t word = node / word_bits;
    return word < words_.size() && (words_[word] >> (node % word_bits) & 1U) != 0;
}

NodeIndex NodeSet::next() {
    if (count_ == 0) return no_node;
    const std::size_t words = words_.size();
    for (std::size_t step = 0; step <= words; ++step) {
        const std::size_t word = (turn_ / word_bits + step) % words;
        const NodeIndex skip = step == 0 ? turn_ % word_bits : 0;
        const std::uint64_t left = words_[word] >> skip << skip;
        if (left == 0) continue;
        const auto node = static_cast<NodeIndex>(word * word_bits) +
                          static_cast<NodeIndex>(std::countr_zero(left));
        turn_ = (node + 1) % static_cast<NodeIndex>(words * word_bits);
        return node;
    }
    return no_node;
}

Flooding::Flooding(Time now)
    : frames_(told_frames_a_second * 9 / 10, told_frames_a_second * 9 / 10, now),
      bytes_(told_bytes_a_second * 9 / 10, told_bytes_a_second * 9 / 10, now) {}

std::uint64_t contents(const Topology& topology, const Directory& directory, NodeIndex node) {
    const bool of_now = directory[node].epoch() == topology[node].version.epoch;
    return topology[node].digest + (of_now ? directory[node].digest() : 0);
}

std::uint64_t known_digest(const Topology& topology, const Directory& directory, NodeIndex node) {
    const Node& known = topology[node];
    const std::array<std::uint64_t, 5> values{
        known.router, known.version.epoch, known.version.sequence,
        services(topology, directory, node), contents(topology, directory, node)};
    return wire::digest(Bytes(reinterpret_cast<const std::uint8_t*>(values.data()), sizeof values));
}

void Flooding::compare() {
    digests_due_ = true;
    told_.reset();
}

/// The neighbour has of it what we have.
void Flooding::is_same(NodeIndex node, const Topology& topology, const Directory& directory) {
    has_catalogue(node, services(topology, directory, node));
    has_record(node);
    withheld_.erase(node);
}

void Flooding::compared(const wire::Digests& theirs, const Topology& topology,
                        const Directory& directory) {
    const auto ranges = static_cast<std::size_t>(theirs.digests_size());
    const std::size_t joined = wire::max_digests / ranges;
    const std::vector<std::uint64_t> ours = digests_of(ranges, topology, directory);
    Ranges same;
    for (std::size_t i = 0; i < wire::max_digests; ++i)
        same[i] = theirs.digests(static_cast<int>(i / joined)) == ours[i / joined];
    for (NodeIndex node = 0; node < topology.size(); ++node) {
        if (same[range_of(wire::place(topology[node].router))]) is_same(node, topology, directory);
    }
    heard_ |= same;
    to_tell_ |= ~same;
    told_ |= to_tell_;
    tell_from_ = 0;
}

void Flooding::compared(const wire::Summary& theirs, const Topology& topology,
                        const Directory& directory) {
    for (NodeIndex node = 0; node < topology.size(); ++node) {
        const Node& ours = topology[node];
        const std::uint64_t place = wire::place(ours.router);
        if (place < theirs.from() || place > theirs.to()) continue;
        const auto found = std::ranges::lower_bound(theirs.routers(), place, {}, wire::place);
        const auto at = static_cast<int>(found - theirs.routers().begin());
        const bool listed = found != theirs.routers().end() && *found == ours.router;
        const Version known = listed ? Version{theirs.epochs(at), theirs.sequences(at)} : Version{};
        const bool same_life = listed && known.epoch == ours.version.epoch;
        const bool same_versions = listed && known == ours.version &&
                                   theirs.services(at) == services(topology, directory, node);
        if (same_versions && theirs.contents(at) != contents(topology, directory, node)) {
            lacks_catalogue(node);
            tell_record(node, false);
            tell_catalogue(node);
            continue;
        }
        has_catalogue(node, same_life ? theirs.services(at) : 0);
        if (known < ours.version && !listed && !topology.reachable(node)) {
            withheld_.insert(node);
            catalogues_.erase(node);
        } else if (known < ours.version) {
            tell_record(node, false);
            tell_catalogue(node);
        } else {
            if (known == ours.version) has_record(node);
            if (!same_life) continue;
            withheld_.erase(node);
            tell_catalogue(node);  // what of it the neighbour lacks; mostly nothing
        }
    }
    for (std::size_t range = range_of(theirs.from()); range <= range_of(theirs.to()); ++range) {
        if (last_of(range) <= theirs.to()) heard_.set(range);
        if (!told_[range]) to_tell_.set(range);
        told_.set(range);
    }
}

void Flooding::tell_record(NodeIndex node, bool urgent) {
    // News of a node brings its catalogue along: nothing else will, once it is not withheld.
    if (withheld_.contains(node)) {
        withheld_.erase(node);
        tell_catalogue(node);
    }
    if (urgent) records_.erase(node);
    if (!urgent && urgent_.contains(node)) return;
    (urgent ? urgent_ : records_).insert(node);
}

void Flooding::has_record(NodeIndex node) {
    urgent_.erase(node);
    records_.erase(node);
}

void Flooding::has_catalogue(NodeIndex node, std::uint64_t sequence) {
    if (known(node) == sequence) return;
    if (node >= known_.size()) known_.resize(node + 1, 0);
    known_[node] = sequence;
}

void Flooding::release(NodeIndex node) {
    if (withheld_.contains(node)) tell_record(node, false);
}

void Flooding::pull_catalogue(NodeIndex node, bool everything) {
    questions_.insert(node);
    if (everything) whole_questions_.insert(node);
}

void Flooding::drop(NodeIndex node) {
    for (NodeSet* set :
         {&urgent_, &records_, &withheld_, &catalogues_, &questions_, &whole_questions_}) {
        set->erase(node);
    }
    lacks_catalogue(node);
    if (snapshot_node_ == node) snapshot_.reset();
}

bool Flooding::has_frames() const {
    return digests_due_ || to_tell_.any() || !records_told() || !questions_.empty() ||
           !catalogues_.empty() || snapshot_ != nullptr;
}

Time Flooding::next_deadline(Time now) {
    if (!has_frames()) return Time::max();
    return std::max(frames_.ready(now, 1), bytes_.ready(now, wire::max_record));
}

bool Flooding::pull(Time now, const Topology& topology, const Directory& directory,
                    wire::Frame& frame) {
    if (!ready(now)) return false;
    const bool found =
        pull_record(urgent_, topology, frame) || pull_digests(topology, directory, frame) ||
        pull_summary(topology, directory, frame) || pull_record(records_, topology, frame) ||
        pull_question(topology, directory, frame) || pull_chunk(frame) ||
        pull_catalogues(topology, directory, frame);
    if (found) {
        frames_.take(now, 1);
        bytes_.take(now, frame.body.size());
    }
    return found;
}

bool Flooding::pull_digests(const Topology& topology, const Directory& directory,
                            wire::Frame& frame) {
    if (!std::exchange(digests_due_, false)) return false;
    const std::size_t ranges =
        std::clamp(std::bit_ceil(topology.size() / machines_a_range), 1UL, wire::max_digests);
    wire::Digests digests;
    for (const std::uint64_t digest : digests_of(ranges, topology, directory))
        digests.add_digests(digest);
    frame = wire::Frame(FrameType::digests, 0, wire::encode(digests));
    return true;
}

/// Of as many ranges beside each other as fit.
bool Flooding::pull_summary(const Topology& topology, const Directory& directory,
                            wire::Frame& frame) {
    if (to_tell_.none()) return false;
    std::size_t first = 0;
    while (!to_tell_[first]) ++first;
    std::size_t last = first;
    while (last + 1 < to_tell_.size() && to_tell_[last + 1]) ++last;
    const std::uint64_t from = range_of(tell_from_) == first ? tell_from_ : first * range_size;
    std::uint64_t to = last_of(last);
    std::vector<std::pair<std::uint64_t, NodeIndex>> left;
    for (NodeIndex node = 0; node < topology.size(); ++node) {
        const std::uint64_t place = wire::place(topology[node].router);
        if (place >= from && place <= to) left.emplace_back(place, node);
    }
    const auto count = std::min(left.size(), wire::max_summary);
    const auto rest = left.begin() + static_cast<std::ptrdiff_t>(count);
    std::ranges::nth_element(left, rest);
    if (rest != left.end()) to = rest->first - 1;
    left.erase(rest, left.end());
    std::ranges::sort(left);
    wire::Summary summary;
    summary.set_from(from);
    summary.set_to(to);
    for (const auto& [place, node] : left) {
        summary.add_routers(topology[node].router);
        summary.add_epochs(topology[node].version.epoch);
        summary.add_sequences(topology[node].version.sequence);
        summary.add_services(services(topology, directory, node));
        summary.add_contents(contents(topology, directory, node));
    }
    for (std::size_t range = first; range <= last && last_of(range) <= to; ++range)
        to_tell_.reset(range);
    tell_from_ = to + 1;
    frame = wire::Frame(FrameType::summary, 0, wire::encode(summary));
    return true;
}

bool Flooding::pull_record(NodeSet& set, const Topology& topology, wire::Frame& frame) {
    while (!set.empty()) {
        const NodeIndex node = set.next();
        set.erase(node);
        if (topology[node].body.empty()) continue;
        frame = wire::Frame(FrameType::node, 0, topology[node].body);
        return true;
    }
    return false;
}

bool Flooding::pull_question(const Topology& topology, const Directory& directory,
                             wire::Frame& frame) {
    const NodeIndex node = questions_.next();
    if (node == no_node) return false;
    questions_.erase(node);
    wire::DirectoryPull question;
    question.set_origin(topology[node].router);
    question.set_epoch(topology[node].version.epoch);
    const bool everything = whole_questions_.contains(node);
    question.set_have_sequence(everything ? 0 : directory[node].sequence());
    whole_questions_.erase(node);
    frame = wire::Frame(FrameType::dir_pull, 0, wire::encode(question));
    return true;
}

bool Flooding::pull_chunk(wire::Frame& frame) {
    if (!snapshot_) return false;
    frame = wire::Frame(FrameType::dir_snapshot, 0, snapshot_->chunks[chunk_]);
    if (++chunk_ == snapshot_->chunks.size()) {
        has_catalogue(snapshot_node_, snapshot_->sequence);
        snapshot_.reset();
    }
    return true;
}

bool Flooding::pull_catalogues(const Topology& topology, const Directory& directory,
                               wire::Frame& frame) {
    while (!catalogues_.empty()) {
        const NodeIndex node = catalogues_.next();
        const Catalogue& catalogue = directory[node];
        if (catalogue.sequence() <= known(node)) {
            catalogues_.erase(node);
            continue;
        }
        const RouterId origin = topology[node].router;
        const auto delta = known(node) == 0 ? std::nullopt : catalogue.after(origin, known(node));
        if (delta) {
            has_catalogue(node, delta->to_sequence());
            frame = wire::Frame(FrameType::dir_delta, 0, wire::encode(*delta));
            return true;
        }
        snapshot_ = catalogue.snapshot(origin);
        snapshot_node_ = node;
        chunk_ = 0;
        return pull_chunk(frame);
    }
    return false;
}

}  // namespace jetway::routing
