// Terminal output by chance, for tests: pieces of text and control sequences that programs write.
#pragma once

#include <array>
#include <string>

#include "base/random.hpp"

namespace jetway::parser {

inline std::string random_terminal_piece(Random& random) {
    const auto number = [&random](std::uint64_t below) {
        return std::to_string(random.below(below));
    };
    switch (random.below(20)) {
        case 0:
            return "\033[" + number(30) + ";" + number(100) + "H";
        case 1:
            return "\033[" + number(110) + "m";
        case 2:
            return "\033[38;2;" + number(256) + ";" + number(256) + ";" + number(256) + "m";
        case 3:
            return "\033[48;5;" + number(256) + "m";
        case 4:
            return "\033[" + number(3) + "J";
        case 5:
            return "\033[" + number(3) + "K";
        case 6:
            return "\033[" + number(10) + ";" + number(30) + "r";
        case 7:
            return "\033[?1049" + std::string(random.below(2) == 0 ? "h" : "l");
        case 8:
            return "\033[?" + number(30) + (random.below(2) == 0 ? "h" : "l");
        case 9:
            return "\033[" + number(5) + std::string(1, "ABCDEFGLMPSTX@"[random.below(14)]);
        case 10:
            return "\033]0;" + std::string(random.below(100), 't') +
                   (random.below(2) == 0 ? "\007" : "\033\\");
        case 11:
            return "\r\n";
        case 12:
            return std::string(1, "\b\t\r\n\007\013\016\017"[random.below(8)]);
        case 13:
            return std::string(random.below(120), 'w');
        case 14:
            return "\033" + std::string(1, "78MDEc=>H"[random.below(9)]);
        case 15:
            return "\033P$q" + number(100) + "\033\\";
        case 16: {
            static const std::array<std::string, 8> wide{
                "日本", "é", "e\u0301", "👩\u200d🚀", "─│┌┐", "❤\ufe0f", "한", "\u1112\u1161"};
            return wide[random.below(wide.size())];
        }
        case 17:
            return std::string(1, static_cast<char>(random.next()));
        case 18:
            return "\033(" + std::string(1, "0B"[random.below(2)]);
        default:
            return "text " + number(1000) + " ";
    }
}

inline std::string random_terminal_text(Random& random, std::size_t pieces) {
    std::string text;
    while (pieces-- > 0) text += random_terminal_piece(random);
    return text;
}

}  // namespace jetway::parser
