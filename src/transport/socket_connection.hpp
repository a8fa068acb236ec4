// A Connection over a ByteStream: bytes become frames and frames become bytes. What a frame means
// is for the reader of in(); here any bytes are frames.
#pragma once

#include <memory>
#include <string>

#include "base/buffer.hpp"
#include "io/byte_stream.hpp"
#include "io/life.hpp"
#include "kernel/connection.hpp"
#include "transport/frame_block.hpp"
#include "transport/sharing.hpp"
#include "wire/frame.hpp"

namespace jetway::transport {

/// in() is handed one frame at a time; while its reader refuses one, nothing more is read from the
/// peer. out() holds 256 messages and 256 KiB, and moves on while the system's socket takes bytes.
/// on_closed gets E-CLOSED when the peer closed (the detail says whether in the middle of a frame)
/// or reset the connection, E-IO for any other failure of the socket, each with the peer as
/// `where`.
class SocketConnection final : public Connection, io::ByteStreamEvents, PipeReader, PipeWriter {
public:
    /// `seat` is let go with the connection.
    SocketConnection(io::EventLoop& loop, io::ByteStreamPtr stream, bool dialled, std::string peer,
                     std::optional<PeerCredentials> credentials, Handle seat = {});
    ~SocketConnection() override;

    bool backed_up() override;
    std::uint64_t rate() const override { return stream_ ? stream_->rate() : 0; }
    std::uint64_t shared_bytes() const override { return sharing_ ? sharing_->shared_bytes() : 0; }
    /// What the socket takes at once of what was written before still leaves: a last word to the
    /// peer.
    void close(const Error& reason) override;
    /// It has ended because the peer closed it; everything that came before that was read.
    bool was_closed_by_peer() const { return closed_by_peer_; }

private:
    void on_read(Buffer bytes) override;
    void on_read_end() override;
    void on_drained() override;
    void on_failed(const Error& error) override { end(error); }
    bool on_message(Message& message) override;
    void on_space() override { deliver(); }

    void deliver();
    bool wait_for_reader();
    void write(const wire::FrameHeader& header, Buffer body);
    void end(Error reason);

    io::EventLoop& loop_;
    io::ByteStreamPtr stream_;  // nullptr once closed
    wire::FrameSplitter splitter_;
    FrameBlock frame_block_;
    std::optional<Sharing> sharing_;  // of a Unix socket
    io::LifeSlot life_;
    bool delivering_ = false;
    bool held_back_ = false;  // the writer was told to wait
    bool closed_by_peer_ = false;
    Handle seat_;
    Handle closing_;  // tells on_closed from the loop
};

}  // namespace jetway::transport
