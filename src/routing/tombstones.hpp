// What is known of streams that ended here, so that a late attempt is told how, and does not run
// the service a second time. For twice as long as an ingress tries, a minute at least; at most
// 65,536, then the oldest is forgotten first.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>

#include "routing/types.hpp"

namespace jetway::routing {

struct StreamKey {
    RouterId router = 0;
    std::uint64_t epoch = 0;
    std::uint64_t counter = 0;
    bool operator==(const StreamKey&) const = default;

    static StreamKey of(const wire::Open& open) {
        return {open.id().router(), open.id().epoch(), open.id().counter()};
    }
    struct Hash {
        std::size_t operator()(const StreamKey& key) const {
            return wire::place(key.router ^ wire::place(key.epoch ^ wire::place(key.counter)));
        }
    };
};

class Tombstones {
public:
    static constexpr std::size_t most = 65'536;

    explicit Tombstones(Duration resume)
        : lifetime_(std::max<Duration>(resume * 2, std::chrono::minutes(1))) {}

    /// `ending`: the refusal of a later attempt; nothing when the stream ended in order.
    void add(Time now, const StreamKey& stream, std::unique_ptr<wire::Nack> ending) {
        forget(now);
        if (order_.size() >= most) drop_oldest();
        if (endings_.emplace(stream, std::move(ending)).second)
            order_.emplace_back(stream, now + lifetime_);
    }
    std::optional<wire::Nack> find(Time now, const StreamKey& stream) {
        forget(now);
        const auto found = endings_.find(stream);
        if (found == endings_.end()) return std::nullopt;
        if (found->second != nullptr) return *found->second;
        wire::Nack in_order = wire::to_nack(Error(Code::closed, "the stream has ended"), {});
        in_order.set_finished(true);
        return in_order;
    }
    std::size_t size() const { return order_.size(); }

private:
    void forget(Time now) {
        while (!order_.empty() && order_.front().second <= now) drop_oldest();
    }
    void drop_oldest() {
        endings_.erase(order_.front().first);
        order_.pop_front();
    }

    Duration lifetime_;
    std::unordered_map<StreamKey, std::unique_ptr<wire::Nack>, StreamKey::Hash> endings_;
    std::deque<std::pair<StreamKey, Time>> order_;
};

}  // namespace jetway::routing
