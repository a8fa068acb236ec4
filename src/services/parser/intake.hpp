// Makes what the terminal library sees well-formed, bounded, and independent of where the bytes
// were cut. libvterm 0.1.4
//   - keeps only 64 bytes of a control string (OSC, DCS and their like) that arrives in pieces:
//   they are collected here
//     and never reach it;
//   - forgets marks that come in a later call in the last column, and remembers any number of them
//   elsewhere: a
//     character and its marks, at most five, are one call;
//   - chooses one character set for all text of a call: text that is not ASCII ends its call before
//   ASCII follows, and
//     single shifts, which last for a call, are dropped;
//   - scrolls by more lines than there are into memory that is not its own: a scroll by n is n
//   scrolls by one;
//   - carries a broken UTF-8 sequence into what follows: it becomes U+FFFD here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/buffer.hpp"

namespace jetway::parser {

class IntakeEvents {
public:
    /// Text, control characters and escape sequences, for the terminal library.
    virtual void on_text(std::string_view bytes) = 0;
    /// A whole control string. `introducer` is what followed ESC: ']' for OSC, 'P' for DCS, 'X',
    /// '^', '_'.
    virtual void on_control_string(char introducer, std::string_view content) = 0;

protected:
    ~IntakeEvents() = default;
};

class Intake {
public:
    static constexpr std::size_t max_control_string = 4096;  // the rest of a longer one is dropped
    static constexpr std::size_t max_sequence = 256;         // a longer CSI sequence is dropped
    static constexpr unsigned max_marks = 5;                 // on one character

    explicit Intake(IntakeEvents& events) : events_(events) {}

    void write(Bytes bytes);
    /// Hands on the last character too, although marks may follow.
    void flush();

private:
    enum class State : std::uint8_t { ground, escape, sequence, string, string_escape };

    void ground(std::uint8_t byte);
    void escape(std::uint8_t byte);
    void sequence(std::uint8_t byte);
    void end_sequence(char final_byte);
    void string(std::uint8_t byte);
    void string_escape(std::uint8_t byte);
    void multibyte(std::uint8_t byte);
    void character();
    void start_base(bool ascii);
    void hand_on(std::size_t from, std::size_t to);
    void end_string(bool whole);

    IntakeEvents& events_;
    State state_ = State::ground;
    std::string text_;      // to be handed on
    std::size_t base_ = 0;  // where the last character begins in text_: marks may still follow it
    unsigned marks_ = 0;    // that followed it
    bool ascii_ = true;     // that character
    std::string partial_;   // the beginning of a multibyte character
    std::size_t partial_size_ = 0;  // its length when complete
    std::string sequence_;          // what followed ESC [
    char introducer_ = 0;
    std::string string_;
};

}  // namespace jetway::parser
