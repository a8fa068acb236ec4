#include "services/parser/intake.hpp"

#include <algorithm>
#include <charconv>

#include "base/text.hpp"
#include "screen/bytes.hpp"
#include "services/parser/zero_width.hpp"

namespace jetway::parser {
namespace {

constexpr std::uint8_t bell = 0x07;
constexpr std::uint8_t cancel = 0x18;
constexpr std::uint8_t substitute = 0x1a;
constexpr std::uint8_t escape_byte = 0x1b;
constexpr std::uint8_t single_shift_2 = 'N';
constexpr std::uint8_t single_shift_3 = 'O';
constexpr std::string_view replacement = "\xef\xbf\xbd";  // U+FFFD

/// The lines that "ESC [ digits L" and its like are about.
unsigned scroll_count(std::string_view digits) {
    unsigned count = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), count);
    if (digits.size() > 4) count = screen::max_rows;
    return std::clamp<unsigned>(count, 1, screen::max_rows);
}

/// By the first byte; 0 for one that begins nothing.
std::size_t character_size(std::uint8_t first) {
    if (first >= 0xc2 && first <= 0xdf) return 2;
    if (first >= 0xe0 && first <= 0xef) return 3;
    if (first >= 0xf0 && first <= 0xf4) return 4;
    return 0;
}

}  // namespace

void Intake::write(Bytes bytes) {
    for (const std::uint8_t byte : bytes) {
        switch (state_) {
            case State::ground:
                ground(byte);
                break;
            case State::escape:
                escape(byte);
                break;
            case State::sequence:
                sequence(byte);
                break;
            case State::string:
                string(byte);
                break;
            case State::string_escape:
                string_escape(byte);
                break;
        }
    }
    hand_on(0, base_);
    text_.erase(0, base_);
    base_ = 0;
}

void Intake::flush() {
    hand_on(0, text_.size());
    text_.clear();
    base_ = 0;
}

void Intake::hand_on(std::size_t from, std::size_t to) {
    if (from < to) events_.on_text(std::string_view(text_).substr(from, to - from));
}

/// What follows is a character of its own: nothing can join what came before.
void Intake::start_base(bool ascii) {
    if (marks_ > 0) {
        hand_on(0, base_);
        hand_on(base_, text_.size());
        text_.clear();
    } else if (ascii && !ascii_) {
        hand_on(0, text_.size());
        text_.clear();
    }
    marks_ = 0;
    ascii_ = ascii;
    base_ = text_.size();
}

void Intake::ground(std::uint8_t byte) {
    if (byte >= 0x80) return multibyte(byte);
    if (!partial_.empty()) character();
    if (byte == escape_byte) {
        state_ = State::escape;
        return;
    }
    start_base(true);
    text_.push_back(static_cast<char>(byte));
}

void Intake::multibyte(std::uint8_t byte) {
    const bool continues = (byte & 0xc0U) == 0x80;
    if (!partial_.empty() && !continues) character();
    if (partial_.empty()) partial_size_ = continues ? 1 : character_size(byte);
    partial_.push_back(static_cast<char>(byte));
    if (partial_.size() >= partial_size_) character();
}

/// partial_ is a whole character, or all there will be of one.
void Intake::character() {
    std::string_view text = partial_;
    const auto point = take_character(text);
    if (point && is_zero_width(*point)) {
        if (marks_++ < max_marks) text_.append(partial_);
        if (marks_ > max_marks) marks_ = max_marks;
    } else {
        start_base(false);
        text_.append(point ? std::string_view(partial_) : replacement);
    }
    partial_.clear();
}

void Intake::escape(std::uint8_t byte) {
    if (byte == escape_byte) return;
    if (byte == ']' || byte == 'P' || byte == 'X' || byte == '^' || byte == '_') {
        introducer_ = static_cast<char>(byte);
        state_ = State::string;
        return;
    }
    start_base(true);
    // A control character inside an escape sequence acts at once and the sequence goes on.
    if (byte < 0x20 && byte != cancel && byte != substitute) {
        text_.push_back(static_cast<char>(byte));
        return;
    }
    state_ = byte == '[' ? State::sequence : State::ground;
    if (byte == '[') return;
    if (byte == single_shift_2 || byte == single_shift_3) return;
    text_.push_back(static_cast<char>(escape_byte));
    text_.push_back(static_cast<char>(byte));
}

/// ESC [ was seen.
void Intake::sequence(std::uint8_t byte) {
    if (byte == escape_byte) {
        sequence_.clear();
        state_ = State::escape;
    } else if (byte == cancel || byte == substitute || byte >= 0x80) {
        sequence_.clear();
        state_ = State::ground;
        if (byte >= 0x80) ground(byte);
    } else if (byte < 0x20) {
        start_base(true);
        text_.push_back(static_cast<char>(byte));
    } else if (byte >= 0x40 && byte < 0x7f) {
        end_sequence(static_cast<char>(byte));
    } else if (byte != 0x7f && sequence_.size() <= max_sequence) {
        sequence_.push_back(static_cast<char>(byte));
    }
}

void Intake::end_sequence(char final_byte) {
    state_ = State::ground;
    const std::string content = std::exchange(sequence_, {});
    if (content.size() > max_sequence) return;
    start_base(true);
    const bool plain = content.find_first_not_of("0123456789") == std::string::npos;
    if (plain && std::string_view("LMST").find(final_byte) != std::string_view::npos) {
        for (unsigned left = scroll_count(content); left > 0; --left)
            text_.append("\033[").push_back(final_byte);
    } else {
        text_.append("\033[").append(content).push_back(final_byte);
    }
}

void Intake::string(std::uint8_t byte) {
    if (byte == bell && introducer_ == ']') return end_string(true);
    if (byte == cancel || byte == substitute) return end_string(false);
    if (byte == escape_byte) {
        state_ = State::string_escape;
    } else if (string_.size() < max_control_string) {
        string_.push_back(static_cast<char>(byte));
    }
}

void Intake::string_escape(std::uint8_t byte) {
    end_string(byte == '\\');
    if (byte == '\\') return;
    state_ = State::escape;
    escape(byte);
}

void Intake::end_string(bool whole) {
    state_ = State::ground;
    if (whole) events_.on_control_string(introducer_, string_);
    string_.clear();
}

}  // namespace jetway::parser
