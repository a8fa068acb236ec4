#include "cli/line_cutter.hpp"

#include <algorithm>

namespace jetway::cli {

void LineCutter::add(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto newline = bytes.find('\n');
        const std::size_t room = longest - partial_.size();
        const std::size_t take = std::min({newline, bytes.size(), room});
        partial_.append(bytes.substr(0, take));
        bytes.remove_prefix(take);
        const bool ended = !bytes.empty() && bytes.front() == '\n';
        if (ended) bytes.remove_prefix(1);
        if (ended || partial_.size() == longest) {
            line_(partial_);
            partial_.clear();
        }
    }
}

void LineCutter::end() {
    if (partial_.empty()) return;
    line_(partial_);
    partial_.clear();
}

}  // namespace jetway::cli
