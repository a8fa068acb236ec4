// Bytes of a child's output, cut into lines.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace jetway::cli {

class LineCutter {
public:
    static constexpr std::size_t longest = 16UL * 1024;  // bytes; a longer line comes in pieces

    explicit LineCutter(std::function<void(std::string_view)> line) : line_(std::move(line)) {}

    /// Calls `line` for each whole line, without its end.
    void add(std::string_view bytes);
    /// The output is over: what is left is a line too.
    void end();

private:
    std::function<void(std::string_view)> line_;
    std::string partial_;
};

}  // namespace jetway::cli
