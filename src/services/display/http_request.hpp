// The head of an HTTP/1.1 request (RFC 9112), as strict as a server for one page can be: GET, no
// body, one Host.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace jetway::display {

inline constexpr std::size_t most_head = 8UL * 1024;  // bytes of a request, its blank line included
inline constexpr std::size_t most_fields = 64;

struct HttpRequest {
    std::string path;   // begins with '/'; as it came, nothing decoded
    std::string query;  // after '?'; empty without
    std::string host;
    bool keep_alive = true;
};

/// What the bytes of a connection begin with.
struct ParsedRequest {
    enum class State : unsigned char { whole, incomplete, wrong } state = State::incomplete;
    HttpRequest request;     // when whole
    std::size_t length = 0;  // of a whole one, in bytes
    int status = 400;        // to be answered to a wrong one: 400, 405, 431 or 505
};

/// Total: any bytes are one of the three. Beyond most_head bytes none is incomplete.
ParsedRequest parse_request(std::string_view bytes);

/// The value of `name` in "a=1&b=2"; nothing decoded.
std::optional<std::string_view> query_value(std::string_view query, std::string_view name);

}  // namespace jetway::display
