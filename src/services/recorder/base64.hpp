// Base64 (RFC 4648, section 4, with padding), for bytes that JSON cannot carry.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace jetway::recorder {

std::string to_base64(std::string_view bytes);
/// Nothing when the text is not strict base64.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace jetway::recorder
