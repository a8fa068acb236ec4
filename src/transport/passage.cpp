#include "transport/passage.hpp"

namespace jetway::transport {
namespace {

// So much does not wait for the end of the turn: the other side may as well begin.
constexpr std::size_t many = 32;
constexpr std::size_t many_bytes = 32UL * 1024;

}  // namespace

bool RingWriter::write(Message& message) {
    if (!ring_.write(message)) {
        flush();
        ring_.want_room();
        if (!ring_.write(message)) return false;
    }
    if (ring_.unpublished() >= many || ring_.unpublished_bytes() >= many_bytes) {
        flush();
    } else if (!std::exchange(at_turn_end_, true)) {
        turn_ends_.add(this);
    }
    return true;
}

void RingWriter::flush() {
    if (ring_.publish()) reader_.ring();
}

}  // namespace jetway::transport
