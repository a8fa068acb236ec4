// For a program that attaches to its machine's daemon: it offers services and opens streams through
// a Session.
//
//     jetway::io::EventLoop loop;
//     const auto attaching = jetway::attach::connect(
//         loop, "", {"my-program", pid}, [&](auto session) { ... });
//     loop.run();
#pragma once

#include "attach/attach.hpp"   // IWYU pragma: export
#include "base/result.hpp"     // IWYU pragma: export
#include "base/settings.hpp"   // IWYU pragma: export
#include "io/event_loop.hpp"   // IWYU pragma: export
#include "kernel/kernel.hpp"   // IWYU pragma: export
#include "stream/session.hpp"  // IWYU pragma: export
#include "stream/stage.hpp"    // IWYU pragma: export
#include "stream/stream.hpp"   // IWYU pragma: export
#include "wire/envelope.hpp"   // IWYU pragma: export
