// RoutingServer: the routing service of one machine. It registers on the kernel as `router` (type
// routing), owns the machine's terminals, and hands frames, time and changes to routing::Core. It
// uses the kernel's public API only, and everything that needs a socket comes in as a Transport.
//
// A kernel service is reached in one of two ways. A service that attached over a local terminal
// (stream::Session, in this process or another) gets streams. A service that somebody registered on
// the kernel with a plain pipe gets envelopes: each Message's body is an encoded wire::Envelope.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/handle.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "base/timer.hpp"
#include "kernel/connection.hpp"
#include "kernel/kernel.hpp"
#include "router/balance.hpp"
#include "router/transport.hpp"
#include "routing/core.hpp"
#include "wire/envelope.hpp"

namespace jetway::router {

enum class TerminalType : std::uint8_t { local, network, loopback };
std::string_view to_string(TerminalType type);

/// A connection point, as status shows it.
struct TerminalRow {
    std::string name;
    TerminalType type = TerminalType::local;
    std::string address;
    std::string machine;  // at the other end, once known
    std::string state;    // "up", "dialling", "waiting", "listening"
    Error last_error;     // of the last attempt or link
    Time since{};
    std::uint64_t attempts = 0;
};

/// Where a network terminal leads.
struct Towards {
    std::string machine;  // who answers there, when known: a link that it opens belongs here too
    std::string link;     // its links' name: only named ones run side by side between two machines
    bool operator==(const Towards&) const = default;
};

class RoutingServer {
public:
    /// Everything outlives the server. `options.machine` names the machine.
    RoutingServer(Kernel& kernel, Timer& timer, Random& random, Transport transport,
                  routing::Options options);
    ~RoutingServer();

    /// A connection point. `network`: dials `address` for ever, with jitter (empty: only waits to
    /// be dialled). `local`: gives the end for a service or process of this machine through
    /// connect_local(). `loopback`: what goes out comes back in. E-USAGE when the name is taken.
    Result<> create_terminal(const std::string& name, TerminalType type,
                             const std::string& address = {}, const Towards& towards = {});
    /// A message that is put together here, for a service of the kernel, has at most so many bytes
    /// (64 MiB). Whoever sends a larger one is told: E-TOO-LARGE.
    void set_largest_message(std::size_t bytes);
    /// Lines of this router in the log name its machine: for a process with several.
    void name_in_log();
    /// Accepts network links on `address` until the handle goes.
    Result<Handle> listen(const std::string& address);
    /// Accepts processes of this machine (attach) on `address` ("unix:/path") until the handle
    /// goes; only of our own user and of root.
    Result<Handle> listen_local(const std::string& address);
    /// A local terminal for a part of this process: pass the result to stream::Session.
    ConnectionPtr connect_local(const std::string& name);

    /// A static route: wins over learned ones.
    void add_route(const std::string& service, const std::string& terminal,
                   const std::string& machine = {}, std::uint32_t hops = 1);
    void remove_route(const std::string& service);
    /// Sends an envelope by name, here or elsewhere, in order per source and instance. A refusal is
    /// also logged. What waits is sent as soon as its instance takes more, or not at all when its
    /// deadline passes first.
    void route(wire::Envelope envelope, RouteOptions options = {});
    /// The same with an answer: the envelope that a service makes with wire::answer_to().
    /// `answered` gets it from the loop, or why there is none; E-TIMEOUT after the envelope's
    /// deadline (30 s when it has none). The service gets an envelope with `cancelled` when the
    /// deadline passes, or the handle goes first: then `answered` is not called any more.
    [[nodiscard]] Handle request(wire::Envelope envelope,
                                 std::function<void(Result<wire::Envelope>)> answered,
                                 RouteOptions options = {});
    /// How often neighbours compare digests of what they know. Changes travel at once in any case.
    void start_heartbeat(Duration interval = std::chrono::seconds(5));

    /// Names of this machine's services, the router itself left out.
    std::vector<std::string> local_services() const;
    /// Every known instance, the best of each name first, then its alternatives.
    std::vector<routing::RouteRow> known_routes() const;
    std::vector<TerminalRow> terminals() const;

    /// Runnable work per core of this machine, whenever it was measured: others choose between
    /// instances by it.
    void set_load(double per_core);
    /// From now on nobody opens a stream to this machine or through it; what is open goes on.
    void drain();
    /// Streams of services and processes that are open here or pass through; what asks the router
    /// itself does not count.
    std::size_t open_streams() const;
    /// Tells the mesh goodbye, closes the links, then calls `done` (within 200 ms).
    void stop(std::function<void()> done);

    const routing::Core& core() const;
    const routing::Options& options() const;
    /// Answers for `router` queries that the owner knows (display URL of a service, ...): key and
    /// text, shown by status.
    void set_note(const std::string& key, const std::string& text);
    /// Called for every event of the core, after it was logged.
    void set_on_event(std::function<void(const routing::Event&)> on_event);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace jetway::router
