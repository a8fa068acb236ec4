// How many cells a character takes.
#pragma once

namespace jetway::parser {

/// 0 for what joins the character before it (marks, joiners, variation selectors), 2 for East Asian
/// wide characters and emoji, else 1.
int character_width(char32_t point);

}  // namespace jetway::parser
