// What the routing core shows of itself: rows for people and tests, and the Choice that an OPEN
// would carry. Values, not references: none of it is on the path of a frame.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "routing/types.hpp"

namespace jetway::routing {

/// One row of known_routes(): where an instance is and how to get there; or, after it, another way
/// to get there.
struct RouteRow {
    std::string service;
    std::string machine;
    RouterId router = 0;
    std::uint64_t instance = 0;
    std::string terminal;           // "local" for this machine's own
    std::vector<std::string> path;  // machines, this one first
    std::uint32_t hops = 0;
    std::uint32_t cost = 0;
    bool is_static = false;
    bool alternate = false;  // another way to the instance of the row before
    bool best = false;       // what a stream opened now would use
    std::string why_not;     // why it is not best
    std::uint32_t type = 0;
    std::vector<std::string> accepts;
    std::vector<std::string> produces;
};

struct LinkRow {
    LinkId link = no_link;
    LinkKind kind = LinkKind::network;
    std::string terminal;
    std::string name;     // between two machines; empty: the one unnamed link
    std::string peer;     // address
    std::string machine;  // its name once known; a process's for local links
    std::string state;    // handshake, syncing, up, suspect, draining
    Time since{};
    std::optional<Duration> round_trip;
    std::uint32_t cost = 0;
    bool damped = false;  // it kept going down: a last resort for a while
    std::size_t streams = 0;
    bool dialled = false;
};

struct MachineRow {
    std::string machine;
    RouterId router = 0;
    std::uint64_t epoch = 0;
    bool reachable = false;
    Duration unreachable_for{};
    std::uint32_t hops = 0;
    std::uint32_t cost = 0;
    std::size_t services = 0;
};

/// What this machine holds of another one (or of itself): what simulations compare.
struct Holding {
    RouterId origin = 0;
    Version record;
    Version catalogue;
    std::uint64_t services = 0;  // a digest of the catalogue's contents
    bool reachable = false;
    Adjacents adjacents;
};

/// What has still to be told, or asked, over a link about a machine.
struct Debt {
    RouterId origin = 0;
    bool record = false;
    bool catalogue = false;
    bool question = false;
};

/// Where a name leads now: what `trace` shows and what an OPEN would carry.
struct Choice {
    RouterId egress = 0;
    std::uint64_t egress_epoch = 0;
    std::uint64_t instance = 0;   // 0: the egress finds one by name (static routes)
    LinkId local_link = no_link;  // when this machine is the egress
    LinkId first_link = no_link;
    std::vector<RouterId> route;        // this machine first
    std::vector<std::string> machines;  // the same by name
    std::uint32_t cost = 0;
};

}  // namespace jetway::routing
