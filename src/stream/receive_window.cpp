#include "stream/receive_window.hpp"

namespace jetway::stream {
namespace {

constexpr Duration least_gap = std::chrono::microseconds(200);  // less is the turn of a loop

}  // namespace

void ReceiveWindow::granted(Time now, std::uint64_t taken, std::uint64_t limit) {
    // Who has sent all it may before the reader dealt with half of it waits for the reader.
    if (limit_ != 0 || taken >= limit || size_ >= most_window) return;
    limit_ = limit;
    began_ = now;
    starved_ = Time::max();
}

bool ReceiveWindow::arrived(const Timer& timer, std::uint64_t taken) {
    if (limit_ == 0 || taken < limit_) return false;
    const Time now = timer.now();
    if (taken == limit_) {
        starved_ = now;
        return false;
    }
    limit_ = 0;
    if (starved_ == Time::max()) return false;
    const Duration gap = now - starved_;
    return gap >= least_gap && gap * 8 >= now - began_;
}

}  // namespace jetway::stream
