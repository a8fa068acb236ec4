// Machines of a deployment in this process, in the foreground: what they say while they run, and
// how they end.
#pragma once

#include <csignal>
#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "deployment/deployment.hpp"
#include "io/event_loop.hpp"
#include "router/transport.hpp"

namespace jetway::cli {

/// The line that says that a machine can be used begins with this.
inline constexpr std::string_view ready_word = "ready";

/// Asks a process with machines to leave in order: no new streams, half a minute at most for what
/// is open, then as at SIGTERM.
inline constexpr int drain_signal = SIGUSR1;

struct Foreground {
    std::vector<std::string> machines;
    std::function<router::Transport(io::EventLoop&)> transport;
    bool plain = false;  // lines do not begin with the machine: somebody else writes it before them
};
/// Starts the machines and stays until SIGTERM, SIGINT or SIGHUP, then ends them within half a
/// second; a second signal ends at once. Lines for people go to standard output, the log to
/// standard error. At drain_signal they drain first. Returns exit status 0.
Result<int> run_in_foreground(const deployment::Deployment& deployment, const Foreground& options);

/// "NAME | ", as wide as the widest of the names.
std::string line_prefix(const std::string& name, const std::vector<std::string>& names);

/// The line that says that all machines can be used.
std::string all_ready(std::size_t machines, Duration took);

/// One whole line on standard output, at once.
void say(const std::string& line);

}  // namespace jetway::cli
