// An Outbox: what one end of a stream still has to send. Bytes wait in the pieces they were written
// in, and leave in frames as credit allows: small pieces together, large ones cut; the end of the
// stream follows them. On a stream of messages each piece gets a header (wire/pieces.hpp). Where
// nothing can be forgotten, small pieces that have to wait are joined into frames at once. Private
// to src/stream.
//
// Under `latest` a newer whole message replaces those of which no byte has left; one that was begun
// is finished. Under `deadline` a whole message of which no byte has left goes when its time is
// over.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/buffer.hpp"
#include "base/timer.hpp"
#include "stream/departed.hpp"
#include "stream/fifo.hpp"
#include "wire/ledger.hpp"

namespace jetway::stream {

/// One DATA frame: its payload and flags.
struct Payload {
    Buffer bytes;
    std::uint8_t flags = 0;
};

class Outbox {
public:
    struct Options {
        bool messages = false;  // pieces have headers
        bool latest = false;    // only on a stream of messages
        Duration lifetime{};    // of a message that waits, the same; zero: without end
    };
    explicit Outbox(Options options) : options_(options) {}

    /// Before anything is written: what is sent has another shape than what is received.
    void mark_messages() { options_.messages = true; }
    bool marks_messages() const { return options_.messages; }
    bool has_lifetime() const { return options_.lifetime != Duration::zero(); }
    /// `departed` is the one that take() gets. `now` matters only when messages have a lifetime.
    void push(Buffer bytes, bool end_of_message, Departed& departed, Time now = {});
    /// Nothing follows. `outcome`: an encoded wire::Outcome, or empty for plain success.
    void finish(Buffer outcome);
    /// Forgets the bytes that wait (not the finish) and returns how much there was.
    wire::Tally drop();
    /// Forgets messages whose time is over.
    void expire(Time now);
    /// When the first of them is; max when none waits that can be forgotten.
    Time deadline() const;

    /// Something can leave when `credit` stream bytes may be sent.
    bool ready(std::uint64_t credit) const;
    /// The next frame, entered into `departed`. Only when ready(credit).
    Payload take(std::uint64_t credit, Departed& departed);

    /// With the headers of pieces that were joined.
    std::size_t bytes() const { return waiting_.bytes + joined_headers_; }
    std::size_t pieces() const { return pieces_.size(); }
    const wire::Tally& waiting() const { return waiting_; }
    bool finishing() const { return finishing_; }
    /// The finish has been taken.
    bool finished() const { return finished_; }
    /// What gave way to newer messages.
    const wire::Tally& replaced() const { return replaced_; }
    /// What was forgotten for its time.
    const wire::Tally& late() const { return late_; }

private:
    struct Piece {
        Buffer bytes;
        bool end_of_message = false;
        bool begun = false;      // its header has left, or is in what was joined before it
        bool joined = false;     // several, with their headers; all entered
        std::uint32_t room = 0;  // that is left at the end of what was joined
        Time until{};            // of a message that ends here, when it has a lifetime

        std::size_t size() const { return bytes.size() - room; }
    };
    using Place = Fifo<Piece>::iterator;

    bool forgets() const { return options_.latest || has_lifetime(); }
    std::size_t header_of(const Piece& piece) const;
    bool join(const Buffer& bytes, bool end_of_message, Departed& departed);
    void begin_joining(std::size_t size, Departed& departed);
    void append(const Buffer& bytes, bool end_of_message, Departed& departed);
    void append_header(std::size_t length, bool end_of_message, Departed& departed);
    Place first_whole();
    void replace_older();
    void forget(Place from, Place to, wire::Tally& reason);
    Buffer take_alone(std::uint64_t most, Departed& departed);
    Buffer take_together(std::uint64_t most, Departed& departed);
    std::size_t room_for(std::uint64_t most) const;
    void take_off(Departed& departed, std::size_t size);

    Options options_;
    Fifo<Piece> pieces_;
    wire::Tally waiting_;
    std::size_t joined_headers_ = 0;   // bytes of them
    std::uint8_t* joining_ = nullptr;  // where the room of the last piece begins, if it was joined
    std::size_t assembling_ = 0;  // pieces at the back that belong to a message without an end yet
    bool begun_ = false;          // a part of the message at the front has left
    bool finishing_ = false;
    bool finished_ = false;
    Buffer outcome_;
    wire::Tally replaced_;
    wire::Tally late_;
};

}  // namespace jetway::stream
