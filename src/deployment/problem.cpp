#include "deployment/problem.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace jetway::deployment {
namespace {

constexpr std::size_t shown_width = 120;  // bytes of a line that are shown at most

bool continues_character(char c) {
    return (static_cast<unsigned char>(c) & 0xc0U) == 0x80;
}

/// Tabs become spaces, so that the caret stands where it should.
std::string printable(std::string_view text) {
    std::string result(text);
    std::replace(result.begin(), result.end(), '\t', ' ');
    return clean_text(result, result.size());
}

std::string_view line_of(std::string_view text, int line) {
    for (int current = 1; current < line; ++current) {
        const auto end = text.find('\n');
        if (end == std::string_view::npos) return {};
        text.remove_prefix(end + 1);
    }
    text = text.substr(0, text.find('\n'));
    if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
    return text;
}

std::size_t characters(std::string_view text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return !continues_character(c); }));
}

/// The part of a long line around `column`, beginning at a whole character.
std::string_view window(std::string_view line, std::size_t column, std::size_t& start) {
    start = 0;
    if (line.size() > shown_width && column > shown_width / 2) start = column - shown_width / 2;
    while (start < line.size() && start > 0 && continues_character(line[start])) ++start;
    std::size_t end = std::min(line.size(), start + shown_width);
    while (end > start && end < line.size() && continues_character(line[end])) --end;
    return line.substr(start, end - start);
}

/// The line, and under it a caret at byte `column` (from 0) with `length` bytes underlined.
std::string picture(std::string_view line, std::size_t column, std::size_t length) {
    std::size_t start = 0;
    const std::string_view shown = window(line, std::min(column, line.size()), start);
    const std::size_t at = std::min(column < start ? 0 : column - start, shown.size());
    const std::size_t end = std::min(shown.size(), at + std::max<std::size_t>(length, 1));
    std::string result = "    " + printable(shown) + "\n    ";
    result.append(characters(printable(shown.substr(0, at))), ' ').append("^");
    const std::size_t marked = characters(printable(shown.substr(at, end - at)));
    if (marked > 1) result.append(marked - 1, '~');
    return result.append("\n");
}

}  // namespace

void Problems::error(Place place, std::string message, std::string meaning, std::size_t length) {
    ++errors_;
    add({Severity::error, place, std::move(message), std::move(meaning), length});
}

void Problems::warning(Place place, std::string message, std::string meaning) {
    ++warnings_;
    add({Severity::warning, place, std::move(message), std::move(meaning), 1});
}

void Problems::add(Problem problem) {
    if (problems_.size() < limit) problems_.push_back(std::move(problem));
}

std::vector<Problem> Problems::take() {
    std::sort(problems_.begin(), problems_.end(), [](const Problem& a, const Problem& b) {
        return a.place.line != b.place.line ? a.place.line < b.place.line
                                            : a.place.column < b.place.column;
    });
    return std::move(problems_);
}

std::string render(const Problem& problem, std::string_view file, std::string_view text) {
    const std::string_view line =
        problem.place.line > 0 ? line_of(text, problem.place.line) : std::string_view{};
    const auto column = static_cast<std::size_t>(std::max(problem.place.column, 1)) - 1;
    std::string result = printable(file);
    if (problem.place.line > 0) {
        result += ":" + std::to_string(problem.place.line) + ":" +
                  std::to_string(characters(line.substr(0, std::min(column, line.size()))) + 1);
    }
    result += problem.severity == Severity::error ? ": error: " : ": warning: ";
    result += problem.message + "\n";
    if (problem.place.line > 0) result += picture(line, column, problem.length);
    if (!problem.meaning.empty()) result += "  " + problem.meaning + "\n";
    return result;
}

std::string quoted(std::string_view text) {
    constexpr std::size_t longest = 60;
    return "\"" + clean_text(text, longest) + (text.size() > longest ? "...\"" : "\"");
}

}  // namespace jetway::deployment
