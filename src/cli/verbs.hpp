// The verbs of the command line. Each is a function in a file of its own name and returns the exit
// status, or an error that main shows and turns into one.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "cli/output.hpp"
#include "wire/control.hpp"

namespace jetway::cli {

struct RunOptions {
    std::string file;
    std::string machine;
    bool on_loopback = false;  // addresses moved as `dev` moves them
    bool quiet = false;        // warnings about the file were shown already
};
/// One machine of the file, in the foreground, until SIGTERM or Ctrl-C.
Result<int> run(const RunOptions& options);

struct DevOptions {
    std::string file;
    bool one_process = false;
};
/// All machines of the file on this host, in the foreground, until SIGTERM or Ctrl-C.
Result<int> dev(const DevOptions& options);

struct CheckOptions {
    std::string file;
    Format format = Format::text;
};
Result<int> check(const CheckOptions& options);

struct SimulateOptions {
    std::string file;
    std::vector<std::string> fail;       // "a,b" a link, "a" a machine
    std::vector<std::string> partition;  // "a,b/c,d"
    bool all_single = false;
    bool all_double = false;
    std::uint64_t seed = 1;
    std::uint32_t rate = 20;
    std::string at = "1s";
    std::string length;  // empty: long enough to notice
    std::string latency = "200us";
    bool watch = false;
    Format format = Format::text;
};
/// What breaks when something fails, tried out under virtual time. Exit status 1 when an
/// expectation of the file does not hold.
Result<int> simulate(const SimulateOptions& options);

/// What every command that asks a daemon takes.
struct AskOptions {
    std::string machine;  // whose daemon; empty: the only one
    std::string name;     // of a service, pipeline ...
    Format format = Format::text;
};
Result<int> status(const AskOptions& options);
Result<int> services(const AskOptions& options);
Result<int> routes(const AskOptions& options);
Result<int> trace(const AskOptions& options);
/// The routes, and each change of them until Ctrl-C.
Result<int> watch_routes(const AskOptions& options);

struct TimelineOptions {
    AskOptions ask;          // `name`: of another machine of the mesh
    std::uint32_t last = 0;  // events; 0: all that are kept
    std::string since;       // "10m"; empty: any
    bool follow = false;
};
/// What happened at a router, and why.
Result<int> timeline(const TimelineOptions& options);

struct WhyOptions {
    AskOptions ask;
    std::vector<std::string> words;  // [FROM] NAME
};
/// From a name to its instance, step by step; the exit status of the first thing that is wrong.
Result<int> why(const WhyOptions& options);

/// The daemon takes no new streams, ends when what is open has ended, or after half a minute.
Result<int> drain(const AskOptions& options);

struct CallOptions {
    AskOptions ask;
    wire::TrafficClass traffic_class = wire::TrafficClass::normal;
};
/// Standard input to the service, its answer to standard output.
Result<int> call(const CallOptions& options);

struct PipeOptions {
    std::string machine;
    wire::TrafficClass traffic_class = wire::TrafficClass::normal;
    std::string pipeline;               // its text, or its name in the daemon's file
    std::vector<std::string> settings;  // STAGE.KEY=VALUE
};
/// Standard input to the first stage; what the last one gives to standard output.
Result<int> pipe(const PipeOptions& options);

struct RecOptions {
    std::string machine;
    std::string output;  // OUT.mp4
    std::vector<std::string> command;
};
/// Runs the command in a terminal and makes a video and a recording of it.
Result<int> rec(const RecOptions& options);

/// The script for `shell` (bash, zsh, fish) on standard output.
Result<int> completion(const std::string& shell);
struct CompleteOptions {
    std::string what;                // services, pipelines or machines
    std::vector<std::string> words;  // of the line that is being completed
};
/// What completion offers, one name a line: what the machine named on the line knows, else what any
/// daemon of this host does.
Result<int> complete_names(const CompleteOptions& options);

}  // namespace jetway::cli
