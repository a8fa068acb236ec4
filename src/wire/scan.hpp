// Counts and sizes of a control body, checked on its bytes before protobuf builds anything from
// them: a few bytes of empty submessages would otherwise become a hundred times as much memory.
// Private to src/wire.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/buffer.hpp"
#include "base/result.hpp"

namespace jetway::wire {

struct Layout;

/// A length-delimited field that a message knows. Others cost no more memory than their bytes.
struct Field {
    enum class Kind : std::uint8_t {
        text,  // UTF-8
        bytes,
        numbers,  // packed
        body,     // a message
    };
    std::uint32_t number;
    Kind kind;
    std::uint32_t most_times;
    std::uint32_t most_bytes;  // of each; a body's are bounded by its own fields
    const Layout* layout = nullptr;
};

/// At most 16 fields. A valid message has at least `least_bytes`, which bounds what many short ones
/// can cost.
struct Layout {
    std::string_view name;
    std::span<const Field> fields;
    std::size_t least_bytes = 0;
};

/// E-PROTOCOL when the bytes are not a protobuf message (groups, which proto3 does not have,
/// included), are too few, a text is not UTF-8, or a known field has no length (numbers that are
/// not packed); E-TOO-LARGE when a field is longer or more frequent than allowed, or messages nest
/// deeper than 24. What passes costs less than 40 times its bytes when protobuf builds it.
Result<> scan(Bytes bytes, const Layout& layout);

/// One field of a protobuf message.
struct Token {
    std::uint32_t number = 0;
    bool delimited = false;
    Bytes content;  // of a delimited field
    Bytes whole;    // tag, length and content
};
/// Takes the first field off `bytes`. False, with `bytes` anywhere, when there is none.
bool take_token(Bytes& bytes, Token& token);

}  // namespace jetway::wire
