#include "transport/remote_connection.hpp"

#include <algorithm>

namespace jetway::transport {
namespace {

// One at a time: what the reader does not take stays in the ring and then with the peer.
constexpr PipeOptions pipe_options{.capacity = 1};
// On their way to the socket: half a millisecond of what it carries, as in the system's buffer.
constexpr std::size_t least_waiting = 2048;
constexpr std::size_t most_waiting = 128UL * 1024;

std::size_t limit_for(std::uint64_t rate) {
    if (rate == 0) return most_waiting;
    return std::clamp<std::size_t>(rate / 2000, least_waiting, most_waiting);
}

}  // namespace

RemoteConnection::RemoteConnection(io::EventLoop& loop, PassagePtr passage, bool dialled,
                                   std::string peer, std::optional<PeerCredentials> credentials,
                                   Handle seat)
    : Connection(std::make_shared<Pipe>(pipe_options), std::make_shared<Pipe>(pipe_options),
                 dialled, std::move(peer)),
      seat_(std::move(seat)),
      loop_(loop),
      passage_(std::move(passage)),
      writer_(loop, passage_->outwards, *passage_->socket_bell) {
    credentials_ = credentials;
    out_->set_reader(this);
    in_->set_writer(this);
    passage_->user_bell->set_events(this);
}

RemoteConnection::~RemoteConnection() {
    out_->set_reader(nullptr);
    in_->set_writer(nullptr);
    passage_->user_bell->set_events(nullptr);
    give_up();
}

void RemoteConnection::on_rung() {
    const io::Life life(life_);
    deliver();
    if (!life.destroyed() && !closed_) make_room_known();
}

// ---- Outwards.

bool RemoteConnection::on_message(Message& message) {
    if (closed_ || !writer_.write(message)) return false;
    if (passage_->is_over) passage_->user_bell->ring();  // nobody takes it
    return true;
}

bool RemoteConnection::is_full() const {
    return passage_->is_blocked || passage_->outwards.bytes() >= limit_for(rate());
}

bool RemoteConnection::backed_up() {
    if (closed_ || !is_full()) return false;
    held_back_ = true;
    passage_->outwards.want_room();
    return is_full();  // there may have been some just before
}

void RemoteConnection::make_room_known() {
    const io::Life life(life_);
    out_->resume();
    if (life.destroyed() || !held_back_ || backed_up()) return;
    held_back_ = false;
    if (PipeWriter* writer = out_->writer()) writer->on_space();
}

// ---- Inwards.

// Hands on what there is, until the reader refuses. Also called by in() itself, when the reader
// takes some again.
void RemoteConnection::deliver() {
    if (delivering_ || closed_) return;
    const io::Life life(life_);
    const PipePtr in = in_;
    const PassagePtr passage = passage_;
    const bool over = passage->is_over.load(std::memory_order_acquire);
    bool refused = false;
    delivering_ = true;
    passage->inwards.look();
    while (!closed_ && !(refused = wait_for_reader())) {
        Message* const next = passage->inwards.next();
        if (next == nullptr) break;
        Message message = std::move(*next);
        passage->inwards.pop(message.body.size());
        in->write(message);
        if (life.destroyed()) return;
    }
    delivering_ = false;
    if (passage->inwards.release()) passage->socket_bell->ring();
    if (over) end_if_over(refused);
}

/// True when the last frame was refused: then no more are delivered until on_space().
bool RemoteConnection::wait_for_reader() {
    if (in_->size() == 0) return false;
    Message question;
    in_->write(question);  // refused, which asks for on_space()
    return true;
}

// ---- The end.

/// A reader that refuses gets what came before a peer closed, when it takes it; but it is not
/// waited for when the connection broke, or when something was written to nobody.
void RemoteConnection::end_if_over(bool refused) {
    if (closed_) return;
    if (!refused || !passage_->was_closed_by_peer || !passage_->outwards.is_empty())
        end(passage_->reason);
}

void RemoteConnection::close(const Error& reason) {
    if (closed_) return;
    give_up();
    end(reason);
}

void RemoteConnection::give_up() {
    writer_.flush();
    passage_->is_given_up.store(true, std::memory_order_release);
    passage_->socket_bell->ring();
}

void RemoteConnection::end(Error reason) {
    closed_ = true;
    passage_->user_bell->set_events(nullptr);
    if (reason.where.empty()) reason.where = peer_;
    closing_ = loop_.after({}, [this, reason = std::move(reason)] {
        if (const auto on_closed = std::exchange(on_closed_, nullptr)) on_closed(reason);
    });
}

}  // namespace jetway::transport
