// How much one neighbour may say: a token bucket. The sending side paces itself with a smaller one,
// so that an honest neighbour never meets the limit.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/timer.hpp"

namespace jetway::routing {

class Quota {
public:
    /// `rate` a second, at most `burst` at once.
    Quota(std::uint64_t rate, std::uint64_t burst, Time now)
        : rate_(static_cast<double>(rate)),
          burst_(static_cast<double>(burst)),
          tokens_(burst_),
          filled_(now) {}

    bool has(Time now, std::uint64_t amount) {
        refill(now);
        return tokens_ >= static_cast<double>(amount);
    }
    /// False, and nothing taken, when there are not enough.
    bool take(Time now, std::uint64_t amount) {
        if (!has(now, amount)) return false;
        tokens_ -= static_cast<double>(amount);
        return true;
    }
    /// When `amount` (at most the burst) will be there.
    Time ready(Time now, std::uint64_t amount) {
        refill(now);
        const double missing = static_cast<double>(amount) - tokens_;
        if (missing <= 0) return now;
        return now +
               std::chrono::microseconds(static_cast<std::int64_t>(missing / rate_ * 1e6) + 1);
    }

private:
    void refill(Time now) {
        if (now <= filled_) return;
        const std::chrono::duration<double> passed = now - filled_;
        tokens_ = std::min(burst_, tokens_ + passed.count() * rate_);
        filled_ = now;
    }

    double rate_;
    double burst_;
    double tokens_;
    Time filled_;
};

}  // namespace jetway::routing
