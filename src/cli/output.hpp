// What a command shows: errors in four lines, tables, colour only where a person looks.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace jetway::cli {

enum class Format : std::uint8_t { text, json };

/// True when `descriptor` is a terminal and the environment does not say NO_COLOR.
bool is_colourful(int descriptor);

/// The error on standard error, as text of up to four lines or as {"error": {...}}. Returns its
/// exit status.
int show_error(const Error& error, Format format = Format::text);

/// Rows of cells under headings, aligned. Cells may come from a peer: they are cleaned.
class Table {
public:
    /// A heading that begins with '>' is for numbers, aligned to the right.
    explicit Table(std::vector<std::string> headings);
    void add(std::vector<std::string> cells);
    bool empty() const { return rows_.empty(); }
    std::string text() const;

private:
    std::vector<std::string> headings_;
    std::vector<bool> right_;
    std::vector<std::vector<std::string>> rows_;
};

/// "41 s", "3 min", "2 h": how long something has lasted.
std::string shown_seconds(std::int64_t seconds);
/// "0.8 ms", "120 us".
std::string shown_microseconds(std::int64_t microseconds);
/// "2026-11-27 19:26:26.123", where this command runs.
std::string shown_time(std::int64_t wall_us);
/// "1 service", "2 services".
std::string counted(std::size_t count, std::string_view thing);

/// Text on standard output, at once. False when nobody can read it.
bool print(const std::string& text);

}  // namespace jetway::cli
