// VtParser: a terminal's byte stream as characters, controls and sequences (ECMA-48, and what
// xterm made of it). Knows nothing of a screen. Total and bounded: any bytes are fine, and where
// they are cut makes no difference.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/buffer.hpp"

namespace jetway::parser {

/// ESC [ private? parameters intermediates final
struct Sequence {
    static constexpr std::size_t most_parameters = 32;

    char leader = 0;        // one of <=>? or 0
    char intermediate = 0;  // the last one, or 0
    char final_byte = 0;
    std::array<std::uint16_t, most_parameters> parameters{};  // 0 when left out; at most 65535
    std::array<bool, most_parameters> joined{};               // by ':' to the one before
    std::size_t count = 0;

    /// The parameter, or `fallback` when it is missing or 0.
    unsigned at(std::size_t index, unsigned fallback) const {
        return index < count && parameters[index] != 0 ? parameters[index] : fallback;
    }
};

class VtEvents {
public:
    /// Printable ASCII, at least one.
    virtual void on_ascii(std::string_view text) = 0;
    /// Any other character: never a control, always a scalar value. What is not UTF-8 is U+FFFD.
    virtual void on_character(char32_t point) = 0;
    /// A control character below 0x20, without those that make sequences.
    virtual void on_control(std::uint8_t control) = 0;
    /// ESC intermediate? final
    virtual void on_escape(char intermediate, char final_byte) = 0;
    virtual void on_sequence(const Sequence& sequence) = 0;
    /// An operating system command, ESC ] content, at most max_command bytes of it.
    virtual void on_command(std::string_view content) = 0;

protected:
    ~VtEvents() = default;
};

class VtParser {
public:
    static constexpr std::size_t max_command = 4096;

    explicit VtParser(VtEvents& events) : events_(events) {}
    void write(Bytes bytes);

private:
    enum class State : std::uint8_t {
        ground,
        escape,
        sequence,         // after ESC [
        ignore_sequence,  // one that makes no sense, to its end
        command,          // after ESC ]
        ignore_string,    // after ESC P, X, ^ or _
    };

    void step(std::uint8_t byte);
    void ground(std::uint8_t byte);
    void multibyte(std::uint8_t byte);
    void end_character();
    void escape(std::uint8_t byte);
    void sequence(std::uint8_t byte);
    void parameter(std::uint8_t byte);
    void string(std::uint8_t byte);
    void begin_escape();

    VtEvents& events_;
    State state_ = State::ground;
    std::array<char, 4> partial_{};  // the beginning of a character
    std::size_t partial_size_ = 0;
    std::size_t partial_whole_ = 0;
    char intermediate_ = 0;
    Sequence sequence_;
    std::string command_;
    bool string_escape_ = false;  // an ESC inside a string: its end, if a backslash follows
};

}  // namespace jetway::parser
