// Private to the parser.
#pragma once

namespace jetway::parser {

/// True for combining marks, joiners, variation selectors and the like. At least what libvterm
/// joins to the cell before.
bool is_zero_width(char32_t point);

}  // namespace jetway::parser
