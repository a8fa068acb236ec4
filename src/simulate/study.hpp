// What a deployment does when something breaks: its machines, links and services as a Mesh, callers
// on every machine, and one failure. The services do nothing but answer: what they take of a CPU is
// not modelled, nor is the time of other programs, nor a link's bandwidth.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "deployment/deployment.hpp"
#include "simulate/failure.hpp"
#include "simulate/mesh.hpp"

namespace jetway::simulate {

struct StudyOptions {
    std::uint64_t seed = 1;
    Duration at = std::chrono::seconds(1);      // the failure, after the callers began
    Duration length = std::chrono::seconds(5);  // how long it is watched
    std::uint32_t rate = 20;                    // calls a second, of each machine to each service
    Duration latency = std::chrono::microseconds(200);  // of a link, one way
};

/// Something a machine noticed, and when after the failure.
struct Moment {
    Duration after{};
    std::string machine;
    routing::Event event;
};

/// One run.
struct Course {
    /// When the last machine knew who can be reached, went by nothing that is broken, and calls
    /// flowed; nullopt: not while it was watched.
    std::optional<Duration> recovers;
    /// When the last call was begun that was then delayed or lost: later ones are as before.
    /// nullopt: some were to the end.
    std::optional<Duration> flows_after{Duration()};
    std::size_t calls = 0;
    std::size_t answerable = 0;  // begun after the failure, and there is a way
    std::size_t delayed = 0;     // answered, and far later than before the failure
    std::size_t lost = 0;        // not answered although there was a way
    std::size_t duplicated = 0;  // came to a service twice
    Duration longest{};          // of those that were answered
    std::vector<Moment> timeline;
};

/// A way that is another one afterwards.
struct Detour {
    std::string from;
    std::string service;
    std::vector<std::string> path;
    std::int64_t extra_cost = 0;
};

struct FailureReport {
    Failure failure;
    std::vector<Unreachable> unreachable;
    Course noticed;  // sockets close: a process is killed, a cable's ends see it go
    Course silent;   // nobody is told: a host freezes, packets vanish
    std::vector<Detour> detours;
};

/// Runs the failure twice over the same mesh, noticed and silent.
FailureReport study(const deployment::Deployment& deployment, const Plan& plan,
                    const Failure& failure, const StudyOptions& options);

}  // namespace jetway::simulate
