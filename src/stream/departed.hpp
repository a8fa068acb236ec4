// Departed: how much of one direction has left its end, and how much of that the far end has dealt
// with, in bytes and messages. Private to src/stream.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "wire/ledger.hpp"

namespace jetway::stream {

class Departed {
public:
    void leave(std::uint64_t bytes, bool end_of_message) {
        sent_.bytes += bytes;
        if (!end_of_message) return;
        ++sent_.messages;
        ends_.push_back(sent_.bytes);
    }
    /// Everything below the offset was dealt with. A message without a byte is, with what is before
    /// it.
    void confirm(std::uint64_t offset) {
        confirmed_.bytes = std::max(confirmed_.bytes, offset);
        while (head_ < ends_.size() && ends_[head_] <= confirmed_.bytes) {
            ++head_;
            ++confirmed_.messages;
        }
        if (head_ < 64 && head_ < ends_.size()) return;
        if (head_ * 2 < ends_.size()) return;
        ends_.erase(ends_.begin(), ends_.begin() + static_cast<std::ptrdiff_t>(head_));
        head_ = 0;
    }

    const wire::Tally& sent() const { return sent_; }
    const wire::Tally& confirmed() const { return confirmed_; }

private:
    wire::Tally sent_;
    wire::Tally confirmed_;
    std::vector<std::uint64_t> ends_;  // of messages that are not confirmed, from head_ on
    std::size_t head_ = 0;
};

}  // namespace jetway::stream
