#include "deployment/address.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>

#include "deployment/problem.hpp"

namespace jetway::deployment {
namespace {

constexpr std::size_t longest_unix_path = 107;  // sockaddr_un.sun_path without its zero

Error bad(std::string detail, std::string next) {
    return Error(Code::bad_file, std::move(detail)).then(std::move(next));
}

Result<NetworkAddress> parse_unix(std::string_view path) {
    NetworkAddress address;
    address.family = NetworkAddress::Family::unix_socket;
    address.host = path;
    if (path.empty() || path.front() != '/') {
        return bad("a Unix socket needs an absolute path", "write unix:/path/to/socket");
    }
    if (path.size() > longest_unix_path) {
        return bad("the path of a Unix socket has at most 107 bytes; this one has " +
                       std::to_string(path.size()),
                   "use a shorter path");
    }
    return address;
}

Result<std::uint16_t> parse_port(std::string_view text) {
    unsigned value = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failure != std::errc{} || end != text.data() + text.size() || value == 0 || value > 65535) {
        return bad(quoted(text) + " is not a port", "ports go from 1 to 65535: 10.0.0.3:9001");
    }
    return static_cast<std::uint16_t>(value);
}

bool is_host_name(std::string_view host) {
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '.' || c == '_';
    };
    return host.size() <= 253 && std::all_of(host.begin(), host.end(), allowed) &&
           host.front() != '-' && host.front() != '.';
}

/// Digits and dots alone: meant as an IPv4 address, whatever it is.
bool looks_numeric(std::string_view host) {
    return std::all_of(host.begin(), host.end(),
                       [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

Result<void> parse_host(std::string_view host, bool in_brackets, NetworkAddress& address) {
    address.host = host == "localhost" ? "127.0.0.1" : host;
    if (in_brackets) {
        in6_addr parsed{};
        address.family = NetworkAddress::Family::ipv6;
        if (inet_pton(AF_INET6, address.host.c_str(), &parsed) == 1) return success();
        return bad(quoted(host) + " is not an IPv6 address", "write it as [::1]:9001");
    }
    in_addr parsed{};
    if (host.empty()) {
        address.family = NetworkAddress::Family::any;
    } else if (inet_pton(AF_INET, address.host.c_str(), &parsed) == 1) {
        address.family = NetworkAddress::Family::ipv4;
        address.ipv4 = ntohl(parsed.s_addr);
    } else if (looks_numeric(host)) {
        return bad(quoted(host) + " is not an IPv4 address",
                   "four numbers from 0 to 255: 10.0.0.3:9001");
    } else if (is_host_name(host)) {
        address.family = NetworkAddress::Family::name;
    } else {
        return bad(quoted(host) + " is neither an IP address nor a host name",
                   "write 10.0.0.3:9001, [::1]:9001, name:9001 or unix:/path");
    }
    return success();
}

Error unsupported_scheme(std::string_view scheme) {
    return Error(Code::unsupported, quoted(std::string(scheme) + ":") +
                                        " addresses are not supported by this version of jetway")
        .then("write HOST:PORT for TCP, or unix:/path");
}

/// What precedes "://", or a ":" that no port follows: `tls:10.0.0.3:9001`, but not `tls:9001`.
bool has_scheme(std::string_view text, std::string_view scheme) {
    if (!text.starts_with(scheme) || !text.substr(scheme.size()).starts_with(':')) return false;
    const std::string_view rest = text.substr(scheme.size() + 1);
    return !std::all_of(rest.begin(), rest.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

bool NetworkAddress::is_loopback() const {
    switch (family) {
        case Family::ipv4:
            return (ipv4 >> 24U) == 127;
        case Family::ipv6: {
            in6_addr parsed{};
            return inet_pton(AF_INET6, host.c_str(), &parsed) == 1 && IN6_IS_ADDR_LOOPBACK(&parsed);
        }
        case Family::name:
        case Family::any:
            return false;
        case Family::unix_socket:
            return true;
    }
    return false;
}

bool NetworkAddress::is_wildcard() const {
    if (family == Family::ipv6) {
        in6_addr parsed{};
        return inet_pton(AF_INET6, host.c_str(), &parsed) == 1 && IN6_IS_ADDR_UNSPECIFIED(&parsed);
    }
    return family == Family::any || (family == Family::ipv4 && ipv4 == 0);
}

std::string NetworkAddress::text() const {
    if (family == Family::unix_socket) return "unix:" + host;
    const std::string shown = family == Family::ipv6 ? "[" + host + "]" : host;
    return shown + ":" + std::to_string(port);
}

Result<NetworkAddress> parse_network_address(std::string_view text) {
    if (text.find('\0') != std::string_view::npos) return bad("a zero byte in an address", {});
    if (text.starts_with("unix:")) return parse_unix(text.substr(5));
    for (const std::string_view scheme :
         {"ws", "wss", "tls", "tcp", "quic", "http", "https", "vsock"}) {
        if (has_scheme(text, scheme)) return unsupported_scheme(scheme);
    }
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) {
        return bad(quoted(text) + " has no port", "write HOST:PORT, as in 10.0.0.3:9001");
    }
    std::string_view host = text.substr(0, colon);
    const bool in_brackets = host.size() >= 2 && host.front() == '[' && host.back() == ']';
    if (in_brackets) host = host.substr(1, host.size() - 2);
    if (!in_brackets && host.find(':') != std::string_view::npos) {
        return bad(quoted(text) + " is ambiguous", "write an IPv6 address in brackets: [::1]:9001");
    }
    NetworkAddress address;
    JETWAY_ASSIGN(address.port, parse_port(text.substr(colon + 1)));
    JETWAY_TRY(parse_host(host, in_brackets, address));
    return address;
}

std::string ipv4_text(std::uint32_t address) {
    return std::to_string(address >> 24U) + "." + std::to_string((address >> 16U) & 0xffU) + "." +
           std::to_string((address >> 8U) & 0xffU) + "." + std::to_string(address & 0xffU);
}

}  // namespace jetway::deployment
