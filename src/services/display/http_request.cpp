#include "services/display/http_request.hpp"

#include <algorithm>
#include <utility>

namespace jetway::display {
namespace {

using State = ParsedRequest::State;

char lower(char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + 32) : letter;
}

bool same_name(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

bool is_token_letter(char letter) {
    const bool alphanumeric =
        (letter >= '0' && letter <= '9') || (lower(letter) >= 'a' && lower(letter) <= 'z');
    return alphanumeric ||
           std::string_view("!#$%&'*+-.^_`|~").find(letter) != std::string_view::npos;
}

bool is_token(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, is_token_letter);
}

/// Printable ASCII, and where `blanks`, space and tab.
bool is_printable(std::string_view text, bool blanks) {
    return std::ranges::all_of(text, [blanks](char letter) {
        return (letter > 0x20 && letter < 0x7f) || (blanks && (letter == ' ' || letter == '\t'));
    });
}

std::string_view trim(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// One line without its CRLF; `text` goes on behind it. Only called while there is one.
std::string_view take_line(std::string_view& text) {
    const std::size_t end = text.find("\r\n");
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 2);
    return line;
}

/// 0, or the status that says what is wrong.
int read_request_line(std::string_view line, HttpRequest& request) {
    const std::size_t first = line.find(' ');
    const std::size_t last = line.rfind(' ');
    if (first == std::string_view::npos || first == last) return 400;
    const std::string_view method = line.substr(0, first);
    const std::string_view target = line.substr(first + 1, last - first - 1);
    const std::string_view version = line.substr(last + 1);
    if (!is_token(method) || !target.starts_with('/') || !is_printable(target, false)) return 400;
    if (!version.starts_with("HTTP/")) return 400;
    if (version != "HTTP/1.1") return 505;
    if (method != "GET") return 405;
    const std::size_t question = target.find('?');
    request.path = target.substr(0, question);
    if (question != std::string_view::npos) request.query = target.substr(question + 1);
    return 0;
}

bool read_field(std::string_view line, HttpRequest& request, bool& has_host) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return false;
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = trim(line.substr(colon + 1));
    if (!is_printable(value, true)) return false;
    if (same_name(name, "transfer-encoding")) return false;
    if (same_name(name, "content-length")) return value == "0";
    if (same_name(name, "connection") && same_name(value, "close")) request.keep_alive = false;
    if (same_name(name, "host")) {
        if (std::exchange(has_host, true)) return false;
        request.host = value;
    }
    return true;
}

ParsedRequest wrong(int status) {
    return {State::wrong, {}, 0, status};
}

}  // namespace

ParsedRequest parse_request(std::string_view bytes) {
    const std::string_view seen = bytes.substr(0, most_head);
    const std::size_t end = seen.find("\r\n\r\n");
    if (end == std::string_view::npos)
        return bytes.size() >= most_head ? wrong(431) : ParsedRequest{};
    std::string_view head = seen.substr(0, end + 2);
    ParsedRequest parsed{State::whole, {}, end + 4, 0};
    if (const int status = read_request_line(take_line(head), parsed.request); status != 0)
        return wrong(status);
    bool has_host = false;
    for (std::size_t fields = 0; !head.empty(); ++fields) {
        if (fields == most_fields) return wrong(431);
        if (!read_field(take_line(head), parsed.request, has_host)) return wrong(400);
    }
    return has_host ? parsed : wrong(400);
}

std::optional<std::string_view> query_value(std::string_view query, std::string_view name) {
    while (!query.empty()) {
        const std::string_view pair = query.substr(0, query.find('&'));
        const std::size_t equals = pair.find('=');
        if (equals != std::string_view::npos && pair.substr(0, equals) == name)
            return pair.substr(equals + 1);
        query.remove_prefix(std::min(query.size(), pair.size() + 1));
    }
    return std::nullopt;
}

}  // namespace jetway::display
