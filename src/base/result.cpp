#include "base/result.hpp"

#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace jetway {
namespace {

struct CodeEntry {
    std::string_view name;
    int exit_status;
};

// Indexed by Code. The statuses are those of sysexits.h: 64 usage, 65 data, 69 unavailable, 70
// software, 71 os, 74 input/output, 75 try again, 76 protocol, 77 permission, 78 configuration.
constexpr std::array<CodeEntry, 28> codes{{
    {"OK", 0},
    {"E-NO-SERVICE", 69},
    {"E-NO-INSTANCE", 69},
    {"E-NO-ROUTE", 69},
    {"E-DENIED", 77},
    {"E-TIMEOUT", 75},
    {"E-PRESSURE", 75},
    {"E-DRAINING", 75},
    {"E-WRONG-MESH", 78},
    {"E-VERSION", 76},
    {"E-AMBIGUOUS", 78},
    {"E-PEER-RESTARTED", 74},
    {"E-OUTCOME-UNKNOWN", 74},
    {"E-TYPE", 65},
    {"E-TOO-FAR", 69},
    {"E-ADDRESS-IN-USE", 71},
    {"E-NO-DAEMON", 69},
    {"E-CANCELLED", 130},
    {"E-PROTOCOL", 76},
    {"E-SERVICE-FAILED", 70},
    {"E-BAD-FILE", 65},
    {"E-USAGE", 64},
    {"E-IO", 74},
    {"E-ALREADY-RUNNING", 75},
    {"E-UNSUPPORTED", 65},
    {"E-TOO-LARGE", 65},
    {"E-CLOSED", 74},
    {"E-REPLACED", 74},
}};

}  // namespace

std::string_view code_name(Code code) {
    const auto index = static_cast<std::size_t>(code);
    return index < codes.size() ? codes[index].name : "E-UNKNOWN";
}

int exit_status(Code code) {
    const auto index = static_cast<std::size_t>(code);
    return index < codes.size() ? codes[index].exit_status : 70;
}

std::string Error::line() const {
    std::string result(code_name(code));
    if (!detail.empty()) result.append(" ").append(detail);
    return result;
}

std::string Error::text() const {
    std::string result(code_name(code));
    result.append("  ").append(detail);
    const auto add = [&result](std::string_view label, const std::string& value) {
        if (!value.empty()) result.append("\n  ").append(label).append(value);
    };
    add("where     ", where);
    add("evidence  ", evidence);
    add("next      ", next);
    return result;
}

void throw_exception_from_error(const Error& error, const boost::source_location& location) {
    throw std::logic_error("value() of an error at " + location.to_string() + ": " + error.line());
}

Error system_error(std::string_view what, int error_number) {
    const Code code = error_number == EADDRINUSE ? Code::address_in_use : Code::io;
    return {code, std::string(what) + ": " + std::generic_category().message(error_number)};
}

}  // namespace jetway
