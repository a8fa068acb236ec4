// Errors as values. Every call that can fail at run time (peer gone, bad frame, unknown name, bad
// file) returns Result<T>; our own mistakes are asserts. Used by every part.
#pragma once

#include <boost/system/result.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace jetway {

/// The one list of codes: command line, JSON, logs and frames use the same. The numbers travel in
/// NACK and RESET and never change. docs/errors.md explains each.
enum class Code : std::uint16_t {
    ok = 0,
    no_service = 1,   // nobody offers this name
    no_instance = 2,  // the name is known, no instance can take a stream
    no_route = 3,     // the machine is known, no path leads to it
    denied = 4,
    timeout = 5,
    pressure = 6,  // out of memory budget, try again later
    draining = 7,
    wrong_mesh = 8,
    version = 9,     // the peer speaks no version we speak
    ambiguous = 10,  // several machines or daemons answer to the name
    peer_restarted = 11,
    outcome_unknown = 12,
    type = 13,  // content type mismatch
    too_far = 14,
    address_in_use = 15,
    no_daemon = 16,
    cancelled = 17,
    protocol = 18,        // the peer broke the protocol
    service_failed = 19,  // the service ended the stream with a failure of its own
    bad_file = 20,        // deployment.yml has errors
    usage = 21,           // the command line has errors
    io = 22,              // a system call failed: file, socket, device
    already_running = 23,
    unsupported = 24,  // known, but not in this version
    too_large = 25,
    closed = 26,    // the link or the process at the other end is gone
    replaced = 27,  // a duplicate link gave way to the one that is kept
};

/// "E-NO-SERVICE" and so on; "E-UNKNOWN" for a number that a later version may have sent.
std::string_view code_name(Code code);
/// The process exit status a command ends with (sysexits.h where one fits).
int exit_status(Code code);

/// What went wrong. `detail` is a sentence fragment without the code; the others fill the lines
/// `where`, `evidence` and `next` that a person sees, and may be empty.
struct Error {
    Code code = Code::ok;
    std::string detail;
    std::string where;
    std::string evidence;
    std::string next;

    Error() = default;
    Error(Code error_code, std::string error_detail)
        : code(error_code), detail(std::move(error_detail)) {}
    Error&& at(std::string text) && {
        where = std::move(text);
        return std::move(*this);
    }
    Error&& because(std::string text) && {
        evidence = std::move(text);
        return std::move(*this);
    }
    Error&& then(std::string text) && {
        next = std::move(text);
        return std::move(*this);
    }

    /// One line: "E-NO-ROUTE cannot reach machine-c".
    std::string line() const;
    /// Up to four lines: code and detail, then where, evidence, next, each only when known.
    std::string text() const;
    bool operator==(const Error&) const = default;
};

/// Called by boost::system::result when value() is asked of an error: a mistake of ours, so it
/// throws logic_error.
[[noreturn]] void throw_exception_from_error(const Error& error,
                                             const boost::source_location& location);

template <typename T = void>
using Result = boost::system::result<T, Error>;

/// Success for Result<>.
inline Result<> success() {
    return Result<>();
}

/// The error of a failed system call: Code::io (address_in_use for EADDRINUSE) with
/// strerror(error_number).
Error system_error(std::string_view what, int error_number);

}  // namespace jetway

/// Hands the error of a Result<> or Result<T> on to the caller.
#define JETWAY_TRY(expression)                                           \
    do {                                                                 \
        if (auto jetway_try_result = (expression); !jetway_try_result) { \
            return std::move(jetway_try_result).error();                 \
        }                                                                \
    } while (false)

/// JETWAY_ASSIGN(auto x, f()): x is the value of f(), or the caller returns f's error.
#define JETWAY_ASSIGN_NAME2(a, b) a##b
#define JETWAY_ASSIGN_NAME(a, b) JETWAY_ASSIGN_NAME2(a, b)
#define JETWAY_ASSIGN(variable, expression)                                     \
    auto JETWAY_ASSIGN_NAME(jetway_result_, __LINE__) = (expression);           \
    if (!JETWAY_ASSIGN_NAME(jetway_result_, __LINE__)) {                        \
        return std::move(JETWAY_ASSIGN_NAME(jetway_result_, __LINE__)).error(); \
    }                                                                           \
    variable = /* NOLINT(bugprone-macro-parentheses) */                         \
        std::move(*JETWAY_ASSIGN_NAME(jetway_result_, __LINE__))
