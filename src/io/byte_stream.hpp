// A ByteStream: a connected socket, a pipe or a terminal's master side, non-blocking, in one loop.
// And the ways to get one: dial, listen, adopt a descriptor.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/buffer.hpp"
#include "base/handle.hpp"
#include "base/result.hpp"
#include "io/descriptor.hpp"
#include "io/event_loop.hpp"

namespace jetway::io {

/// What happens to a stream. Calls come from the loop, never from inside a call to the ByteStream;
/// the stream may be destroyed in any of them.
class ByteStreamEvents {
public:
    /// Bytes arrived: a Buffer of up to 256 KiB, as much as one read gave.
    virtual void on_read(Buffer bytes) = 0;
    /// The other side closed its writing half (or a terminal's program is gone). Nothing more is
    /// read; writing goes on.
    virtual void on_read_end() = 0;
    /// Everything written so far was taken by the system.
    virtual void on_drained() {}
    /// The descriptor failed: E-CLOSED when the other side is gone, else E-IO. What it had sent
    /// before was read first, when reading is on. The last call.
    virtual void on_failed(const Error& error) = 0;

protected:
    ~ByteStreamEvents() = default;
};

class ByteStream {
public:
    virtual ~ByteStream() = default;  // closes the descriptor; no event follows

    virtual void set_events(ByteStreamEvents* events) = 0;
    /// Reading is off to begin with. Pausing is how back-pressure reaches the peer.
    virtual void start_reading() = 0;
    virtual void pause_reading() = 0;
    /// Queues a buffer. Buffers written in one turn of the loop leave in one writev. The caller
    /// bounds the queue with queued() and on_drained().
    virtual void write(Buffer bytes) = 0;
    virtual std::size_t queued() const = 0;
    /// The system takes no more for now: what is written waits here. on_drained() follows.
    virtual bool blocked() const = 0;
    /// Bytes per second that a TCP connection carries; 0 when not known: nothing had to wait yet.
    virtual std::uint64_t rate() const = 0;
    /// Writes what the system takes right now instead of at the end of the turn. For last words
    /// before destruction.
    virtual void flush() = 0;
    /// Closes the writing half once the queue is empty (shutdown, or close of a pipe). A terminal's
    /// master has no half to close: there it does nothing; write the end-of-file character instead.
    virtual void finish_writing() = 0;
    virtual int descriptor() const = 0;
    /// Gives the descriptor back, open and non-blocking, for a stream on another loop. Before
    /// anything was read or written; no event follows.
    virtual int release() = 0;

    /// True for a Unix socket: descriptors can go along with bytes.
    virtual bool carries_descriptors() const = 0;
    /// As write(); the peer gets `with` along with the first byte, unless the system passes no more
    /// descriptors on.
    virtual void write_with(Buffer bytes, Descriptor with) = 0;
    /// From now on those that come are kept, four at most; until then, and beyond, they are closed.
    virtual void keep_descriptors() = 0;
    /// The oldest that was kept; not valid when there is none. It came with bytes of on_read() that
    /// were handed on since.
    virtual Descriptor take_descriptor() = 0;
};

using ByteStreamPtr = std::unique_ptr<ByteStream>;

/// Takes ownership of `descriptor` (socket, pipe, pty master, file) and makes it non-blocking. One
/// that is shared with other processes gets its blocking mode back when the stream goes.
ByteStreamPtr adopt(EventLoop& loop, int descriptor);
/// Opens /dev/null in place of the standard descriptors that a caller has closed: else the next
/// thing opened would be taken for them. First in main().
void open_missing_standard_descriptors();
/// A stream on a standard descriptor (0, 1, 2), which stays open and blocking: a terminal or a pipe
/// is opened once more, a file or a socket is duplicated.
Result<ByteStreamPtr> adopt_standard(EventLoop& loop, int descriptor);

/// A numeric socket address: "10.0.0.3:9001", "[::1]:9001", ":9001" (any), or "unix:/path". Host
/// names are resolved with getaddrinfo only in dial().
Result<> check_address(std::string_view text);
/// True for 127.0.0.0/8, ::1 and unix:.
bool is_loopback(std::string_view address);

using Connected = std::function<void(Result<ByteStreamPtr>)>;
/// Connects; `connected` is called once from the loop unless the handle goes first. TCP_NODELAY is
/// set.
Handle dial(EventLoop& loop, const std::string& address, Duration timeout, Connected connected);

struct Accepted {
    ByteStreamPtr stream;
    std::string peer;                  // address, for people
    std::optional<std::uint32_t> uid;  // Unix sockets: SO_PEERCRED
    std::optional<std::uint32_t> pid;
};
/// Listens until the handle goes. A stale Unix socket (nobody accepts on it) is replaced; a new one
/// has mode 0600. E-ADDRESS-IN-USE names the address. TCP_NODELAY is set on what is accepted;
/// running out of descriptors pauses accepting and goes on. `bound`, when given, gets the address
/// with the port that the system chose for port 0.
Result<Handle> listen(EventLoop& loop, const std::string& address,
                      std::function<void(Accepted)> accepted, std::string* bound = nullptr);

}  // namespace jetway::io
