#include "transport/socket_end.hpp"

#include "transport/socket_loop.hpp"

namespace jetway::transport {

SocketEnd::SocketEnd(SocketLoop& owner, PassagePtr passage, int descriptor, bool dialled,
                     const std::string& peer)
    : owner_(owner),
      passage_(std::move(passage)),
      turn_ends_(io::parts(owner.loop()).turn_ends),
      socket_(owner.loop(), io::adopt(owner.loop(), descriptor), dialled, peer, std::nullopt),
      writer_(owner.loop(), passage_->inwards, *passage_->user_bell) {
    socket_.set_on_closed([this](const Error& reason) { over(reason); });
    socket_.out().set_writer(this);
}

SocketEnd::~SocketEnd() {
    passage_->socket_bell->set_events(nullptr);
    if (!passage_->is_over) {
        send();
        socket_.close({Code::closed, "closed here"});
    }
    if (at_turn_end_) turn_ends_.remove(this);
}

void SocketEnd::start() {
    passage_->socket_bell->set_events(this);
    socket_.in().set_reader(this);
    on_rung();
}

void SocketEnd::on_rung() {
    if (passage_->is_given_up.load(std::memory_order_acquire)) return owner_.remove(*this);
    socket_.in().resume();
    send();
}

// Only what the socket takes is taken from the ring: the rest is seen to wait there.
void SocketEnd::send() {
    MessageRing& ring = passage_->outwards;
    ring.look();
    for (Message* next = ring.next(); next != nullptr && !socket_.backed_up(); next = ring.next()) {
        const std::size_t size = next->body.size();
        if (!socket_.out().write(*next)) break;
        ring.pop(size);
    }
    tell();
    if (std::exchange(at_turn_end_, true)) return;
    turn_ends_.add(this);
}

/// Whether there is room, for whoever waits for it.
void SocketEnd::tell() {
    const bool blocked = socket_.backed_up();
    if (blocked != was_blocked_) {
        passage_->is_blocked = blocked;
        passage_->rate.store(socket_.rate(), std::memory_order_relaxed);
        was_blocked_ = blocked;
    }
    passage_->shared_bytes.store(socket_.shared_bytes(), std::memory_order_relaxed);
    if (passage_->outwards.release()) passage_->user_bell->ring();
}

/// What was written in this turn has been offered to the system.
void SocketEnd::on_turn_end() {
    at_turn_end_ = false;
    tell();
}

void SocketEnd::over(const Error& reason) {
    passage_->reason = reason;
    passage_->was_closed_by_peer = socket_.was_closed_by_peer();
    writer_.flush();
    passage_->is_over.store(true, std::memory_order_release);
    passage_->user_bell->ring();
    owner_.remove(*this);
}

}  // namespace jetway::transport
