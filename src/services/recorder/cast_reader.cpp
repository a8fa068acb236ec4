// The reading half of cast.hpp. A recording comes from anywhere: every number and text in it may be
// wrong.
#include <boost/json.hpp>
#include <charconv>
#include <cmath>

#include "services/recorder/base64.hpp"
#include "services/recorder/cast.hpp"

namespace jetway::recorder {
namespace {

namespace json = boost::json;

constexpr double most_seconds = 1e9;  // of one recording: 31 years
constexpr std::string_view raw_mark = "# jetway-raw ";

Error bad(std::string detail) {
    return {Code::bad_file, std::move(detail)};
}

Result<json::value> parse(std::string_view line) {
    json::parse_options options;
    options.max_depth = 16;
    boost::system::error_code error;
    json::value value = json::parse(line, error, {}, options);
    if (error) return bad("not JSON: " + error.message());
    return value;
}

std::optional<double> number(const json::value& value) {
    if (!value.is_number()) return std::nullopt;
    const auto result = value.to_number<double>();
    return std::isfinite(result) ? std::optional(result) : std::nullopt;
}

std::optional<std::uint16_t> cells(const json::value* value) {
    const auto count = value == nullptr ? std::nullopt : number(*value);
    if (!count || *count < 1 || *count > most_cells || *count != std::floor(*count))
        return std::nullopt;
    return static_cast<std::uint16_t>(*count);
}

std::optional<std::uint16_t> cells(std::string_view text) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < 1 ||
        value > most_cells) {
        return std::nullopt;
    }
    return static_cast<std::uint16_t>(value);
}

Result<> read_size(std::string_view text, CastEvent& event) {
    const std::size_t cross = text.find('x');
    if (cross != std::string_view::npos) {
        const auto columns = cells(text.substr(0, cross));
        const auto rows = cells(text.substr(cross + 1));
        if (columns && rows) {
            event.columns = *columns;
            event.rows = *rows;
            return success();
        }
    }
    return bad("a size must look like 80x24, each from 1 to " + std::to_string(most_cells));
}

Result<> read_status(std::string_view text, CastEvent& event) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), event.status);
    if (error != std::errc() || end != text.data() + text.size())
        return bad("an exit status must be a number");
    return success();
}

std::optional<CastCode> code_of(std::string_view text) {
    if (text == "o") return CastCode::output;
    if (text == "i") return CastCode::input;
    if (text == "r") return CastCode::resize;
    if (text == "m") return CastCode::marker;
    if (text == "x") return CastCode::exit;
    return std::nullopt;
}

Result<> read_term(const json::object& object, bool third, CastHeader& header) {
    const json::value* term = third ? object.if_contains("term") : nullptr;
    if (third && (term == nullptr || !term->is_object())) return bad("the header has no term");
    const json::object& size = third ? term->get_object() : object;
    const auto columns = cells(size.if_contains(third ? "cols" : "width"));
    const auto rows = cells(size.if_contains(third ? "rows" : "height"));
    if (!columns || !rows)
        return bad("the header's size must be from 1 to " + std::to_string(most_cells));
    header.columns = *columns;
    header.rows = *rows;
    return success();
}

}  // namespace

Result<std::optional<CastEvent>> CastReader::line(std::string_view line) {
    if (line.size() > most_line)
        return bad("a line is longer than " + std::to_string(most_line) + " bytes");
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.find_first_not_of(" \t") == std::string_view::npos) return std::optional<CastEvent>();
    if (line.starts_with('#')) {
        raw_ = take_comment(line);
        return std::optional<CastEvent>();
    }
    if (header_) return read_event(line);
    JETWAY_TRY(read_header(line));
    return std::optional<CastEvent>();
}

std::optional<std::string> CastReader::take_comment(std::string_view line) {
    if (!line.starts_with(raw_mark)) return std::move(raw_);
    return from_base64(line.substr(raw_mark.size()));
}

Result<> CastReader::read_header(std::string_view line) {
    JETWAY_ASSIGN(const json::value value, parse(line));
    const json::object* object = value.if_object();
    const json::value* version = object == nullptr ? nullptr : object->if_contains("version");
    const auto given = version == nullptr ? std::nullopt : number(*version);
    if (!given) return bad("not a recording: the first line is not an asciicast header");
    if (*given != 2 && *given != 3)
        return Error{Code::unsupported, "asciicast versions 2 and 3 are known"};
    version_ = static_cast<int>(*given);
    CastHeader header;
    JETWAY_TRY(read_term(*object, version_ == 3, header));
    if (const json::value* title = object->if_contains("title");
        title != nullptr && title->is_string()) {
        header.title = title->get_string();
    }
    if (const json::value* time = object->if_contains("timestamp");
        time != nullptr && time->is_int64()) {
        header.timestamp = time->get_int64();
    }
    header_ = std::move(header);
    return success();
}

Result<std::uint64_t> CastReader::advance(double seconds) {
    if (seconds < 0 || seconds > most_seconds) return bad("a time is out of range");
    const auto given_us = static_cast<std::uint64_t>(std::llround(seconds * 1e6));
    const std::uint64_t at_us = version_ == 3 ? now_us_ + given_us : std::max(now_us_, given_us);
    if (at_us > static_cast<std::uint64_t>(most_seconds * 1e6))
        return bad("a time is out of range");
    return now_us_ = at_us;
}

Result<std::optional<CastEvent>> CastReader::read_event(std::string_view line) {
    const std::optional<std::string> raw = std::exchange(raw_, std::nullopt);
    JETWAY_ASSIGN(const json::value value, parse(line));
    const json::array* array = value.if_array();
    if (array == nullptr || array->size() < 3) return bad("an event must be [time, code, data]");
    const auto seconds = number((*array)[0]);
    const json::string* code_text = (*array)[1].if_string();
    const json::string* data = (*array)[2].if_string();
    if (!seconds || code_text == nullptr) return bad("an event must be [time, code, data]");
    CastEvent event;
    JETWAY_ASSIGN(event.at_us, advance(*seconds));
    const auto code = code_of(*code_text);
    if (!code) return std::optional<CastEvent>();
    if (data == nullptr) return bad("an event's data must be text");
    event.code = *code;
    if (*code == CastCode::resize) {
        JETWAY_TRY(read_size(*data, event));
    } else if (*code == CastCode::exit) {
        JETWAY_TRY(read_status(*data, event));
    } else {
        event.data = *code == CastCode::output && raw ? *raw : std::string(*data);
    }
    return std::optional(std::move(event));
}

}  // namespace jetway::recorder
