// A Passage: what the two halves of a connection share when its socket lives in another loop than
// whoever uses it. RemoteConnection is the half in the user's loop, SocketEnd the one in the
// socket's. Frames go through two rings; each half rings the other when it has something new.
// Private to transport.
#pragma once

#include <atomic>
#include <memory>

#include "base/result.hpp"
#include "io/bell.hpp"
#include "io/loop_parts.hpp"
#include "transport/message_ring.hpp"

namespace jetway::transport {

struct Passage {
    Passage(io::EventLoop& user, io::EventLoop& socket)
        : user_bell(std::make_shared<io::Bell>(user)),
          socket_bell(std::make_shared<io::Bell>(socket)) {}

    static constexpr std::size_t capacity = 256;
    static constexpr std::size_t capacity_bytes = 256UL * 1024;

    MessageRing inwards{capacity, capacity_bytes};   // from the socket
    MessageRing outwards{capacity, capacity_bytes};  // to it
    std::atomic<std::uint64_t> rate = 0;             // bytes per second
    std::atomic<std::uint64_t> shared_bytes = 0;     // that went through shared memory
    const io::BellPtr user_bell;
    const io::BellPtr socket_bell;

    std::atomic<bool> is_blocked = false;   // the system takes no more for now
    std::atomic<bool> is_given_up = false;  // by the user: what is written still leaves
    std::atomic<bool> is_over = false;      // the socket is: nothing new comes in
    // Written before it is over.
    bool was_closed_by_peer = false;
    Error reason;
};

using PassagePtr = std::shared_ptr<Passage>;

/// The writing end of one of the rings: what is written in one turn of its loop goes over together,
/// and sooner when it is much.
class RingWriter final : io::AtTurnEnd {
public:
    RingWriter(io::EventLoop& loop, MessageRing& ring, io::Bell& reader)
        : turn_ends_(io::parts(loop).turn_ends), ring_(ring), reader_(reader) {}
    ~RingWriter() {
        if (at_turn_end_) turn_ends_.remove(this);
    }
    RingWriter(const RingWriter&) = delete;
    RingWriter& operator=(const RingWriter&) = delete;

    /// False when the ring is full, and `message` is untouched: when there is room the writer's
    /// bell is rung.
    bool write(Message& message);
    void flush();

private:
    void on_turn_end() override {
        at_turn_end_ = false;
        flush();
    }

    io::TurnEnds& turn_ends_;
    MessageRing& ring_;
    io::Bell& reader_;
    bool at_turn_end_ = false;
};

}  // namespace jetway::transport
