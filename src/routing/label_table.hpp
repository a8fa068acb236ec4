// The labels of one link. LabelTable finds the end of a crossing by label: a dense array for each
// parity, indexed by label / 2. OwnLabels picks the labels of the streams that this side opens.
// Used by the forwarder alone.
//
// A label may not exceed wire::max_label, so that a peer that picks its labels badly costs at most
// 256 KiB.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "wire/frame.hpp"

namespace jetway::routing {

/// One end of a crossing: the crossing's index times two, plus the side.
using EndRef = std::uint32_t;
inline constexpr EndRef no_end = ~EndRef{0};

class LabelTable {
public:
    /// The end that uses `label`, or no_end. Any number is safe.
    EndRef find(std::uint32_t label) const {
        const auto& ends = ends_[label & 1U];
        return label / 2 < ends.size() ? ends[label / 2] : no_end;
    }
    /// Was the label ever in use? Then late frames on it are no offence.
    bool known(std::uint32_t label) const { return label / 2 < ends_[label & 1U].size(); }
    /// `label` is free and from 1 to wire::max_label.
    void insert(std::uint32_t label, EndRef end);
    void erase(std::uint32_t label);
    std::size_t size() const { return size_; }
    /// All ends, for the end of a link.
    std::vector<EndRef> ends() const;

private:
    std::array<std::vector<EndRef>, 2> ends_;
    std::size_t size_ = 0;
};

/// A label whose stream ended by FIN in both directions rests until something was heard on a stream
/// opened after that: frames that the peer sent before it saw our FIN (a late WINDOW) are then
/// behind us and cannot meet the label's next stream. Refused and reset streams need no rest: the
/// peer's answer is its last word.
class OwnLabels {
public:
    explicit OwnLabels(bool odd) : next_(odd ? 1 : 2) {}

    /// A free label; none when 65,535 are in use.
    std::optional<std::uint32_t> pick();
    /// The label's OPEN leaves now. Returns the number to hand to heard().
    std::uint64_t opened() { return ++opened_; }
    /// The peer answered the OPEN with this number.
    void heard(std::uint64_t number);
    /// Free at once.
    void release(std::uint32_t label) { free_.push_back(label); }
    /// Free after the next answer to an OPEN that has not left yet.
    void rest(std::uint32_t label) { resting_.push_back({label, opened_}); }

private:
    struct Resting {
        std::uint32_t label;
        std::uint64_t opened;
    };
    std::uint32_t next_;
    std::uint64_t opened_ = 0;
    std::uint64_t heard_ = 0;
    std::vector<std::uint32_t> free_;
    std::deque<Resting> resting_;
};

}  // namespace jetway::routing
