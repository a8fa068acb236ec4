#include "routing/waiting.hpp"

#include <algorithm>

namespace jetway::routing {
namespace {

std::size_t rank_of(wire::TrafficClass traffic_class) {
    switch (traffic_class) {
        case wire::TrafficClass::interactive:
            return 0;
        case wire::TrafficClass::bulk:
            return 2;
        default:
            return 1;
    }
}

}  // namespace

void Waiting::look(std::uint32_t index, Time when) {
    const auto [found, fresh] = looks_.try_emplace(index);
    if (!fresh) times_.erase({found->second.look, index});
    found->second.look = when;
    times_.emplace(when, index);
}

void Waiting::remove(std::uint32_t index) {
    const auto found = looks_.find(index);
    if (found == looks_.end()) return;
    times_.erase({found->second.look, index});
    looks_.erase(found);
}

std::vector<std::uint32_t> Waiting::all() const {
    std::vector<std::uint32_t> result;
    result.reserve(times_.size());
    for (const auto& [when, index] : times_) result.push_back(index);
    return result;
}

std::optional<std::uint32_t> Waiting::due(Time now) const {
    if (times_.empty() || times_.begin()->first > now) return std::nullopt;
    return times_.begin()->second;
}

void Waiting::want(std::uint32_t index, wire::TrafficClass traffic_class) {
    const auto found = looks_.find(index);
    if (found == looks_.end() || std::exchange(found->second.eager, true)) return;
    eager_[rank_of(traffic_class)].push_back(index);
}

std::optional<std::uint32_t> Waiting::next(Time now) {
    held_until_ = Time::max();
    for (auto& queue : eager_) {
        for (; !queue.empty(); queue.pop_front()) {
            const auto found = looks_.find(queue.front());
            if (found == looks_.end() || !found->second.eager) continue;
            if (!pace_.has(now, 1)) {
                held_until_ = pace_.ready(now, a_millisecond);
                return std::nullopt;
            }
            found->second.eager = false;
            const std::uint32_t index = queue.front();
            queue.pop_front();
            return index;
        }
    }
    return std::nullopt;
}

Time Waiting::deadline() const {
    return times_.empty() ? held_until_ : std::min(times_.begin()->first, held_until_);
}

}  // namespace jetway::routing
