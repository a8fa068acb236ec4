// Streams at their ends that have no way: when each is looked at next, and which tries now. When a
// busy link dies, thousands want another way at once. They try by class, interactive ones first and
// bulk last, and at a pace at which routers take OPENs along with everything else: the first 128 at
// once, then 32 a millisecond. A stream alone does not wait.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "routing/quota.hpp"
#include "wire/control.hpp"

namespace jetway::routing {

class Waiting {
public:
    static constexpr std::uint64_t at_once = 128;  // attempts
    static constexpr std::uint64_t a_millisecond = 32;

    /// The stream waits, and is looked at then, unless that is put off or brought forward.
    void look(std::uint32_t index, Time when);
    void remove(std::uint32_t index);
    bool has(std::uint32_t index) const { return looks_.contains(index); }
    std::vector<std::uint32_t> all() const;
    /// One whose time has come. It is given again until it is put off or removed.
    std::optional<std::uint32_t> due(Time now) const;

    /// The stream, which waits, makes an attempt as soon as it may.
    void want(std::uint32_t index, wire::TrafficClass traffic_class);
    /// Whose turn it is to make an attempt; nobody's, when the pace does not allow one.
    std::optional<std::uint32_t> next(Time now);
    /// It did, and OPEN leaves.
    void attempted(Time now) { pace_.take(now, 1); }

    /// When due() or next() may have one; max when none waits.
    Time deadline() const;

private:
    struct Stream {
        Time look{};
        bool eager = false;
    };
    std::unordered_map<std::uint32_t, Stream> looks_;
    std::set<std::pair<Time, std::uint32_t>> times_;
    std::array<std::deque<std::uint32_t>, 3> eager_;  // who has left is skipped
    Quota pace_{a_millisecond * 1000, at_once, Time{}};
    Time held_until_ = Time::max();  // the pace has others wait
};

}  // namespace jetway::routing
