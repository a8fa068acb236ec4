// The asciicast format (docs.asciinema.org/manual/asciicast): a JSON header on the first line, then
// one JSON array a line: [seconds, code, data]. Version 3 counts seconds since the event before,
// version 2 since the beginning.
//
// JSON is text, a terminal's output is bytes. Output that is not UTF-8 is written with U+FFFD where
// it is wrong, and the exact bytes go on a comment line before it, which other players skip:
//     # jetway-raw G1swbYA=
//     [0.250000, "o", "\u001b[0m\ufffd"]
// so a recording loses nothing and needs no second file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace jetway::recorder {

inline constexpr std::size_t most_line = std::size_t{4} << 20U;  // bytes of one line that are read
inline constexpr std::uint16_t most_cells = 1000;                // columns or rows

struct CastHeader {
    std::uint16_t columns = 80;
    std::uint16_t rows = 24;
    std::int64_t timestamp = 0;  // Unix seconds of the beginning; 0: not known
    std::string title;
};

enum class CastCode : std::uint8_t { output, input, resize, marker, exit };

struct CastEvent {
    CastCode code = CastCode::output;
    std::uint64_t at_us = 0;  // since the beginning
    std::string data;         // the bytes, or the marker's text
    std::uint16_t columns = 0;
    std::uint16_t rows = 0;
    std::int32_t status = 0;  // of exit
    bool operator==(const CastEvent&) const = default;
};

/// Makes the lines of a version 3 recording. Text only: the caller owns the file. Times must not go
/// back; one that does counts as the time before it.
class CastWriter {
public:
    std::string header(const CastHeader& header);
    /// A character cut at the end of `bytes` waits for the rest: it is in a later line, or in
    /// finish().
    std::string output(std::uint64_t at_us, std::string_view bytes);
    std::string resize(std::uint64_t at_us, std::uint16_t columns, std::uint16_t rows);
    std::string marker(std::uint64_t at_us, std::string_view text);
    std::string exit(std::uint64_t at_us, std::int32_t status);
    /// What still waits, as the last line.
    std::string finish(std::uint64_t at_us);

private:
    std::string event(std::uint64_t at_us, char code, std::string_view data);
    std::string output_line(std::uint64_t at_us, std::string_view bytes);

    std::uint64_t last_us_ = 0;
    std::string cut_;  // the beginning of a character, at most 3 bytes
};

/// Reads versions 2 and 3, a line at a time. Total: any line gives an event, nothing, or E-BAD-FILE
/// (E-UNSUPPORTED for another version). Events of codes that it does not know are skipped, as the
/// format asks.
class CastReader {
public:
    /// The first line that is not a comment must be a header.
    Result<std::optional<CastEvent>> line(std::string_view line);
    /// Known after the first line.
    const std::optional<CastHeader>& header() const { return header_; }

private:
    std::optional<std::string> take_comment(std::string_view line);
    Result<> read_header(std::string_view line);
    Result<std::uint64_t> advance(double seconds);
    Result<std::optional<CastEvent>> read_event(std::string_view line);

    std::optional<CastHeader> header_;
    int version_ = 0;
    std::uint64_t now_us_ = 0;
    std::optional<std::string> raw_;  // from a comment, for the output event that follows
};

}  // namespace jetway::recorder
