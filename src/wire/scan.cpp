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

class Scan {
public:
    explicit Scan(std::size_t size) : elements_left_(64 + size / 4) {}

    Result<> message(Bytes bytes, const Layout& layout, std::size_t depth) {
        assert(layout.fields.size() <= most_fields);
        if (depth > most_depth) return Error(Code::too_large, name(layout) + " nests too deep");
        std::array<std::uint32_t, most_fields> times{};
        while (!bytes.empty()) {
            Token token;
            if (!take_token(bytes, token))
                return Error(Code::protocol, name(layout) + " is malformed");
            for (std::size_t i = 0; i < layout.fields.size() && token.delimited; ++i) {
                if (layout.fields[i].number != token.number) continue;
                JETWAY_TRY(field(token.content, layout, layout.fields[i], ++times[i], depth));
            }
        }
        return success();
    }

private:
    static std::string name(const Layout& layout) { return std::string(layout.name); }

    Result<> field(Bytes content, const Layout& layout, const Field& field, std::uint32_t times,
                   std::size_t depth) {
        const auto where = [&] { return name(layout) + ": field " + std::to_string(field.number); };
        if (times > field.most_times) {
            return Error(Code::too_large, where() + " occurs more than " +
                                              std::to_string(field.most_times) + " times");
        }
        if (elements_left_-- == 0)
            return Error(Code::too_large, name(layout) + " has too many elements");
        if (field.kind == Field::Kind::body) return message(content, *field.layout, depth + 1);
        if (content.size() > field.most_bytes) {
            return Error(Code::too_large, where() + " has " + std::to_string(content.size()) +
                                              " bytes, at most " +
                                              std::to_string(field.most_bytes));
        }
        const std::string_view text(reinterpret_cast<const char*>(content.data()), content.size());
        if (field.kind == Field::Kind::text && !is_utf8(text)) {
            return Error(Code::protocol, where() + " is not UTF-8");
        }
        return success();
    }

    std::size_t elements_left_;
};

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
    return Scan(bytes.size()).message(bytes, layout, 0);
}

}  // namespace jetway::wire
