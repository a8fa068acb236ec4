// jetway run: one machine of the file.
#include <cstdlib>
#include <iostream>
#include <thread>

#include "cli/foreground.hpp"
#include "cli/load_file.hpp"
#include "cli/transports.hpp"
#include "cli/verbs.hpp"
#include "deployment/loopback_map.hpp"

namespace jetway::cli {
namespace {

/// There is no encryption in this version: what leaves this host must be allowed in the file.
Result<> refuse_unprotected(const deployment::Deployment& deployment,
                            const deployment::Machine& machine, const std::string& file) {
    const std::vector<deployment::Problem> problems = deployment::unprotected(deployment, machine);
    if (problems.empty()) return success();
    return Error(Code::denied, problems.front().message)
        .at(file + ":" + std::to_string(problems.front().place.line))
        .because("this version of jetway has no TLS yet, and that is not a loopback address")
        .then(
            "write insecure: true in the file if the network is trusted, or try it here: jetway "
            "dev " +
            file);
}

}  // namespace

Result<int> run(const RunOptions& options) {
    JETWAY_ASSIGN(deployment::Deployment deployment, load_to_run(options.file, options.quiet));
    if (options.on_loopback) deployment = deployment::map_to_loopback(deployment).deployment;
    JETWAY_ASSIGN(const deployment::Machine* machine, find_machine(deployment, options.machine));
    JETWAY_TRY(refuse_unprotected(deployment, *machine, options.file));
    // Programs that our services run and that call jetway mean this machine.
    setenv("JETWAY_MACHINE", machine->name.c_str(), 1);
    const std::size_t threads = threads_of(*machine, std::thread::hardware_concurrency());
    const auto transport = [threads](io::EventLoop& loop) {
        return socket_transport(loop, threads);
    };
    return run_in_foreground(deployment, {{machine->name}, transport, options.quiet});
}

}  // namespace jetway::cli
