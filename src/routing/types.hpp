// The nouns that the parts of the routing core share. The core is a pure state machine: frames,
// time and local changes go in; frames and actions come out. It has no socket, clock, thread, log
// or randomness of its own. The simulator and the daemon run the same code.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.hpp"
#include "base/result.hpp"
#include "base/timer.hpp"
#include "wire/control.hpp"
#include "wire/frame.hpp"

namespace jetway::routing {

using wire::RouterId;
class NodeCache;

/// One instance of a service in one life of its machine.
struct Instance {
    RouterId router = 0;
    std::uint64_t epoch = 0;
    std::uint64_t number = 0;
    auto operator<=>(const Instance&) const = default;
};

/// Orders what one machine says of itself.
struct Version {
    std::uint64_t epoch = 0;
    std::uint64_t sequence = 0;
    auto operator<=>(const Version&) const = default;
};

/// One link as the machine at its beginning lists it.
struct Adjacent {
    RouterId peer = 0;
    std::uint64_t peer_epoch = 0;
    std::uint32_t cost = 0;
    bool operator==(const Adjacent&) const = default;
};
using Adjacents = std::vector<Adjacent>;  // by peer, ascending

/// A link's slot. The owner picks it (dense, small) and may reuse it after remove_link().
using LinkId = std::uint32_t;
inline constexpr LinkId no_link = ~LinkId{0};

enum class LinkKind : std::uint8_t {
    network,  // to another machine: HELLO, heartbeats, records
    local,    // to a process or a service of this machine: streams only; the owner handles label 0
};

struct LinkOptions {
    LinkKind kind = LinkKind::network;
    bool dialled = false;         // we opened it: our labels are odd
    std::string terminal;         // the terminal's name, for people
    std::string link_name;        // only links with a name may be parallel
    std::string peer;             // address, for people
    std::uint32_t peer_pool = 0;  // local links: first-window bytes the other end granted in ATTACH
    std::string process;          // local links: for people
};

struct Options {
    std::string mesh = "home";
    std::string machine;
    RouterId router = 0;
    std::uint64_t epoch = 0;  // max(wall ms at boot, last persisted + 1)
    std::uint64_t boot_nonce = 0;
    std::uint64_t boot_time_us = 0;
    Duration heartbeat = std::chrono::milliseconds(100);
    std::uint32_t multiplier = 4;  // detect = heartbeat x multiplier
    /// `heartbeat:` of the file: how often digests are compared.
    Duration digest_interval = std::chrono::seconds(5);
    std::uint32_t pool = 4 * 1024 * 1024;  // first windows we grant per network link
    /// How long a stream whose way broke waits for another one; zero: it ends at once.
    Duration resume = std::chrono::seconds(30);
    std::size_t memory = 64UL * 1024 * 1024;  // for stream bytes that wait here (forwarder.hpp)
    /// What the routers of a simulation share; nullptr: each decodes for itself.
    NodeCache* nodes = nullptr;
};

/// What the owner logs, shows in a timeline, or asserts in a scenario.
struct Event {
    enum class Kind : std::uint8_t {
        link_up,
        link_down,
        link_duplicate,
        link_doubted,  // silent: new streams go by another way if there is one
        link_trusted,  // and speaks again
        machine_reachable,
        machine_lost,
        path_changed,  // to a machine that was reached before and is now
        service_added,
        service_removed,
        route_added,  // a static one
        route_removed,
        epoch_taken,
        stream_opened,
        stream_refused,
        stream_rerouted,
        stream_ended,
        equivocation,
        warning,
    };
    Kind kind;
    std::string subject;  // machine, service or "from -> to (destination)"
    std::string detail;
    std::string cause;  // empty: the detail says it, or nothing does
};

/// "link_up" and so on, for programs.
std::string_view to_string(Event::Kind kind);
/// About one stream, not about the mesh?
bool is_of_stream(Event::Kind kind);
/// One line for people: "path to c: a > d > c, cost 46, was a > b > c, cost 20 (link b>c is dead)".
std::string line_of(const Event& event);

/// What the owner must do after any call into the core. Taken with Core::take(); the vectors keep
/// their memory.
struct Actions {
    struct Close {
        LinkId link;
        Error reason;
    };
    std::vector<LinkId> ready;  // links with something to pull; each at most once between takes
    /// Send what pull() still gives (GOAWAY), then close and call remove_link().
    std::vector<Close> close;
    std::vector<Event> events;
    void clear() {
        ready.clear();
        close.clear();
        events.clear();
    }
};

}  // namespace jetway::routing
