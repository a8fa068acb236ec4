// The main() of a service that is a process of its own:
//
//   PROGRAM --machine MACHINE --name NAME [--set KEY=VALUE]...
//
// It attaches to the daemon of MACHINE, offers the service, and ends with the daemon, or on
// SIGTERM.
#pragma once

#include <functional>
#include <memory>

#include "base/result.hpp"
#include "io/event_loop.hpp"
#include "kernel/kernel.hpp"
#include "stream/session.hpp"

namespace jetway::attach {

using MakeService =
    std::function<Result<std::unique_ptr<stream::Service>>(io::EventLoop&, stream::ServiceContext)>;

/// Returns the exit status: 0 after SIGTERM or SIGINT, else that of the error it printed. The
/// service goes before its session, in the loop's thread.
int run_service(int argc, char** argv, const Kind& kind, const Capabilities& capabilities,
                const MakeService& make);

}  // namespace jetway::attach
