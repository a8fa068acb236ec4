// A Deployment: what deployment.yml says, checked. load() is the only way from a file to one;
// nothing starts on a file with an error. docs/deployment.md describes the file.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/settings.hpp"
#include "base/timer.hpp"
#include "deployment/address.hpp"
#include "deployment/problem.hpp"

namespace jetway::deployment {

struct Service {
    std::string name;
    std::string kind;   // a Kind of the rules
    Settings settings;  // keys and value types are those of the kind
    Place place;
};

enum class TerminalType : std::uint8_t { local, network, loopback };

struct Terminal {
    std::string name;
    TerminalType type = TerminalType::network;
    std::optional<NetworkAddress> address;  // none: waits to be dialled
    std::string link;                       // only links with a name may be parallel
    bool insecure = false;
    std::string machine;  // where it leads, by its name or its address; empty when not known
    Place place;
    Place address_place;
};

inline constexpr std::uint64_t least_memory = 4UL * 1024 * 1024;
inline constexpr std::uint64_t default_memory = 64UL * 1024 * 1024;
inline constexpr std::uint64_t most_memory = 64UL * 1024 * 1024 * 1024;
inline constexpr std::uint64_t least_message = 64UL * 1024;
inline constexpr std::uint64_t default_message = 64UL * 1024 * 1024;
inline constexpr std::uint64_t most_message = 1024UL * 1024 * 1024;

inline constexpr std::uint64_t most_threads = 64;

struct Machine {
    std::string name;
    std::vector<NetworkAddress> listen;
    std::vector<Place> listen_places;  // beside `listen`
    bool listen_derived = false;       // read from the other machines' terminals
    bool insecure = false;
    std::uint64_t memory = default_memory;    // for stream bytes that wait in its router
    std::uint64_t message = default_message;  // the largest that it puts together
    std::uint64_t threads = 0;  // loops that carry its links and processes; 0: as fits its host
    std::vector<Service> services;
    std::vector<Terminal> terminals;
    Place place;
};

struct Pipeline {
    std::string name;
    std::string text;  // "a | b | { c ; d@m }"
    Place place;
};

/// What must hold when something fails; held by the simulator.
struct Expectation {
    std::string fail;       // "any-one-link", "any-one-machine", "a", "a,b", "a,b/c"
    std::string then;       // as it stands in the file
    bool reachable = true;  // or unreachable
    std::string service;
    std::string from;  // a machine
    std::optional<Duration> within;
    Place place;
};

struct Deployment {
    std::string mesh = "home";
    std::vector<Machine> machines;
    std::vector<Pipeline> pipelines;
    std::vector<Expectation> expectations;
    Duration heartbeat = std::chrono::seconds(5);      // how often neighbours compare digests
    Duration detect = std::chrono::milliseconds(400);  // how long a silent peer counts as alive
    Duration resume = std::chrono::seconds(30);  // how long a stream without a way waits for one
    std::uint64_t memory = default_memory;       // of a machine that does not say its own
    std::uint64_t message = default_message;     // the same
    std::uint64_t threads = 0;                   // likewise
    bool insecure = false;

    const Machine* find(std::string_view machine) const;
    std::vector<std::string> machine_names() const;
};

/// What the file may say: the kinds of service there are, and the grammar of names and pipelines,
/// which belong to other parts. Whoever loads a file (src/cli) brings them together.
struct Rules {
    std::vector<Kind> kinds;
    /// The kind that `run:` alone starts.
    std::string run_kind = "exec";
    std::function<Result<>(std::string_view)> check_service_name;
    std::function<Result<>(std::string_view)> check_machine_name;
    std::function<Result<>(std::string_view)> check_pipeline;
};

struct Loaded {
    std::optional<Deployment> deployment;  // absent when there is an error
    std::vector<Problem> problems;  // in the order of the file; at most Problems::limit of them
    std::size_t errors = 0;         // all of them
    std::size_t warnings = 0;
};

/// Reads the text of a file. Total: any bytes give a Deployment or problems.
Loaded load(std::string_view text, const Rules& rules);

/// The text of a file of at most max_file bytes. E-IO.
Result<std::string> read_file(const std::string& path);

/// Every address of `machine` that leaves this host although the file does not say `insecure:
/// true`, as warnings. There is no TLS in this version: `check` shows them, `run` refuses to start.
std::vector<Problem> unprotected(const Deployment& deployment, const Machine& machine);

}  // namespace jetway::deployment
