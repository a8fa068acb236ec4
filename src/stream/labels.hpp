// The labels that a session picks for the streams it opens. A label whose stream ended by FIN in
// both directions rests until the peer answered an OPEN that left after that: by then every frame
// that the peer sent before it saw our FIN has arrived. Refused and reset streams need no rest: the
// peer's answer is its last word. Private to src/stream.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "wire/frame.hpp"

namespace jetway::stream {

class Labels {
public:
    explicit Labels(bool odd) : odd_(odd), next_(odd ? 1 : 2) {}

    bool ours(std::uint32_t label) const { return (label % 2 == 1) == odd_; }
    /// Was the label, one of ours, ever picked?
    bool used(std::uint32_t label) const { return label < next_; }
    /// A free label; none when all are in use.
    std::optional<std::uint32_t> pick() {
        if (!free_.empty()) {
            const std::uint32_t label = free_.back();
            free_.pop_back();
            return label;
        }
        if (next_ > wire::max_label) return std::nullopt;
        next_ += 2;
        return next_ - 2;
    }
    /// An OPEN leaves: its number.
    std::uint64_t opened() { return ++opened_; }
    /// The peer answered the OPEN of this number.
    void answered(std::uint64_t number) {
        while (!resting_.empty() && resting_.front().opened < number) {
            free_.push_back(resting_.front().label);
            resting_.pop_front();
        }
    }
    void release(std::uint32_t label, bool rest) {
        if (rest) {
            resting_.push_back({label, opened_});
        } else {
            free_.push_back(label);
        }
    }

private:
    struct Resting {
        std::uint32_t label;
        std::uint64_t opened;  // how many OPENs had left by then
    };
    bool odd_;
    std::uint32_t next_;
    std::uint64_t opened_ = 0;
    std::vector<std::uint32_t> free_;
    std::deque<Resting> resting_;
};

}  // namespace jetway::stream
