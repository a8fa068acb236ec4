#include "routing/links.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace jetway::routing {

Neighbour::Neighbour(const Options& self, const LinkOptions& options, Time now)
    : link(self, options, now),
      flooding(now),
      frames(told_frames_a_second, 2 * told_frames_a_second, now),
      bytes(told_bytes_a_second, 2 * told_bytes_a_second, now),
      next_compare(now + self.digest_interval) {}

Slot& Links::add(Time now, LinkId link, LinkOptions options) {
    if (link >= slots_.size()) slots_.resize(link + 1);
    slots_[link] = std::make_unique<Slot>();
    slots_[link]->options = std::move(options);
    slots_[link]->since = now;
    return *slots_[link];
}

Neighbour* Links::neighbour(LinkId link) {
    Slot* slot = find(link);
    return slot == nullptr ? nullptr : slot->neighbour.get();
}

void Links::up(LinkId link) {
    live_[live(link).peer()].push_back(link);
}

void Links::down(LinkId link) {
    const auto found = live_.find(live(link).peer());
    if (found == live_.end()) return;
    std::erase(found->second, link);
    if (found->second.empty()) live_.erase(found);
}

LinkId Links::to(RouterId peer) const {
    const auto found = live_.find(peer);
    if (found == live_.end()) return no_link;
    return *std::ranges::min_element(found->second, {}, [this](LinkId id) {
        return std::tuple(live(id).state() == Link::State::suspect, live(id).cost(), id);
    });
}

LinkId Links::on(const std::string& terminal) const {
    for (LinkId link = 0; link < end(); ++link) {
        const Slot* slot = find(link);
        if (slot == nullptr || slot->closing || slot->options.terminal != terminal) continue;
        if (!slot->neighbour || slot->neighbour->link.is_up()) return link;
    }
    return no_link;
}

std::vector<wire::Adjacency> Links::adjacencies() const {
    std::vector<wire::Adjacency> result;
    for (const auto& [peer, links] : live_) {
        wire::Adjacency adjacency;
        adjacency.set_peer(peer);
        adjacency.set_peer_epoch(live(links.front()).peer_epoch());
        const auto cheapest =
            std::ranges::min_element(links, {}, [this](LinkId link) { return live(link).cost(); });
        adjacency.set_cost(live(*cheapest).cost());
        result.push_back(std::move(adjacency));
    }
    std::ranges::sort(result, {}, &wire::Adjacency::peer);
    // Handshakes that finished together may have gone beyond what a record holds.
    if (result.size() > wire::max_adjacencies) result.resize(wire::max_adjacencies);
    return result;
}

std::vector<RouterId> Links::suspects() const {
    std::vector<RouterId> result;
    for (const auto& [peer, links] : live_) {
        const bool all = std::ranges::all_of(
            links, [this](LinkId link) { return live(link).state() == Link::State::suspect; });
        if (all) result.push_back(peer);
    }
    std::ranges::sort(result);
    return result;
}

}  // namespace jetway::routing
