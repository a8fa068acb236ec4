// What this machine says of itself, and when it says it: bad news at once, good news after 100 ms,
// changed costs at most every 10 s; and a machine that keeps changing is slowed down (0, 50, 100,
// ... 1000 ms) until it was quiet for 10 s. Bad news waits for earlier bad news only.
#pragma once

#include <vector>

#include "routing/types.hpp"

namespace jetway::routing {

class OwnRecord {
public:
    enum class Change : std::uint8_t { bad, good, cost };

    void changed(Time now, Change change);
    bool due(Time now) const { return now >= at_; }
    Time deadline() const { return at_; }
    /// Is what waits to be said bad news?
    bool bad() const { return bad_; }
    /// The next version. Nothing waits afterwards.
    wire::NodeRecord issue(Time now, const Options& self,
                           const std::vector<wire::Adjacency>& adjacencies);
    /// From now on (for ever: a machine that leaves).
    void set_flags(std::uint32_t flags) { flags_ = flags; }
    void set_load(std::uint32_t load) { load_ = load; }
    void begin_epoch() { sequence_ = 0; }
    std::uint64_t sequence() const { return sequence_; }

private:
    /// For who speaks again and again.
    struct BackOff {
        Time last{};
        std::uint32_t in_a_row = 0;

        Duration gap(Time now) const;
        void spoke(Time now);
    };

    std::uint64_t sequence_ = 0;
    std::uint32_t flags_ = 0;
    std::uint32_t load_ = 0;
    Time at_ = Time::max();
    bool bad_ = false;
    bool issued_ = false;
    BackOff any_;
    BackOff bad_news_;
};

}  // namespace jetway::routing
