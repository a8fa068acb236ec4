// What the benchmark programs that are run by scripts share: arguments, and giving up.
#pragma once

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace jetway::bench {

/// On standard error, after the program's name; exit status 1.
[[noreturn]] inline void die(const std::string& text) {
    std::fprintf(stderr, "%s: %s\n", program_invocation_short_name, text.c_str());
    std::exit(1);
}

inline int number(std::string_view text) {
    int value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc()) die("not a number: " + std::string(text));
    return value;
}

}  // namespace jetway::bench
