// An Outbox: what one end of a stream still has to send. Bytes wait in the pieces they were written
// in, and leave cut into frames as credit allows; the end of the stream follows them. Private to
// src/stream.
//
// Under `latest` a newer whole message replaces those of which no byte has left; one that was begun
// is finished.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/buffer.hpp"

namespace jetway::stream {

/// One DATA frame: its payload and flags. `stream_bytes` is what it costs of the credit.
struct Payload {
    Buffer bytes;
    std::uint8_t flags = 0;
    std::size_t stream_bytes = 0;
};

class Outbox {
public:
    struct Options {
        bool messages = false;  // ends of messages are marked
        bool latest = false;    // only on a stream of messages
    };
    explicit Outbox(Options options) : options_(options) {}

    /// From now on ends of messages are marked: what is sent has another shape than what is
    /// received.
    void mark_messages() { options_.messages = true; }
    void push(Buffer bytes, bool end_of_message);
    /// Nothing follows. `outcome`: an encoded wire::Outcome, or empty for plain success.
    void finish(Buffer outcome);
    /// Forgets the bytes that wait (not the finish) and returns how many there were.
    std::size_t drop();

    /// Something can leave when `credit` bytes may be sent.
    bool ready(std::uint64_t credit) const;
    /// The next frame. Only when ready(credit).
    Payload take(std::uint64_t credit);

    std::size_t bytes() const { return bytes_; }
    std::size_t pieces() const { return pieces_.size() - head_; }
    bool finishing() const { return finishing_; }
    /// The finish has been taken.
    bool finished() const { return finished_; }
    /// Messages that gave way to newer ones.
    std::uint64_t replaced() const { return replaced_; }

private:
    struct Piece {
        Buffer bytes;
        bool end_of_message = false;
    };
    void replace_older();
    void pop();

    Options options_;
    std::vector<Piece> pieces_;  // from head_ on; the memory is reused
    std::size_t head_ = 0;
    std::size_t bytes_ = 0;
    std::size_t assembling_ = 0;  // pieces at the back that belong to a message without an end yet
    bool begun_ = false;          // a part of the message at the front has left
    bool finishing_ = false;
    bool finished_ = false;
    Buffer outcome_;
    std::uint64_t replaced_ = 0;
};

}  // namespace jetway::stream
