// UTF-8 (Unicode 15, table 3-7) that is wrong in places or cut anywhere, a character at a time.
#pragma once

#include <cstddef>
#include <string_view>

namespace jetway::recorder {

struct Utf8Character {
    enum class State : unsigned char { whole, wrong, cut } state = State::whole;
    /// Bytes to go on by: of a wrong sequence its longest right beginning (at least 1).
    std::size_t length = 1;
};

/// What `bytes`, which are not empty, begin with. `cut`: the beginning of a character, and the
/// bytes end there.
Utf8Character first_character(std::string_view bytes);
/// Bytes at the end of `bytes` that begin a character and do not finish it: 0 to 3.
std::size_t cut_at_end(std::string_view bytes);

}  // namespace jetway::recorder
