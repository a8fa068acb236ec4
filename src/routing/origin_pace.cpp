#include "routing/origin_pace.hpp"

#include <algorithm>

namespace jetway::routing {

namespace {

constexpr std::uint64_t records_a_second = 10;
constexpr std::uint64_t at_once = 20;
constexpr std::size_t few = 256;

}  // namespace

bool OriginPace::take(Time now, NodeIndex node, LinkId from) {
    if (origins_.size() >= forget_at_) forget_calm(now);
    Origin& origin =
        origins_.try_emplace(node, Quota(records_a_second, at_once, now)).first->second;
    origin.from = from;
    if (origin.at != Time::max()) return false;
    if (origin.quota.take(now, 1)) return true;
    origin.at = origin.quota.ready(now, 1);
    deadline_ = std::min(deadline_, origin.at);
    return false;
}

std::vector<OriginPace::News> OriginPace::due(Time now) {
    std::vector<News> result;
    if (now < deadline_) return result;
    deadline_ = Time::max();
    for (auto& [node, origin] : origins_) {
        if (now >= origin.at && origin.quota.take(now, 1)) {
            result.push_back({node, origin.from});
            origin.at = Time::max();
        }
        deadline_ = std::min(deadline_, origin.at);
    }
    return result;
}

bool OriginPace::waits(NodeIndex node) const {
    const auto found = origins_.find(node);
    return found != origins_.end() && found->second.at != Time::max();
}

/// Those whose quota is whole again would begin with a whole one. Looked at when there are twice as
/// many as the last time, so that a machine costs no more however many there are.
void OriginPace::forget_calm(Time now) {
    for (auto at = origins_.begin(); at != origins_.end();) {
        Origin& origin = at->second;
        const bool calm = origin.at == Time::max() && origin.quota.has(now, at_once);
        at = calm ? origins_.erase(at) : std::next(at);
    }
    forget_at_ = std::max(few, 2 * origins_.size());
}

}  // namespace jetway::routing
