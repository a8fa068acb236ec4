// One end of a stream: ordered bytes (or messages) in both directions, each direction credited and ended on its own.
// A Session makes Streams; services and commands are written against these two and against Stage (stage.hpp).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/buffer.hpp"
#include "base/result.hpp"
#include "wire/control.hpp"

namespace jetway::stream {

class Session;
class Stream;

/// What happens to a stream. Not owned by it. Calls come from the loop, never from inside a call to the Stream. The
/// handler may destroy the Stream in any of them.
class StreamEvents {
public:
    /// The other side took the stream (only for the side that opened it).
    virtual void on_opened(const wire::Opened& /*opened*/) {}
    /// Bytes arrived, at most one frame's. On a stream of messages, `end_of_message` marks the last piece of one; on
    /// a stream of bytes it means nothing. Give the credit back with consume() when they are dealt with.
    virtual void on_data(Buffer bytes, bool end_of_message) = 0;
    /// The other side will send no more. The outcome says how it went; without one it is a plain success.
    virtual void on_finish(const wire::Outcome& /*outcome*/) {}
    /// The other side will read no more: further writes are discarded. Finish when convenient.
    virtual void on_stop(const Error& /*reason*/) {}
    /// Both directions ended before their time: refused, reset, or the connection is gone. The last call.
    virtual void on_end(const Error& reason) = 0;
    /// After write() returned false there is room again.
    virtual void on_writable() {}
    /// Both directions have finished in order. The last call.
    virtual void on_done() {}

protected:
    ~StreamEvents() = default;
};

/// Owned by whoever uses it. Destroying one that has not ended resets it with E-CANCELLED.
class Stream {
public:
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    ~Stream();

    void set_events(StreamEvents* events) { events_ = events; }

    /// For the accepting side, once, before anything else: take the stream, naming the content type of the answer, or
    /// refuse it. After refuse() the stream has ended.
    void accept(std::string_view content_type = {});
    void refuse(const Error& reason);

    /// Queues all of `bytes` and, on a stream of messages, ends the message unless told otherwise. Returns false when
    /// more than `send_buffer` bytes now wait for credit: the caller should wait for on_writable(). Nothing is ever
    /// lost, and writing on is allowed (but not kind).
    bool write(Buffer bytes, bool end_of_message = true);
    /// No more from this side. An outcome travels with it.
    void finish();
    void finish(const wire::Outcome& outcome);
    /// Reads no more: what still arrives is discarded, the other side is told.
    void stop(const Error& reason);
    /// Ends both directions at once. No further events.
    void reset(const Error& reason);
    /// `bytes` of what on_data brought are dealt with: the window moves on.
    void consume(std::size_t bytes);

    std::size_t unsent() const { return unsent_; }  // bytes waiting for credit
    bool finished() const { return sent_fin_; }
    std::uint64_t sent() const { return sent_; }          // stream bytes handed to the connection
    /// Stream bytes the other end says it has dealt with (WINDOW's `consumed`).
    std::uint64_t confirmed() const { return confirmed_; }
    std::uint64_t received() const { return received_; }  // stream bytes handed to on_data
    const wire::Open& opening() const { return opening_; }

private:
    friend class Session;
    Stream(Session& session, std::uint32_t label, wire::Open opening);

    Session* session_;  // nullptr once ended
    std::uint32_t label_;
    wire::Open opening_;
    StreamEvents* events_ = nullptr;
    std::size_t unsent_ = 0;
    std::uint64_t sent_ = 0;
    std::uint64_t confirmed_ = 0;
    std::uint64_t received_ = 0;
    bool sent_fin_ = false;
    struct State;
    std::unique_ptr<State> state_;
};

using StreamPtr = std::unique_ptr<Stream>;

}  // namespace jetway::stream
