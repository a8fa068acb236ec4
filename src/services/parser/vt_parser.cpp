// After the state diagram of Paul Williams, https://vt100.net/emu/dec_ansi_parser.
#include "services/parser/vt_parser.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace jetway::parser {
namespace {

constexpr std::uint8_t bell = 0x07;
constexpr std::uint8_t cancel = 0x18;
constexpr std::uint8_t substitute = 0x1a;
constexpr std::uint8_t escape_byte = 0x1b;
constexpr std::uint8_t erase = 0x7f;
constexpr char32_t replacement = 0xfffd;

bool is_printable(std::uint8_t byte) {
    return byte >= 0x20 && byte < 0x7f;
}

/// Of a character by its first byte; 1 for one that begins nothing.
std::size_t whole_size(std::uint8_t first) {
    if (first >= 0xc2 && first <= 0xdf) return 2;
    if (first >= 0xe0 && first <= 0xef) return 3;
    if (first >= 0xf0 && first <= 0xf4) return 4;
    return 1;
}

}  // namespace

void VtParser::write(Bytes bytes) {
    for (std::size_t at = 0; at < bytes.size();) {
        if (state_ != State::ground || partial_size_ > 0 || !is_printable(bytes[at])) {
            step(bytes[at++]);
            continue;
        }
        const std::size_t start = at;
        while (at < bytes.size() && is_printable(bytes[at])) ++at;
        events_.on_ascii({reinterpret_cast<const char*>(bytes.data()) + start, at - start});
    }
}

void VtParser::step(std::uint8_t byte) {
    switch (state_) {
        case State::ground:
            return ground(byte);
        case State::escape:
            return escape(byte);
        case State::sequence:
        case State::ignore_sequence:
            return sequence(byte);
        case State::command:
        case State::ignore_string:
            return string(byte);
    }
}

void VtParser::begin_escape() {
    intermediate_ = 0;
    state_ = State::escape;
}

// ---- characters

void VtParser::ground(std::uint8_t byte) {
    if (byte >= 0x80) return multibyte(byte);
    if (partial_size_ > 0) end_character();
    if (byte == escape_byte) return begin_escape();
    if (byte == erase) return;
    if (byte < 0x20) return events_.on_control(byte);
    const char letter = static_cast<char>(byte);
    events_.on_ascii({&letter, 1});
}

void VtParser::multibyte(std::uint8_t byte) {
    const bool continues = (byte & 0xc0U) == 0x80;
    if (partial_size_ > 0 && !continues) end_character();
    if (partial_size_ == 0) partial_whole_ = whole_size(byte);
    partial_[partial_size_++] = static_cast<char>(byte);
    if (partial_size_ == partial_whole_) end_character();
}

/// partial_ is a whole character, or all there will be of one.
void VtParser::end_character() {
    std::string_view text(partial_.data(), partial_size_);
    const char32_t point = take_character(text).value_or(replacement);
    partial_size_ = 0;
    // The controls U+0080 to U+009F have no use in UTF-8.
    if (point >= 0xa0) events_.on_character(point);
}

// ---- sequences

void VtParser::escape(std::uint8_t byte) {
    if (byte == escape_byte) return begin_escape();
    if (byte == cancel || byte == substitute) {
        state_ = State::ground;
    } else if (byte < 0x20) {
        events_.on_control(byte);
    } else if (byte < 0x30) {
        intermediate_ = static_cast<char>(byte);
    } else if (byte >= 0x80) {
        state_ = State::ground;
        ground(byte);
    } else if (byte == '[' && intermediate_ == 0) {
        sequence_ = Sequence();
        state_ = State::sequence;
    } else if (byte == ']' && intermediate_ == 0) {
        command_.clear();
        string_escape_ = false;
        state_ = State::command;
    } else if ((byte == 'P' || byte == 'X' || byte == '^' || byte == '_') && intermediate_ == 0) {
        string_escape_ = false;
        state_ = State::ignore_string;
    } else if (byte != erase) {
        state_ = State::ground;
        events_.on_escape(intermediate_, static_cast<char>(byte));
    }
}

void VtParser::sequence(std::uint8_t byte) {
    if (byte == escape_byte) return begin_escape();
    if (byte == cancel || byte == substitute) {
        state_ = State::ground;
    } else if (byte < 0x20) {
        events_.on_control(byte);
    } else if (byte >= 0x80) {
        state_ = State::ground;
        ground(byte);
    } else if (byte >= 0x40 && byte != erase) {
        const bool sensible = state_ == State::sequence;
        state_ = State::ground;
        sequence_.final_byte = static_cast<char>(byte);
        if (sensible) events_.on_sequence(sequence_);
    } else if (state_ == State::sequence && byte != erase) {
        parameter(byte);
    }
}

void VtParser::parameter(std::uint8_t byte) {
    if (byte < 0x30) {
        sequence_.intermediate = static_cast<char>(byte);
    } else if (sequence_.intermediate != 0) {
        state_ = State::ignore_sequence;
    } else if (byte >= '<') {
        if (sequence_.count > 0 || sequence_.leader != 0) state_ = State::ignore_sequence;
        sequence_.leader = static_cast<char>(byte);
    } else {
        if (sequence_.count == 0) sequence_.count = 1;
        const bool digit = byte <= '9';
        if (!digit && sequence_.count == Sequence::most_parameters) {
            state_ = State::ignore_sequence;
        } else if (!digit) {
            sequence_.joined[sequence_.count++] = byte == ':';
        } else {
            auto& value = sequence_.parameters[sequence_.count - 1];
            value = static_cast<std::uint16_t>(std::min(65535, value * 10 + (byte - '0')));
        }
    }
}

void VtParser::string(std::uint8_t byte) {
    const bool command = state_ == State::command;
    if (std::exchange(string_escape_, false)) {
        if (byte == '\\') {
            state_ = State::ground;
            if (command) events_.on_command(command_);
            return;
        }
        begin_escape();
        return escape(byte);
    }
    if (byte == escape_byte) {
        string_escape_ = true;
    } else if (byte == cancel || byte == substitute) {
        state_ = State::ground;
    } else if (command && byte == bell) {
        state_ = State::ground;
        events_.on_command(command_);
    } else if (command && command_.size() < max_command) {
        command_.push_back(static_cast<char>(byte));
    }
}

}  // namespace jetway::parser
