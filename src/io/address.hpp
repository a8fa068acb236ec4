// Socket addresses as text and as the system wants them. Private to io, but for check_address and
// is_loopback (byte_stream.hpp).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <sys/socket.h>

#include "base/result.hpp"

namespace jetway::io {

/// What bind() and connect() take.
struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;

    int family() const { return storage.ss_family; }
    sockaddr* pointer() { return reinterpret_cast<sockaddr*>(&storage); }
    const sockaddr* pointer() const { return reinterpret_cast<const sockaddr*>(&storage); }
    /// "10.0.0.3:9001", "[::1]:9001", "unix:/path", "unix:" for an end without a name.
    std::string text() const;
};

/// "HOST:PORT" or "unix:/path", taken apart.
struct AddressText {
    enum class Host : std::uint8_t { any, numeric, name, unix_path } host = Host::any;
    SocketAddress address;  // any, numeric, unix_path
    std::string name;       // name, or the path
    std::uint16_t port = 0;
};

/// E-USAGE says what is wrong with it. Looks nothing up.
Result<AddressText> parse_socket_address(std::string_view text);

}  // namespace jetway::io
