#include "base/text.hpp"

#include <array>

namespace jetway {
namespace {

struct Range {
    char32_t first;
    char32_t last;
};

constexpr std::array<Range, 9> spaces{{
    {0x09, 0x0D},
    {0x20, 0x20},
    {0x85, 0x85},
    {0xA0, 0xA0},
    {0x1680, 0x1680},
    {0x2000, 0x200A},
    {0x2028, 0x2029},
    {0x202F, 0x202F},
    {0x205F, 0x205F},
}};
// Controls, soft hyphen, Arabic letter mark, Hangul fillers, zero-width and direction marks,
// variation selectors, byte order mark, interlinear annotations, non-characters, tags.
constexpr std::array<Range, 17> unseen{{
    {0x00, 0x1F},
    {0x7F, 0x9F},
    {0xAD, 0xAD},
    {0x034F, 0x034F},
    {0x061C, 0x061C},
    {0x115F, 0x1160},
    {0x17B4, 0x17B5},
    {0x180B, 0x180F},
    {0x200B, 0x200F},
    {0x2028, 0x202E},
    {0x2060, 0x206F},
    {0x3164, 0x3164},
    {0xFE00, 0xFE0F},
    {0xFEFF, 0xFEFF},
    {0xFFF0, 0xFFFB},
    {0xFFFE, 0xFFFF},
    {0xE0000, 0xE0FFF},
}};

template <std::size_t N>
bool within(const std::array<Range, N>& ranges, char32_t character) {
    for (const Range& range : ranges) {
        if (character >= range.first && character <= range.last) return true;
    }
    return false;
}

}  // namespace

std::optional<char32_t> take_character(std::string_view& text) {
    if (text.empty()) return std::nullopt;
    const auto byte = [text](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    const std::uint8_t lead = byte(0);
    if (lead < 0x80) {
        text.remove_prefix(1);
        return lead;
    }
    const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return std::nullopt;
    char32_t character = lead & (0x7FU >> length);
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xC0U) != 0x80) return std::nullopt;
        character = character << 6U | (byte(i) & 0x3FU);
    }
    constexpr std::array<char32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = character >= 0xD800 && character <= 0xDFFF;
    if (character < least[length] || character > 0x10FFFF || surrogate) return std::nullopt;
    text.remove_prefix(length);
    return character;
}

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        if (!take_character(text)) return false;
    }
    return true;
}

bool is_space(char32_t character) {
    return within(spaces, character) || character == 0x3000;
}

bool is_invisible(char32_t character) {
    return within(unseen, character);
}

bool is_clean(std::string_view text, std::size_t most) {
    if (text.size() > most) return false;
    while (!text.empty()) {
        const auto character = take_character(text);
        if (!character || is_invisible(*character)) return false;
    }
    return true;
}

std::string clean_text(std::string_view text, std::size_t most) {
    std::string result;
    while (!text.empty() && result.size() < most) {
        const std::string_view rest = text;
        const auto character = take_character(text);
        if (!character) text.remove_prefix(1);
        if (!character || is_invisible(*character)) {
            result.push_back('?');
            continue;
        }
        const std::size_t length = rest.size() - text.size();
        if (result.size() + length > most) break;
        result.append(rest.substr(0, length));
    }
    return result;
}

std::string joined(const std::vector<std::string>& texts, std::string_view between) {
    std::string result;
    for (const std::string& text : texts) {
        if (&text != &texts.front()) result += between;
        result += text;
    }
    return result;
}

}  // namespace jetway
