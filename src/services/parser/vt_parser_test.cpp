#include "services/parser/vt_parser.hpp"

#include <gtest/gtest.h>

namespace jetway::parser {
namespace {

/// Writes down what it hears: text as it is, "^x" controls, "<...>" sequences.
struct Heard final : VtEvents {
    void on_ascii(std::string_view text) override { log += text; }
    void on_character(char32_t point) override {
        log += "{" + std::to_string(std::uint32_t{point}) + "}";
    }
    void on_control(std::uint8_t control) override { log += "^" + std::to_string(control); }
    void on_escape(char intermediate, char final_byte) override {
        log += "<ESC ";
        if (intermediate != 0) log += intermediate;
        log += std::string(1, final_byte) + ">";
    }
    void on_sequence(const Sequence& sequence) override {
        log += "<";
        if (sequence.leader != 0) log += sequence.leader;
        for (std::size_t i = 0; i < sequence.count; ++i) {
            if (i > 0) log += sequence.joined[i] ? ":" : ";";
            log += std::to_string(sequence.parameters[i]);
        }
        if (sequence.intermediate != 0) log += sequence.intermediate;
        log += std::string(1, sequence.final_byte) + ">";
    }
    void on_command(std::string_view content) override {
        log += "<OSC " + std::string(content) + ">";
    }

    std::string log;
};

void write(VtParser& parser, std::string_view text) {
    parser.write({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

std::string heard(std::string_view text) {
    Heard whole;
    VtParser parser(whole);
    write(parser, text);
    Heard cut;
    VtParser cut_parser(cut);
    for (const char byte : text) write(cut_parser, {&byte, 1});
    EXPECT_EQ(whole.log, cut.log);
    return whole.log;
}

TEST(VtParser, TellsTextControlsAndSequencesApart) {
    EXPECT_EQ(heard("ab\r\nc"), "ab^13^10c");
    EXPECT_EQ(heard("a\033[1;31mb\033[mc"), "a<1;31m>b<m>c");
    EXPECT_EQ(heard("\033[?1049h\033[>c\033[4:3m\033[;5H\033[2 q\033[!p"),
              "<?1049h><>c><4:3m><0;5H><2 q><!p>");
    EXPECT_EQ(heard("\0337\033(0\033#8\033M"), "<ESC 7><ESC (0><ESC #8><ESC M>");
}

TEST(VtParser, ControlsActInsideASequence) {
    EXPECT_EQ(heard("\033[1\r2mx"), "^13<12m>x");
    EXPECT_EQ(heard("\033[1\0302mx"), "2mx");
    EXPECT_EQ(heard("\033[1\033[2mx"), "<2m>x");
}

TEST(VtParser, SequencesThatMakeNoSenseAreDroppedToTheirEnd) {
    EXPECT_EQ(heard("\033[1?2mx"), "x");
    EXPECT_EQ(heard("\033[1 2mx"), "x");
    EXPECT_EQ(heard("\033[" + std::string(100, ';') + "mx"), "x");
    EXPECT_EQ(heard("\033[99999999999999999999mx"), "<65535m>x");
    EXPECT_EQ(heard("\033[1\u00e9m"), "{233}m");
}

TEST(VtParser, CommandsEndWithBellOrStringTerminator) {
    EXPECT_EQ(heard("a\033]0;title\007b"), "a<OSC 0;title>b");
    EXPECT_EQ(heard("a\033]0;title\033\\b"), "a<OSC 0;title>b");
    EXPECT_EQ(heard("\033]0;bad\030x"), "x");
    EXPECT_EQ(heard("\033]0;bad\033[1mx"), "<1m>x");
    EXPECT_EQ(heard("\033Pq data\007 more\033\\b\033_app\033\\c\033^pm\033\\\033Xsos\033\\d"),
              "bcd");
}

TEST(VtParser, AnEndlessCommandTakesNoMemory) {
    EXPECT_EQ(heard("\033]0;" + std::string(100'000, 'x') + "\007y").size(),
              VtParser::max_command + 7);
}

TEST(VtParser, WhatIsNotUtf8IsReplaced) {
    EXPECT_EQ(heard("\u20ac\U0001f600"), "{8364}{128512}");
    EXPECT_EQ(heard("\xff\xc3"
                    "a\x80\xe2\x82x"),
              "{65533}{65533}a{65533}{65533}x");
    EXPECT_EQ(heard("\xed\xa0\x80"), "{65533}");  // a surrogate
    EXPECT_EQ(heard("\xc2\x9b"
                    "1m"),
              "1m");  // C1 controls have no use here
}

}  // namespace
}  // namespace jetway::parser
