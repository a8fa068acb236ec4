// What is wrong with a deployment file, and where. Reading goes on after a problem, so that a
// person sees all of them at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace jetway::deployment {

/// A place in the file. Both count from 1; a column is a byte of the line. Line 0: the file as a
/// whole.
struct Place {
    int line = 0;
    int column = 0;
    bool operator==(const Place&) const = default;
};

enum class Severity : std::uint8_t { warning, error };

struct Problem {
    Severity severity = Severity::error;
    Place place;
    std::string message;     // what is wrong: "unknown key \"adress\" in a terminal"
    std::string meaning;     // what was probably meant, or what to write; may be empty
    std::size_t length = 1;  // bytes of the line that the caret underlines
};

/// Collects problems, at most `limit` of them; the rest is counted.
class Problems {
public:
    static constexpr std::size_t limit = 100;

    void error(Place place, std::string message, std::string meaning = {}, std::size_t length = 1);
    void warning(Place place, std::string message, std::string meaning = {});

    bool has_errors() const { return errors_ > 0; }
    std::size_t errors() const { return errors_; }  // those beyond the limit included
    std::size_t warnings() const { return warnings_; }
    /// In the order of the file.
    std::vector<Problem> take();

private:
    void add(Problem problem);

    std::vector<Problem> problems_;
    std::size_t errors_ = 0;
    std::size_t warnings_ = 0;
};

/// As a compiler prints it: file:line:column, what is wrong, the line with a caret under the place,
/// what was probably meant. Control characters of the file never reach the terminal.
std::string render(const Problem& problem, std::string_view file, std::string_view text);

/// `text` in quotes for a message: cut at 60 bytes, control characters as '?'.
std::string quoted(std::string_view text);

}  // namespace jetway::deployment
