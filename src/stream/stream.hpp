// One end of a stream: ordered bytes (or messages) in both directions, each direction credited and
// ended on its own. A Session makes Streams; services and commands are written against these two
// and against Stage (stage.hpp).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/buffer.hpp"
#include "base/result.hpp"
#include "wire/ledger.hpp"

namespace jetway::stream {

class Session;
class Attachment;

/// What happens to a stream. Not owned by it. Calls come from the loop, never from inside a call to
/// the Stream. The handler may destroy the Stream in any of them.
class StreamEvents {
public:
    /// The other side took the stream (only for the side that opened it).
    virtual void on_opened(const wire::Opened& /*opened*/) {}
    /// Bytes arrived, at most one frame's. On a stream of messages, `end_of_message` marks the last
    /// piece of one; on a stream of bytes it means nothing. Give the credit back with consume()
    /// when they are dealt with.
    virtual void on_data(Buffer bytes, bool end_of_message) = 0;
    /// The other side will send no more. The outcome says how it went; without one it is a plain
    /// success.
    virtual void on_finish(const wire::Outcome& /*outcome*/) {}
    /// The other side will read no more: further writes are discarded. Finish when convenient.
    virtual void on_stop(const Error& /*reason*/) {}
    /// Both directions ended before their time: refused, reset, or the connection is gone. The last
    /// call.
    virtual void on_end(const Error& reason) = 0;
    /// After write() returned false there is room again.
    virtual void on_writable() {}
    /// Both directions have finished in order. The last call.
    virtual void on_done() {}

protected:
    ~StreamEvents() = default;
};

class End;

/// Owned by whoever uses it. Destroying one that has not ended resets it with E-CANCELLED (refuses
/// it, when it was not accepted yet). Calls on a stream that has ended do nothing.
class Stream {
public:
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    ~Stream();

    /// What has happened meanwhile is told from the loop.
    void set_events(StreamEvents* events);

    /// For the accepting side, once, before anything else: take the stream, naming the content type
    /// of the answer (and its shape, when it is not the shape of the question), or refuse it. After
    /// refuse() the stream has ended.
    void accept(std::string_view content_type = {});
    void accept(std::string_view content_type, wire::Shape shape);
    void refuse(const Error& reason);

    /// Queues all of `bytes` and, on a stream of messages, ends the message unless told otherwise.
    /// Returns false when more than `send_buffer` bytes now wait for credit: the caller should wait
    /// for on_writable(). Nothing is ever lost, and writing on is allowed (but not kind). Under
    /// Policy::latest a whole message replaces those waiting.
    bool write(Buffer bytes, bool end_of_message = true);
    /// No more from this side. An outcome travels with it.
    void finish();
    void finish(const wire::Outcome& outcome);
    /// Reads no more: what still arrives is discarded, the other side is told. on_finish() still
    /// comes.
    void stop(const Error& reason);
    /// Ends both directions at once. No further events.
    void reset(const Error& reason);
    /// `bytes` of what on_data brought are dealt with: the window moves on.
    void consume(std::size_t bytes);

    std::size_t unsent() const;  // bytes waiting for credit
    bool finished() const;       // the finish has left
    std::uint64_t sent() const;  // stream bytes handed to the connection
    /// Stream bytes the other end says it has dealt with (WINDOW's `consumed`): known at the latest
    /// 50 ms after.
    std::uint64_t confirmed() const;
    std::uint64_t received() const;  // stream bytes handed to on_data
    /// What became of all that was written, and of what came. After on_done() everything that left
    /// is delivered, unless the other side had stopped reading.
    wire::Ledger ledger() const;
    const wire::Open& opening() const;

private:
    friend class Session;
    friend class Attachment;
    explicit Stream(std::shared_ptr<End> end);

    std::shared_ptr<End> end_;
};

using StreamPtr = std::unique_ptr<Stream>;

}  // namespace jetway::stream
