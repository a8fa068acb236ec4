// Text from elsewhere: is it UTF-8, and may a person's terminal see it. And lists of texts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jetway {

/// The first character of `text`, which is shortened by it. Nothing (and `text` untouched) when it
/// is not UTF-8: cut short, overlong, a surrogate or beyond U+10FFFF (RFC 3629).
std::optional<char32_t> take_character(std::string_view& text);
bool is_utf8(std::string_view text);

/// White space (also the Unicode kinds), control characters, and what no one sees: zero-width and
/// direction marks.
bool is_space(char32_t character);
bool is_invisible(char32_t character);

/// Nothing in it would be changed by clean_text().
bool is_clean(std::string_view text, std::size_t most);
/// `text` made fit for one line on a terminal and for a peer: bytes that are not UTF-8 and control
/// or invisible characters become '?', and at most `most` bytes are kept, cut between characters.
std::string clean_text(std::string_view text, std::size_t most);

/// "a, b, c".
std::string joined(const std::vector<std::string>& texts, std::string_view between = ", ");

}  // namespace jetway
