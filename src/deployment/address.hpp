// Addresses as a deployment file writes them: "10.0.0.3:9001", "[::1]:9001", "lab.local:9001",
// ":9001", "unix:/path".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace jetway::deployment {

struct NetworkAddress {
    enum class Family : std::uint8_t { ipv4, ipv6, name, any, unix_socket };

    Family family = Family::any;
    std::string host;        // without brackets; the path of a Unix socket; empty for `any`
    std::uint32_t ipv4 = 0;  // in host order
    std::uint16_t port = 0;

    /// 127.0.0.0/8, ::1 and Unix sockets: never leaves this host. ("localhost" is read as
    /// 127.0.0.1.)
    bool is_loopback() const;
    /// 0.0.0.0, :: and an empty host: every address of the machine.
    bool is_wildcard() const;
    std::string text() const;
    bool operator==(const NetworkAddress&) const = default;
};

/// E-BAD-FILE with the likely meaning in `next`; E-UNSUPPORTED for ws: and other schemes of later
/// versions.
Result<NetworkAddress> parse_network_address(std::string_view text);

/// "10.0.0.3" of its number.
std::string ipv4_text(std::uint32_t address);

}  // namespace jetway::deployment
