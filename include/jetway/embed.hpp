// For a program that is a machine of the mesh: a Kernel, the RoutingServer on it, and what carries
// its links.
//
//     jetway::io::EventLoop loop;
//     jetway::Kernel kernel;
//     jetway::router::RoutingServer router(kernel, loop, random, transport, options);
//     router.create_terminal(
//         "to-machine-b", jetway::router::TerminalType::network, "10.0.0.2:9001");
//     loop.run();
#pragma once

#include "base/random.hpp"            // IWYU pragma: export
#include "base/result.hpp"            // IWYU pragma: export
#include "io/event_loop.hpp"          // IWYU pragma: export
#include "kernel/connection.hpp"      // IWYU pragma: export
#include "kernel/kernel.hpp"          // IWYU pragma: export
#include "router/routing_server.hpp"  // IWYU pragma: export
#include "stream/session.hpp"         // IWYU pragma: export
#include "stream/stage.hpp"           // IWYU pragma: export
#include "transport/transport.hpp"    // IWYU pragma: export
#include "wire/envelope.hpp"          // IWYU pragma: export
