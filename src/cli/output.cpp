#include "cli/output.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <unistd.h>

#include "base/text.hpp"

namespace jetway::cli {
namespace {

constexpr std::size_t widest_cell = 120;  // bytes

std::size_t width(std::string_view text) {
    std::size_t characters = 0;
    while (!text.empty()) {
        if (!take_character(text)) text.remove_prefix(1);
        ++characters;
    }
    return characters;
}

std::string json_text(const Error& error) {
    boost::json::object body{{"code", static_cast<int>(error.code)},
                             {"name", code_name(error.code)},
                             {"detail", error.detail},
                             {"where", error.where},
                             {"evidence", error.evidence},
                             {"next", error.next}};
    return boost::json::serialize(boost::json::object{{"error", std::move(body)}});
}

/// The lines of the error; the code in red where a person looks.
std::string shown(const Error& error) {
    std::string result;
    const std::string text = error.text();
    for (std::string_view rest = text; !rest.empty();) {
        const auto end = std::min(rest.find('\n'), rest.size());
        result += clean_text(rest.substr(0, end), 2000) + "\n";
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (!is_colourful(STDERR_FILENO)) return result;
    const std::size_t code_end = std::min(result.find(' '), result.size());
    return "\x1b[1;31m" + result.substr(0, code_end) + "\x1b[0m" + result.substr(code_end);
}

}  // namespace

bool is_colourful(int descriptor) {
    const char* no_colour = std::getenv("NO_COLOR");
    return isatty(descriptor) == 1 && (no_colour == nullptr || *no_colour == '\0');
}

int show_error(const Error& error, Format format) {
    std::cerr << (format == Format::json ? json_text(error) + "\n" : shown(error)) << std::flush;
    return exit_status(error.code);
}

Table::Table(std::vector<std::string> headings) {
    for (std::string& heading : headings) {
        right_.push_back(heading.starts_with('>'));
        headings_.push_back(right_.back() ? heading.substr(1) : std::move(heading));
    }
}

void Table::add(std::vector<std::string> cells) {
    cells.resize(headings_.size());
    for (std::string& cell : cells) cell = clean_text(cell, widest_cell);
    rows_.push_back(std::move(cells));
}

std::string Table::text() const {
    std::vector<std::size_t> widths;
    widths.reserve(headings_.size());
    for (const std::string& heading : headings_) widths.push_back(width(heading));
    for (const auto& row : rows_) {
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
    }
    std::string result;
    const auto add_line = [&](const std::vector<std::string>& cells) {
        std::string line;
        for (std::size_t i = 0; i < cells.size(); ++i) {
            const std::string padding(widths[i] - width(cells[i]), ' ');
            if (i > 0) line += "  ";
            line += right_[i] ? padding + cells[i] : cells[i] + padding;
        }
        line.erase(line.find_last_not_of(' ') + 1);
        result += line + "\n";
    };
    add_line(headings_);
    for (const auto& row : rows_) add_line(row);
    return result;
}

std::string shown_seconds(std::int64_t seconds) {
    if (seconds < 120) return std::to_string(seconds) + " s";
    if (seconds < 7200) return std::to_string(seconds / 60) + " min";
    if (seconds < 172'800) return std::to_string(seconds / 3600) + " h";
    return std::to_string(seconds / 86400) + " d";
}

std::string shown_microseconds(std::int64_t microseconds) {
    if (microseconds < 1000) return std::to_string(microseconds) + " us";
    char text[32];
    std::snprintf(text, sizeof text, "%.1f ms", static_cast<double>(microseconds) / 1000.0);
    return text;
}

std::string shown_time(std::int64_t wall_us) {
    const std::time_t whole = wall_us / 1'000'000;
    std::tm parts{};
    localtime_r(&whole, &parts);
    char text[32];
    std::size_t length = std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
    length += static_cast<std::size_t>(std::snprintf(text + length, sizeof text - length, ".%03d",
                                                     static_cast<int>(wall_us / 1000 % 1000)));
    return {text, length};
}

std::string counted(std::size_t count, std::string_view thing) {
    return std::to_string(count) + " " + std::string(thing) + (count == 1 ? "" : "s");
}

bool print(const std::string& text) {
    return static_cast<bool>(std::cout << text << std::flush);
}

}  // namespace jetway::cli
