// The kinds of service there are: those the daemon makes itself, and those that are executables of
// their own. The one place that names concrete services.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/settings.hpp"
#include "io/event_loop.hpp"
#include "kernel/kernel.hpp"
#include "stream/session.hpp"

namespace jetway::cli {

/// A kind and how the daemon makes a service of it. For a kind with an executable `make` is empty.
struct ServiceMaker {
    const Kind* kind = nullptr;
    Capabilities (*capabilities)() = nullptr;
    Result<std::unique_ptr<stream::Service>> (*make)(io::EventLoop&,
                                                     stream::ServiceContext) = nullptr;
};

/// In the order that people are shown them.
const std::vector<ServiceMaker>& service_makers();
/// nullptr when there is no kind of this name (its other names do not count).
const ServiceMaker* find_maker(std::string_view kind);

}  // namespace jetway::cli
