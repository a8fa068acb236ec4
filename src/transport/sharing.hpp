// What the two ends of a Unix socket say to each other alone: large payloads of DATA go through
// shared memory, and only where they lie goes through the socket (docs/protocol.md, "Shared
// memory"). Falls back to the socket wherever something is missing. Private to src/transport.
#pragma once

#include <memory>

#include "io/byte_stream.hpp"
#include "transport/borrower.hpp"
#include "transport/frame_block.hpp"
#include "transport/lender.hpp"
#include "wire/frame.hpp"

namespace jetway::transport {

class Sharing final : ArenaTeller {
public:
    /// Payloads below this size go through the socket.
    static constexpr std::size_t least_shared = 16UL * 1024;

    /// `stream` is a Unix socket and outlives this.
    Sharing(io::ByteStream& stream, bool dialled) : stream_(stream), dialled_(dialled) {}

    /// Writes a frame whose body the peer can have from shared memory; false when it is to be
    /// written as any other.
    bool write(const wire::FrameHeader& header, const Buffer& body);
    /// True for frames that are for receive(), not for the connection's reader.
    static bool concerns(const wire::FrameHeader& header);
    /// True when the frame has become one for the reader. E-PROTOCOL: the connection is to end.
    Result<bool> receive(wire::Frame& frame);
    /// After a frame was written: the first one lets the side that accepted offer.
    void on_written();
    /// Tells the peer what it does not know yet.
    void settle();

    /// Bytes of payloads, both ways.
    std::uint64_t shared_bytes() const { return shared_bytes_; }

private:
    void tell_arena(const wire::Arena& arena, io::Descriptor memory) override;
    void tell_gone(const wire::Arena& arena) override;

    bool agreed() const { return offered_ && accepted_; }
    void offer();
    Result<> on_share();
    Result<> on_arena(Bytes payload);
    Result<> on_shared_data(wire::Frame& frame);
    Result<> on_own_frame(const wire::Frame& frame);
    Buffer frame(wire::FrameHeader header, Bytes payload);
    void send(wire::FrameType type, Bytes payload) {
        stream_.write(frame(own_header(type), payload));
    }
    static wire::FrameHeader own_header(wire::FrameType type) {
        return {0, static_cast<std::uint8_t>(type), 0, 0};
    }

    io::ByteStream& stream_;
    bool dialled_;
    bool offered_ = false;   // by us
    bool accepted_ = false;  // by the peer
    FrameBlock block_;
    std::unique_ptr<Lender> lender_;      // from the first payload on
    std::unique_ptr<Borrower> borrower_;  // from the first arena on
    std::uint64_t shared_bytes_ = 0;
};

}  // namespace jetway::transport
