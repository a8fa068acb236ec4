// Log lines, through spdlog's default logger. src/routing does not log: it reports events and its
// owner logs them.
#pragma once

#include <cstdint>
#include <spdlog/spdlog.h>

#include "base/timer.hpp"

namespace jetway {

namespace log = spdlog;

/// From here on lines go to standard error, as "09:41:12.345 warning text" after `prefix`. For the
/// main of a program with one thread.
void log_to_standard_error(spdlog::level::level_enum level, const std::string& prefix = {});

/// Lets `burst` lines through a `window`, counts the rest. One per place that could log per
/// message.
class LogLimit {
public:
    LogLimit(std::uint32_t burst, Duration window) : burst_(burst), window_(window) {}
    /// True when the line may be written; then `suppressed` says how many were left out since the
    /// last one.
    bool allow(Time now, std::uint64_t& suppressed) {
        if (now - start_ >= window_) {
            start_ = now;
            used_ = 0;
        }
        if (used_ >= burst_) {
            ++left_out_;
            return false;
        }
        ++used_;
        suppressed = left_out_;
        left_out_ = 0;
        return true;
    }

private:
    std::uint32_t burst_;
    Duration window_;
    Time start_{};
    std::uint32_t used_ = 0;
    std::uint64_t left_out_ = 0;
};

}  // namespace jetway
