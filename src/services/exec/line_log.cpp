#include "services/exec/line_log.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace jetway::exec {

LineLog::LineLog(Timer& timer, Write write)
    : timer_(timer), write_(std::move(write)), limit_(100, std::chrono::seconds(1)) {}

void LineLog::on_read(Buffer bytes) {
    take(bytes.text());
}

void LineLog::on_read_end() {
    if (!line_.empty()) write_line();
    ended_ = true;
}

void LineLog::on_failed(const Error& /*error*/) {
    on_read_end();
}

void LineLog::take(std::string_view text) {
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        const std::string_view part = text.substr(0, end);
        line_.append(part.substr(0, most_of_line - std::min(most_of_line, line_.size())));
        if (end == std::string_view::npos) return;
        write_line();
        text.remove_prefix(end + 1);
    }
}

void LineLog::write_line() {
    std::uint64_t left_out = 0;
    if (limit_.allow(timer_.now(), left_out)) {
        if (left_out > 0) write_("(" + std::to_string(left_out) + " lines left out)");
        std::ranges::replace(line_, '\t', ' ');
        write_(clean_text(line_, most_of_line));
    }
    line_.clear();
}

}  // namespace jetway::exec
