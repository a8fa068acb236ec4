// The writing half of cast.hpp. Lines are made by hand: they are simple, and a recording is written
// while it happens.
#include <array>
#include <cstdio>

#include "base/text.hpp"
#include "services/recorder/base64.hpp"
#include "services/recorder/cast.hpp"
#include "services/recorder/utf8.hpp"

namespace jetway::recorder {
namespace {

void append_escaped(std::string& out, char letter) {
    if (letter == '"' || letter == '\\') {
        out += '\\';
        out += letter;
    } else if (static_cast<unsigned char>(letter) < 0x20) {
        std::array<char, 8> escape{};
        std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(letter));
        out += escape.data();
    } else {
        out += letter;
    }
}

void append_quoted(std::string& out, std::string_view text) {
    out += '"';
    while (!text.empty()) {
        const Utf8Character character = first_character(text);
        if (character.state != Utf8Character::State::whole) {
            out += "\xef\xbf\xbd";
        } else if (character.length == 1) {
            append_escaped(out, text[0]);
        } else {
            out += text.substr(0, character.length);
        }
        text.remove_prefix(character.length);
    }
    out += '"';
}

std::string size_text(std::uint16_t columns, std::uint16_t rows) {
    return std::to_string(columns) + "x" + std::to_string(rows);
}

}  // namespace

std::string CastWriter::header(const CastHeader& header) {
    std::string line = R"({"version": 3, "term": {"cols": )" + std::to_string(header.columns) +
                       R"(, "rows": )" + std::to_string(header.rows) +
                       R"(, "type": "xterm-256color"})";
    if (header.timestamp != 0) line += R"(, "timestamp": )" + std::to_string(header.timestamp);
    if (!header.title.empty()) {
        line += R"(, "title": )";
        append_quoted(line, header.title);
    }
    return line + "}\n";
}

std::string CastWriter::output(std::uint64_t at_us, std::string_view bytes) {
    std::string joined;
    if (!cut_.empty()) {
        joined = std::exchange(cut_, {}).append(bytes);
        bytes = joined;
    }
    const std::size_t cut = cut_at_end(bytes);
    cut_ = bytes.substr(bytes.size() - cut);
    bytes.remove_suffix(cut);
    return bytes.empty() ? std::string() : output_line(at_us, bytes);
}

std::string CastWriter::resize(std::uint64_t at_us, std::uint16_t columns, std::uint16_t rows) {
    return event(at_us, 'r', size_text(columns, rows));
}

std::string CastWriter::marker(std::uint64_t at_us, std::string_view text) {
    return event(at_us, 'm', text);
}

std::string CastWriter::exit(std::uint64_t at_us, std::int32_t status) {
    return finish(at_us) + event(at_us, 'x', std::to_string(status));
}

std::string CastWriter::finish(std::uint64_t at_us) {
    return cut_.empty() ? std::string() : output_line(at_us, std::exchange(cut_, {}));
}

std::string CastWriter::output_line(std::uint64_t at_us, std::string_view bytes) {
    std::string line;
    if (!is_utf8(bytes)) line = "# jetway-raw " + to_base64(bytes) + "\n";
    return line + event(at_us, 'o', bytes);
}

std::string CastWriter::event(std::uint64_t at_us, char code, std::string_view data) {
    const std::uint64_t passed = at_us > last_us_ ? at_us - last_us_ : 0;
    last_us_ += passed;
    std::array<char, 48> start{};
    std::snprintf(start.data(), start.size(), "[%llu.%06llu, \"%c\", ",
                  static_cast<unsigned long long>(passed / 1'000'000),
                  static_cast<unsigned long long>(passed % 1'000'000), code);
    std::string line(start.data());
    line.reserve(line.size() + data.size() + data.size() / 4 + 8);
    append_quoted(line, data);
    return line + "]\n";
}

}  // namespace jetway::recorder
