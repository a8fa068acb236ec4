// The links of this machine by slot, and which of them leads to a neighbour.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "routing/catalogue.hpp"
#include "routing/flooding.hpp"
#include "routing/link.hpp"
#include "routing/quota.hpp"

namespace jetway::routing {

/// All that a network link needs: its state, what it has to be told, what it may tell.
struct Neighbour {
    Neighbour(const Options& self, const LinkOptions& options, Time now);

    Link link;
    Flooding flooding;
    SnapshotAssembly assembly;
    Quota frames;
    Quota bytes;
    Time next_compare;  // of digests
};

struct Slot {
    LinkOptions options;
    Time since{};
    bool closing = false;
    std::unique_ptr<Neighbour> neighbour;  // network links
};

class Links {
public:
    Slot& add(Time now, LinkId link, LinkOptions options);
    void remove(LinkId link) { slots_[link].reset(); }
    Slot* find(LinkId link) { return link < slots_.size() ? slots_[link].get() : nullptr; }
    const Slot* find(LinkId link) const {
        return link < slots_.size() ? slots_[link].get() : nullptr;
    }
    /// nullptr for local links too.
    Neighbour* neighbour(LinkId link);

    /// One past the highest slot; find() of those between may be nullptr.
    LinkId end() const { return static_cast<LinkId>(slots_.size()); }

    /// The link leads to its peer from now on, or no longer.
    void up(LinkId link);
    void down(LinkId link);
    /// The best live link to a neighbour: not suspect, then cheapest, then first come; no_link when
    /// there is none.
    LinkId to(RouterId peer) const;
    /// A live link of that terminal, a network one or a local one.
    LinkId on(const std::string& terminal) const;
    /// What the neighbours' adjacencies say: one for each peer with a live link, the cheapest.
    std::vector<wire::Adjacency> adjacencies() const;
    /// Neighbours all of whose links are suspect.
    std::vector<RouterId> suspects() const;
    std::size_t peers() const { return live_.size(); }

private:
    const Link& live(LinkId link) const { return slots_[link]->neighbour->link; }

    std::vector<std::unique_ptr<Slot>> slots_;
    std::unordered_map<RouterId, std::vector<LinkId>> live_;
};

}  // namespace jetway::routing
