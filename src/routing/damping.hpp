// Links that keep going down: not believed in for a while, but kept as a last resort. Each loss of
// a link adds to a figure that halves every 15 s (route flap damping, RFC 2439). Only the link's
// owner reckons it: penalties added along the way harm convergence (Mao et al., 2002).
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <utility>

#include "routing/types.hpp"

namespace jetway::routing {

class Damping {
public:
    /// A link by its far end and its name.
    using Key = std::pair<RouterId, std::string>;

    void went_down(Time now, const Key& link);
    /// Until when the link is a last resort; at most 60 s after it went down, the beginning of time
    /// when it never was one. Four losses within seconds make it one.
    Time until(const Key& link) const;

private:
    struct Figure {
        double penalty = 0;
        Time reckoned{};
        Time until{};
    };
    static double worth(const Figure& figure, Time now);
    void make_room(Time now);

    std::map<Key, Figure> figures_;
};

}  // namespace jetway::routing
