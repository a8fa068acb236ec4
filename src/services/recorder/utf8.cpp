#include "services/recorder/utf8.hpp"

#include <algorithm>

namespace jetway::recorder {
namespace {

using State = Utf8Character::State;

struct Form {
    std::size_t length;          // of the character; 0: no character begins so
    unsigned char second_least;  // the range of the second byte
    unsigned char second_most;
};

Form form_of(unsigned char first) {
    if (first < 0x80) return {1, 0, 0};
    if (first < 0xc2) return {0, 0, 0};
    if (first < 0xe0) return {2, 0x80, 0xbf};
    if (first == 0xe0) return {3, 0xa0, 0xbf};
    if (first == 0xed) return {3, 0x80, 0x9f};
    if (first < 0xf0) return {3, 0x80, 0xbf};
    if (first == 0xf0) return {4, 0x90, 0xbf};
    if (first < 0xf4) return {4, 0x80, 0xbf};
    if (first == 0xf4) return {4, 0x80, 0x8f};
    return {0, 0, 0};
}

}  // namespace

Utf8Character first_character(std::string_view bytes) {
    const Form form = form_of(static_cast<unsigned char>(bytes[0]));
    if (form.length == 0) return {State::wrong, 1};
    for (std::size_t i = 1; i < form.length; ++i) {
        if (i == bytes.size()) return {State::cut, i};
        const auto byte = static_cast<unsigned char>(bytes[i]);
        const unsigned char least = i == 1 ? form.second_least : 0x80;
        const unsigned char most = i == 1 ? form.second_most : 0xbf;
        if (byte < least || byte > most) return {State::wrong, i};
    }
    return {State::whole, form.length};
}

std::size_t cut_at_end(std::string_view bytes) {
    for (std::size_t back = 1; back <= std::min<std::size_t>(3, bytes.size()); ++back) {
        const std::string_view end = bytes.substr(bytes.size() - back);
        const bool continues = (static_cast<unsigned char>(end[0]) & 0xc0U) == 0x80U;
        if (!continues) return first_character(end).state == State::cut ? back : 0;
    }
    return 0;
}

}  // namespace jetway::recorder
