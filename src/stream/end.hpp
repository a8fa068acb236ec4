// An End: one end of one stream as its Session keeps it. The application holds a Stream on it; the
// End lives on until the label is free and the last event is told. It turns calls into frames that
// wait (its control frames as bits, its data in an Outbox) and frames into events. Private to
// src/stream.
//
// Offsets of one direction: sent <= granted at the sender; taken <= allowed, consumed <= told (to
// the application) <= taken at the receiver. Headers of pieces count in them, and in nothing that
// the application sees.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "base/handle.hpp"
#include "base/timer.hpp"
#include "kernel/message.hpp"
#include "stream/departed.hpp"
#include "stream/outbox.hpp"
#include "stream/receive_window.hpp"
#include "stream/stream.hpp"
#include "wire/control.hpp"
#include "wire/frame.hpp"
#include "wire/pieces.hpp"

namespace jetway::stream {

class End;
using EndPtr = std::shared_ptr<End>;

/// Control frames that wait, in the order in which they leave.
namespace control {
inline constexpr std::uint8_t open = 0x01;
inline constexpr std::uint8_t opened = 0x02;
inline constexpr std::uint8_t nack = 0x04;
inline constexpr std::uint8_t window = 0x08;
inline constexpr std::uint8_t stop = 0x10;
inline constexpr std::uint8_t reset = 0x20;
inline constexpr std::uint8_t reset_ack = 0x40;
}  // namespace control

/// What the application has not been told yet, beside the bytes.
namespace event {
inline constexpr std::uint8_t opened = 0x01;
inline constexpr std::uint8_t finish = 0x02;
inline constexpr std::uint8_t stop = 0x04;
inline constexpr std::uint8_t writable = 0x08;
inline constexpr std::uint8_t done = 0x10;
inline constexpr std::uint8_t end = 0x20;
}  // namespace event

/// What an End waits for at its Session.
enum class Lane : std::uint8_t {
    control,  // to send control frames
    data,     // to send data
    events,   // to tell the application
    confirm,  // to tell the sender what was consumed, soon
};
inline constexpr std::size_t lanes = 4;

/// The Session's side of an End.
class EndOwner {
public:
    /// Puts the end at the back of a lane, unless it is there already.
    virtual void want(Lane lane, End& end) = 0;
    /// The end's OPEN leaves: bytes of first window that it may use.
    virtual std::uint32_t take_pool(std::uint32_t most) = 0;
    /// The peer granted the stream on its own: its first window may serve another.
    virtual void return_pool(End& end) = 0;
    /// By how much the window of an end may be wider than the basic one, which is `now` wider: half
    /// of what others leave.
    virtual std::uint64_t most_wide(std::uint64_t now) const = 0;
    /// A window was so much wider, and is. Undone when the end is released.
    virtual void widened(std::uint64_t was, std::uint64_t is) = 0;
    /// This machine's name, once known.
    virtual const std::string& machine() const = 0;
    /// Our OPEN leaves: its number, from 1.
    virtual std::uint64_t next_open() = 0;
    /// The peer answered our OPEN.
    virtual void answered(End& end) = 0;
    /// Nothing will be sent or heard on the label any more. `rest`: late frames of the peer may
    /// still come.
    virtual void release(End& end, bool rest) = 0;
    /// Nobody writes to the end any more: its ledger is final.
    virtual void gone(const End& end) = 0;

protected:
    ~EndOwner() = default;
};

class End final : public std::enable_shared_from_this<End> {
public:
    End(std::weak_ptr<EndOwner> owner, Timer& timer, std::uint32_t label, bool opener,
        wire::Open opening);
    ~End();
    End(const End&) = delete;
    End& operator=(const End&) = delete;

    // ---- Calls of the application, through its Stream.
    void set_events(StreamEvents* events);
    void accept(std::string_view content_type, wire::Shape answer);
    void refuse(const Error& reason);
    bool write(Buffer bytes, bool end_of_message);
    void finish(const wire::Outcome& outcome);
    void stop(const Error& reason);
    void reset(const Error& reason);
    void consume(std::size_t bytes);
    /// The Stream is gone.
    void abandon();

    // ---- Frames from the peer. An error is the peer's offence: the connection is to be closed.
    Result<> receive(const wire::FrameHeader& header, Buffer body);

    // ---- For the Session.
    /// The next control frame, or false when none waits.
    bool next_control(Message& message);
    bool has_control() const { return control_ != 0 && phase_ != Phase::asked; }
    /// The next frame of data, or false when none may leave now.
    bool next_data(Message& message);
    bool has_data() const;
    /// Tells the application what has happened. From the loop only.
    void deliver();
    /// Ends a stream of ours that could not even begin. on_end follows.
    void fail(const Error& reason);
    /// The session is over: no label, no frames, on_end follows.
    void orphan(const Error& reason);
    void confirm();

    std::uint32_t label() const { return label_; }
    bool opener() const { return opener_; }
    const wire::Open& opening() const { return opening_; }
    std::size_t unsent() const { return outbox_.bytes(); }
    std::uint64_t sent() const { return departed_.sent().bytes; }
    std::uint64_t confirmed() const { return departed_.confirmed().bytes; }
    std::uint64_t received() const { return ledger_.received.bytes; }
    wire::Ledger ledger() const;
    bool finished() const { return outbox_.finished(); }
    /// By how much what it granted is wider than the basic window.
    std::uint64_t widened() const { return wide_; }

    std::uint32_t pool_taken = 0;     // of the pool that covers the first window
    std::uint64_t opened_number = 0;  // the owner's count of OPENs when ours left
    struct Place {
        EndPtr next;
        bool queued = false;
    };
    std::array<Place, lanes> places;  // in the owner's lanes

private:
    enum class Phase : std::uint8_t {
        opening,  // ours; OPENED has not come
        asked,    // theirs; not answered yet
        open,
        refused,    // NACK waits to be sent
        resetting,  // until our RESET is answered
        acking,     // RESET_ACK waits to be sent
        over,       // the label is free
    };

    Result<> on_opened(const Buffer& body);
    Result<> on_nack(const Buffer& body);
    Result<> on_data(std::uint8_t flags, Buffer body);
    Result<> on_window(const Buffer& body);
    Result<> on_stop(const Buffer& body);
    Result<> on_reset(const Buffer& body);
    Result<> on_reset_ack(const Buffer& body);

    void take_data(Buffer frame);
    void tell_data(Buffer frame);
    void drop_inbox();
    void expire();
    std::uint64_t credit() const { return granted_ - departed_.offset(); }
    void measure_window();
    void fit_window();
    bool take_finish(std::uint8_t flags, const Buffer& body);
    bool deliver_one();
    bool happened(std::uint8_t event);
    void notify(std::uint8_t events);
    void want(Lane lane);
    void want_control(std::uint8_t bits);
    void forget_everything();
    void end(const Error& reason);
    void send_reset(const Error& reason);
    void offend(std::string detail);
    void close_if_finished();
    void tell_space();
    void release(bool rest);
    Message frame(wire::FrameType type, Buffer body, std::uint8_t flags = 0) const;
    Message take_control(std::uint8_t bit);
    std::string machine() const;
    Buffer take_open();
    Buffer take_window();

    std::weak_ptr<EndOwner> owner_;
    Timer& timer_;
    std::uint32_t label_;
    bool opener_;
    wire::Open opening_;
    Phase phase_;
    bool answered_ = false;  // OPENED or NACK has come (opener)
    std::uint8_t control_ = 0;
    Error answer_;         // of the NACK or RESET that waits
    Error stop_reason_;    // of the STOP that waits
    wire::Opened opened_;  // that waits to be sent, or told

    // sending
    Outbox outbox_;
    Departed departed_;
    std::uint64_t granted_ = 0;
    Handle expiry_;         // of the first message that waits, when they have a lifetime
    bool stopped_ = false;  // by the peer: what is written goes nowhere
    bool wants_space_ = false;

    // receiving
    bool framed_;  // messages come: what arrives is cut by reader_
    wire::PieceReader reader_;
    std::deque<Buffer> inbox_;  // frames that came before the application could be told
    struct Part {
        std::uint32_t header;  // stream bytes before it
        std::uint32_t bytes;
    };
    Fifo<Part> told_;  // to the application, and not dealt with yet; only when framed
    ReceiveWindow window_;
    std::uint64_t wide_ = 0;
    std::uint64_t allowed_ = 0;
    std::uint64_t taken_ = 0;
    std::uint64_t consumed_ = 0;
    std::uint64_t consumed_sent_ = 0;
    bool reading_stopped_ = false;  // by us
    bool fin_taken_ = false;
    wire::Outcome outcome_;

    wire::Ledger ledger_;    // the lines that are counted as it happens
    bool in_order_ = false;  // both directions have finished

    // telling
    StreamEvents* events_ = nullptr;
    std::uint8_t happened_ = 0;
    bool delivering_ = false;
    bool ended_ = false;  // for the application: no calls have any effect
    Error end_reason_;
    Error peer_stop_;
};

}  // namespace jetway::stream
