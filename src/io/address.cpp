#include "io/address.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <cstring>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/un.h>

#include "io/byte_stream.hpp"

namespace jetway::io {
namespace {

constexpr std::string_view unix_scheme = "unix:";
constexpr std::size_t longest_name = 253;  // RFC 1035

Error bad(std::string_view text, std::string_view why) {
    std::string shown(text.substr(0, 100));
    std::replace_if(
        shown.begin(), shown.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
    return {Code::usage, "address '" + shown + "': " + std::string(why)};
}

template <typename T>
SocketAddress as_address(const T& specific) {
    SocketAddress address;
    std::memcpy(&address.storage, &specific, sizeof specific);
    address.size = sizeof specific;
    return address;
}

bool is_digits(std::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

template <typename T>
bool parse_number(std::string_view text, T& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return is_digits(text) && error == std::errc() && end == text.data() + text.size();
}

bool is_name(std::string_view host) {
    if (host.empty() || host.size() > longest_name) return false;
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_' || c == '.';
    };
    return std::all_of(host.begin(), host.end(), allowed) && host.front() != '.' &&
           host.front() != '-';
}

Result<AddressText> parse_unix(std::string_view text) {
    const std::string_view path = text.substr(unix_scheme.size());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty()) return bad(text, "a path is missing after 'unix:'");
    if (path.find('\0') != std::string_view::npos) return bad(text, "the path has a NUL in it");
    if (path.size() >= sizeof address.sun_path)
        return bad(text, "the path is longer than 107 bytes");
    std::memcpy(address.sun_path, path.data(), path.size());
    return AddressText{AddressText::Host::unix_path, as_address(address), std::string(path), 0};
}

SocketAddress any_address(std::uint16_t port) {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(port);
    return as_address(address);
}

bool parse_ipv4(std::string_view host, std::uint16_t port, SocketAddress& result) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    if (inet_pton(AF_INET, std::string(host).c_str(), &address.sin_addr) != 1) return false;
    result = as_address(address);
    return true;
}

bool parse_ipv6(std::string_view host, std::uint16_t port, SocketAddress& result) {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(port);
    if (const auto percent = host.find('%'); percent != std::string_view::npos) {
        const std::string scope(host.substr(percent + 1));
        if (scope.empty() || scope.size() >= IF_NAMESIZE) return false;
        if (!parse_number(scope, address.sin6_scope_id))
            address.sin6_scope_id = if_nametoindex(scope.c_str());
        if (address.sin6_scope_id == 0) return false;
        host = host.substr(0, percent);
    }
    if (inet_pton(AF_INET6, std::string(host).c_str(), &address.sin6_addr) != 1) return false;
    result = as_address(address);
    return true;
}

Result<AddressText> parse_host(std::string_view text, std::string_view host, std::uint16_t port) {
    AddressText result;
    result.port = port;
    if (host.empty()) {
        result.address = any_address(port);
        return result;
    }
    result.host = AddressText::Host::numeric;
    if (host.find('\0') != std::string_view::npos) return bad(text, "the host has a NUL in it");
    if (host.front() == '[') {
        if (host.back() != ']' ||
            !parse_ipv6(host.substr(1, host.size() - 2), port, result.address)) {
            return bad(text, "not an IPv6 address in brackets");
        }
        return result;
    }
    if (parse_ipv4(host, port, result.address)) return result;
    if (host.find(':') != std::string_view::npos)
        return bad(text, "an IPv6 address needs brackets: [::1]:9001");
    if (!is_name(host)) return bad(text, "neither an IP address nor a host name");
    // RFC 1123: what ends in a number is an address, and this one is wrong.
    if (is_digits(host.substr(host.rfind('.') + 1))) return bad(text, "not an IPv4 address");
    result.host = AddressText::Host::name;
    result.name = host;
    return result;
}

bool is_loopback_ipv6(const in6_addr& address) {
    if (IN6_IS_ADDR_V4MAPPED(&address)) return address.s6_addr[12] == 127;
    return IN6_IS_ADDR_LOOPBACK(&address);
}

}  // namespace

std::string SocketAddress::text() const {
    std::array<char, INET6_ADDRSTRLEN> host{};
    if (family() == AF_INET) {
        const auto& ipv4 = reinterpret_cast<const sockaddr_in&>(storage);
        inet_ntop(AF_INET, &ipv4.sin_addr, host.data(), host.size());
        return std::string(host.data()) + ":" + std::to_string(ntohs(ipv4.sin_port));
    }
    if (family() == AF_INET6) {
        const auto& ipv6 = reinterpret_cast<const sockaddr_in6&>(storage);
        const std::string port = std::to_string(ntohs(ipv6.sin6_port));
        if (IN6_IS_ADDR_V4MAPPED(&ipv6.sin6_addr)) {
            inet_ntop(AF_INET, &ipv6.sin6_addr.s6_addr[12], host.data(), host.size());
            return std::string(host.data()) + ":" + port;
        }
        inet_ntop(AF_INET6, &ipv6.sin6_addr, host.data(), host.size());
        return "[" + std::string(host.data()) + "]:" + port;
    }
    const auto& local = reinterpret_cast<const sockaddr_un&>(storage);
    const std::size_t length = size > sizeof(sa_family_t) ? size - sizeof(sa_family_t) : 0;
    return std::string(unix_scheme) + std::string(local.sun_path, strnlen(local.sun_path, length));
}

Result<AddressText> parse_socket_address(std::string_view text) {
    if (text.starts_with(unix_scheme)) return parse_unix(text);
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos || text.ends_with(']'))
        return bad(text, "the port is missing: HOST:PORT");
    std::uint16_t port = 0;
    if (!parse_number(text.substr(colon + 1), port))
        return bad(text, "the port is not a number up to 65535");
    return parse_host(text, text.substr(0, colon), port);
}

Result<> check_address(std::string_view text) {
    JETWAY_TRY(parse_socket_address(text));
    return success();
}

bool is_loopback(std::string_view text) {
    const auto parsed = parse_socket_address(text);
    if (!parsed) return false;
    if (parsed->host == AddressText::Host::unix_path) return true;
    if (parsed->host != AddressText::Host::numeric) return false;
    const SocketAddress& address = parsed->address;
    if (address.family() == AF_INET) {
        return ntohl(reinterpret_cast<const sockaddr_in&>(address.storage).sin_addr.s_addr) >>
                   24U ==
               127;
    }
    return is_loopback_ipv6(reinterpret_cast<const sockaddr_in6&>(address.storage).sin6_addr);
}

}  // namespace jetway::io
