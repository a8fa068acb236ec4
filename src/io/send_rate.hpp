// How many bytes a second a TCP connection carries, and so how much the system should hold of what
// it has not sent yet: half a millisecond's worth. What waits there cannot be overtaken by what is
// more urgent. The system measures (tcp_info.delivery_rate); nothing is known until it had more to
// send than it could. For other descriptors there is no rate, and no limit but the system's.
// Private to io.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/timer.hpp"

namespace jetway::io {

class SendRate {
public:
    explicit SendRate(int descriptor);

    /// The system took less than it was offered.
    void on_full(Time now);
    std::uint64_t bytes_per_second() const { return rate_; }
    /// This much is written at once, at most.
    std::size_t unsent() const { return unsent_; }

    /// Less than it would hold of its own accord.
    bool is_limited() const { return unsent_ < most_unsent; }

    /// The system holds so much unsent that more would only wait there.
    bool is_reached() const;

private:
    void limit(std::size_t bytes);

    static constexpr std::size_t most_unsent = 128UL * 1024;

    int descriptor_;
    bool tcp_ = false;
    Time measured_{};
    std::uint64_t rate_ = 0;
    std::size_t unsent_ = most_unsent;
};

}  // namespace jetway::io
