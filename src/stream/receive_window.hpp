// A ReceiveWindow: how far beyond what the reader has dealt with its sender may go. It doubles when
// a round shows that the sender had to wait for the grant although the reader kept up, which is
// when it is smaller than bandwidth times delay; a queue on the way never lets it grow, nor a
// sender that waits for a CPU on a short way. A round goes from a grant to the first byte that
// needed it. (After QUIC's window auto-tuning, RFC 9000 leaves the rule to implementations.)
// Private to src/stream.
#pragma once

#include <cstdint>

#include "stream/session.hpp"

namespace jetway::stream {

class ReceiveWindow {
public:
    std::uint64_t size() const { return size_; }
    /// A grant leaves while `taken` bytes have come and the sender may go to `limit`.
    void granted(Time now, std::uint64_t taken, std::uint64_t limit);
    /// `taken` bytes have come. True: the window is too small.
    bool arrived(const Timer& timer, std::uint64_t taken);
    void grow() { size_ *= 2; }
    void shrink() { size_ /= 2; }

private:
    std::uint64_t size_ = window;
    std::uint64_t limit_ = 0;  // that the sender knows; 0: no round
    Time began_{};
    Duration least_round_ = Duration::max();
    Time starved_{};  // everything up to limit_ had come
};

}  // namespace jetway::stream
