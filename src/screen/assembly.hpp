// Pieces of a stream of messages, put together again. For services that take whole messages: a
// piece is consumed (its credit given back) as soon as it is taken from the queue, so that a
// message may be larger than the window; while the service's output is blocked it takes none, and
// the sender waits.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "base/buffer.hpp"
#include "base/result.hpp"

namespace jetway::screen {

class Assembly {
public:
    /// A message of more than `limit` bytes is E-TOO-LARGE.
    explicit Assembly(std::size_t limit) : limit_(limit) {}

    /// Queues what arrived. The queue is bounded by the window: nothing is consumed while it waits
    /// here.
    void add(Buffer piece, bool end_of_message) {
        pieces_.emplace_back(std::move(piece), end_of_message);
    }
    /// The next whole message, or nothing until more arrives. `consumed` grows by the bytes of the
    /// pieces taken.
    Result<std::optional<Buffer>> next(std::size_t& consumed);
    bool empty() const { return pieces_.empty(); }

private:
    std::size_t limit_;
    std::deque<std::pair<Buffer, bool>> pieces_;
    std::vector<std::uint8_t> partial_;
};

}  // namespace jetway::screen
