#include "base/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>

namespace jetway {

void log_to_standard_error(spdlog::level::level_enum level, const std::string& prefix) {
    auto logger = std::make_shared<spdlog::logger>(
        "jetway", std::make_shared<spdlog::sinks::stderr_sink_st>());
    logger->set_pattern(prefix + "%H:%M:%S.%e %l %v");
    logger->set_level(level);
    spdlog::set_default_logger(std::move(logger));
}

}  // namespace jetway
