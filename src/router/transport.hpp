// What the router asks of a transport. The router names no concrete one: src/cli injects them by
// scheme.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "base/handle.hpp"
#include "base/result.hpp"
#include "kernel/connection.hpp"

namespace jetway::router {

struct Transport {
    /// Accepts on `address` until the handle goes.
    std::function<Result<Handle>(const std::string& address,
                                 std::function<void(ConnectionPtr)> accepted)>
        listen;
    /// One attempt to connect to `address`.
    std::function<Handle(const std::string& address,
                         std::function<void(Result<ConnectionPtr>)> connected)>
        dial;
    /// How many loops carry its connections, for status.
    std::size_t threads = 1;
};

}  // namespace jetway::router
