#include "stream/receive_window.hpp"

#include <algorithm>

namespace jetway::stream {
namespace {

/// Within less than this 256 KiB are 256 MB/s; who waits longer now and then waits for a CPU.
constexpr Duration long_round = std::chrono::milliseconds(1);

}  // namespace

void ReceiveWindow::granted(Time now, std::uint64_t taken, std::uint64_t limit) {
    // Who has sent all it may before the reader dealt with half of it waits for the reader.
    if (limit_ != 0 || taken >= limit || size_ >= wire::most_window) return;
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
    least_round_ = std::min<Duration>(least_round_, now - began_);
    return starved_ != Time::max() && least_round_ >= long_round &&
           (now - starved_) * 8 >= now - began_;
}

}  // namespace jetway::stream
