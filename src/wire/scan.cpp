#include "wire/scan.hpp"

#include <array>
#include <cassert>
#include <optional>
#include <string>

#include "base/text.hpp"

namespace jetway::wire {
namespace {

constexpr std::size_t most_fields = 16;
constexpr std::size_t most_depth = 24;

/// A varint of at most `most` bytes (a longer one is an error for protobuf too).
std::optional<std::uint64_t> take_varint(Bytes& bytes, std::size_t most) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < most && i < bytes.size(); ++i) {
        value |= std::uint64_t{bytes[i] & 0x7FU} << (7 * i);
        if ((bytes[i] & 0x80U) == 0) {
            bytes = bytes.subspan(i + 1);
            return value;
        }
    }
    return std::nullopt;
}

Error error(Code code, const Layout& layout, std::string_view what) {
    return {code, std::string(layout.name) + std::string(what)};
}

Error error(Code code, const Layout& layout, const Field& field, const std::string& what) {
    return error(code, layout, ": field " + std::to_string(field.number) + what);
}

Result<> scan_message(Bytes bytes, const Layout& layout, std::size_t depth);

Result<> scan_field(Bytes content, const Layout& layout, const Field& field, std::size_t depth) {
    if (field.kind == Field::Kind::body) return scan_message(content, *field.layout, depth + 1);
    if (content.size() > field.most_bytes) {
        return error(Code::too_large, layout, field,
                     " has " + std::to_string(content.size()) + " bytes, at most " +
                         std::to_string(field.most_bytes));
    }
    const std::string_view text(reinterpret_cast<const char*>(content.data()), content.size());
    if (field.kind == Field::Kind::text && !is_utf8(text))
        return error(Code::protocol, layout, field, " is not UTF-8");
    return success();
}

Result<> scan_message(Bytes bytes, const Layout& layout, std::size_t depth) {
    assert(layout.fields.size() <= most_fields);
    if (depth > most_depth) return error(Code::too_large, layout, " nests too deep");
    if (bytes.size() < layout.least_bytes) return error(Code::protocol, layout, " is too short");
    std::array<std::uint32_t, most_fields> times{};
    while (!bytes.empty()) {
        Token token;
        if (!take_token(bytes, token)) return error(Code::protocol, layout, " is malformed");
        for (std::size_t i = 0; i < layout.fields.size(); ++i) {
            const Field& field = layout.fields[i];
            if (field.number != token.number) continue;
            if (!token.delimited) return error(Code::protocol, layout, field, " has no length");
            if (++times[i] > field.most_times) {
                return error(Code::too_large, layout, field,
                             " occurs more than " + std::to_string(field.most_times) + " times");
            }
            JETWAY_TRY(scan_field(token.content, layout, field, depth));
        }
    }
    return success();
}

}  // namespace

bool take_token(Bytes& bytes, Token& token) {
    enum : std::uint8_t { varint = 0, fixed64 = 1, delimited = 2, fixed32 = 5 };
    const Bytes start = bytes;
    const auto tag = take_varint(bytes, 5);
    if (!tag || *tag > UINT32_MAX || *tag < 8) return false;
    token.number = static_cast<std::uint32_t>(*tag >> 3U);
    const auto kind = *tag & 7U;
    token.delimited = kind == delimited;
    std::size_t length = kind == fixed64 ? 8 : kind == fixed32 ? 4 : 0;
    if (kind == varint) {
        if (!take_varint(bytes, 10)) return false;
    } else if (kind == delimited) {
        const auto size = take_varint(bytes, 5);
        if (!size || *size > bytes.size()) return false;
        length = static_cast<std::size_t>(*size);
    } else if (length == 0) {
        return false;
    }
    if (length > bytes.size()) return false;
    token.content = bytes.first(length);
    bytes = bytes.subspan(length);
    token.whole = start.first(start.size() - bytes.size());
    return true;
}

Result<> scan(Bytes bytes, const Layout& layout) {
    return scan_message(bytes, layout, 0);
}

}  // namespace jetway::wire
