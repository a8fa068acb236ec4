#include "transport/socket_connection.hpp"

#include <cassert>
#include <cstring>

namespace jetway::transport {
namespace {

// One at a time: what the reader does not take stays with the splitter and then with the peer.
constexpr PipeOptions in_pipe{.capacity = 1};
constexpr PipeOptions out_pipe_options{.capacity = 256, .capacity_bytes = 256UL * 1024};
// Frames go to the stream's own queue while this much or less waits there.
constexpr std::size_t most_queued = 256UL * 1024;
// Bodies up to this size are copied next to their header: cheaper than another piece for the system
// to gather.
constexpr std::size_t small_body = 256;

}  // namespace

SocketConnection::SocketConnection(io::EventLoop& loop, io::ByteStreamPtr stream, bool dialled,
                                   std::string peer, std::optional<PeerCredentials> credentials,
                                   Handle seat)
    : Connection(std::make_shared<Pipe>(in_pipe), std::make_shared<Pipe>(out_pipe_options), dialled,
                 std::move(peer)),
      loop_(loop),
      stream_(std::move(stream)),
      seat_(std::move(seat)) {
    credentials_ = credentials;
    out_->set_reader(this);
    in_->set_writer(this);
    stream_->set_events(this);
    if (stream_->carries_descriptors()) sharing_.emplace(*stream_, dialled);
    stream_->start_reading();
}

SocketConnection::~SocketConnection() {
    out_->set_reader(nullptr);
    in_->set_writer(nullptr);
}

// ---- Outwards.

bool SocketConnection::on_message(Message& message) {
    if (!stream_ || stream_->queued() >= most_queued) return false;
    const auto header = wire::FrameHeader::unpack(message.header);
    assert(header.length == message.body.size());
    if (!sharing_ || !sharing_->write(header, message.body)) write(header, std::move(message.body));
    if (sharing_) sharing_->on_written();
    message = Message();
    return true;
}

void SocketConnection::write(const wire::FrameHeader& header, Buffer body) {
    const bool small = body.size() <= small_body;
    std::uint8_t* bytes = nullptr;
    Buffer head = frame_block_.take(wire::header_size + (small ? body.size() : 0), bytes);
    header.write(bytes);
    if (small && !body.empty()) std::memcpy(bytes + wire::header_size, body.data(), body.size());
    stream_->write(std::move(head));
    if (!small) stream_->write(std::move(body));
}

bool SocketConnection::backed_up() {
    if (!stream_ || !stream_->blocked()) return false;
    held_back_ = true;
    return true;
}

void SocketConnection::on_drained() {
    const io::Life life(life_);
    if (sharing_) sharing_->settle();
    out_->resume();
    if (life.destroyed() || !std::exchange(held_back_, false)) return;
    if (PipeWriter* writer = out_->writer()) writer->on_space();
}

// ---- Inwards.

void SocketConnection::on_read(Buffer bytes) {
    splitter_.push(std::move(bytes));
    deliver();
}

// Hands on what is whole, until the reader refuses. Also called by in() itself, when the reader
// takes some again.
void SocketConnection::deliver() {
    if (delivering_) return;
    const io::Life life(life_);
    const PipePtr in = in_;
    delivering_ = true;
    while (stream_ && !wait_for_reader()) {
        auto frame = splitter_.next();
        if (!frame) {
            stream_->start_reading();
            break;
        }
        if (sharing_ && Sharing::concerns(frame->header)) {
            const auto for_reader = sharing_->receive(*frame);
            if (!for_reader) end(for_reader.error());
            if (!for_reader || !*for_reader) continue;
        }
        in->write(Message{frame->header.pack(), std::move(frame->body)});
        if (life.destroyed()) return;
    }
    delivering_ = false;
    if (sharing_) sharing_->settle();
}

/// True when the last frame was refused: then nothing more is read until on_space().
bool SocketConnection::wait_for_reader() {
    Message question;
    if (in_->size() == 0) return false;
    stream_->pause_reading();
    in_->write(question);  // refused, which asks for on_space()
    return true;
}

// ---- The end.

void SocketConnection::on_read_end() {
    closed_by_peer_ = true;
    const std::size_t rest = splitter_.pending();
    if (rest == 0) return end({Code::closed, "the peer closed the connection"});
    end({Code::closed, "the peer closed the connection in the middle of a frame, after " +
                           std::to_string(rest) + " of its bytes"});
}

void SocketConnection::close(const Error& reason) {
    if (!stream_) return;
    stream_->flush();
    end(reason);
}

void SocketConnection::end(Error reason) {
    if (!stream_) return;
    sharing_.reset();
    stream_.reset();
    if (reason.where.empty()) reason.where = peer_;
    closing_ = loop_.after({}, [this, reason = std::move(reason)] {
        if (const auto on_closed = std::exchange(on_closed_, nullptr)) on_closed(reason);
    });
}

}  // namespace jetway::transport
