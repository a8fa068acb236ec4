// Host names to addresses, without holding the loop up. Private to io.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "io/address.hpp"
#include "io/event_loop.hpp"

namespace jetway::io {

/// getaddrinfo on a thread of its own; `resolved` is called once from the loop, unless the handle
/// goes first. E-IO names the host.
Handle resolve(EventLoop& loop, const std::string& host, std::uint16_t port,
               std::function<void(Result<std::vector<SocketAddress>>)> resolved);

}  // namespace jetway::io
