#include "router/timeline.hpp"

#include <chrono>
#include <utility>

#include "base/text.hpp"

namespace jetway::router {

namespace {

constexpr std::size_t longest_text = 512;

}  // namespace

void Timeline::add(std::int64_t wall_us, routing::Event event) {
    for (std::string* text : {&event.subject, &event.detail, &event.cause})
        *text = clean_text(*text, longest_text);
    if (entries_.size() == capacity) entries_.pop_front();
    entries_.push_back({++last_, wall_us, std::move(event)});
}

std::int64_t wall_time_us() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

}  // namespace jetway::router
