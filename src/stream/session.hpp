// A Session: the process's end of a local terminal. Over one Connection to the machine's router it
// offers services and opens streams. The same object serves a service inside the daemon
// (connection_pair) and one in another process (attach::connect), so services do not know the
// difference.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/handle.hpp"
#include "base/settings.hpp"
#include "base/timer.hpp"
#include "kernel/connection.hpp"
#include "kernel/kernel.hpp"
#include "stream/stream.hpp"

namespace jetway::stream {

/// Granted beyond what was consumed, at first; more when the way is long and the reader fast.
inline constexpr std::uint64_t window = 256UL * 1024;
inline constexpr std::size_t send_buffer = 256UL * 1024;  // write() asks to wait beyond this

/// Something that takes streams.
class Service {
public:
    virtual ~Service() = default;
    /// A stream for this service. Must accept or refuse it, now or later. stream->opening() says
    /// from whom, with which settings, and what comes next in the itinerary.
    virtual void on_open(StreamPtr stream) = 0;
};

struct SessionOptions {
    std::string process;  // for people: "jetway-gpu", "call"
    std::uint64_t pid = 0;
};

struct SessionCounts {
    std::uint64_t frames_in = 0;
    std::uint64_t frames_out = 0;
    std::uint64_t bytes_in = 0;  // of payloads
    std::uint64_t bytes_out = 0;
    std::uint64_t late_frames = 0;  // on streams that had ended here
};

class Attachment;

/// Callbacks come from the loop, never from inside a call to the Session or a Stream, and may
/// destroy either.
class Session {
public:
    /// Sends ATTACH at once. Destroying the session ends its streams (on_end with E-CLOSED, from
    /// the loop) and closes the connection.
    Session(ConnectionPtr connection, Timer& timer, const SessionOptions& options);
    ~Session();

    /// The router answered: machine() and mesh() are known.
    void set_on_attached(std::function<void()> on_attached);
    /// The connection is gone, or the router refused. Every stream has had on_end. Nothing follows.
    void set_on_closed(std::function<void(const Error&)> on_closed);
    const std::string& machine() const;
    const std::string& mesh() const;
    std::uint64_t daemon_pid() const;

    /// Offers a service until the handle goes. `offered` gets the router's answer. The service must
    /// outlive the handle.
    Handle offer(const std::string& name, const Capabilities& capabilities, Service& service,
                 std::function<void(const Result<>&)> offered = {});
    /// Opens a stream; never blocks, never fails at once: a refusal arrives as on_end. Data may be
    /// written immediately. `open` needs only destination, content_type, shape, and what else the
    /// caller wants of the first fields.
    StreamPtr open(wire::Open open, StreamEvents& events);

    Timer& timer();
    const SessionCounts& counts() const;
    /// Of all streams of the session so far.
    wire::Ledger ledger() const;

private:
    std::shared_ptr<Attachment> attachment_;
};

/// What a service is made with. Each folder under src/services has `extern const Kind kind;`,
/// `Capabilities capabilities();` and `Result<std::unique_ptr<stream::Service>>
/// make(io::EventLoop&, stream::ServiceContext)`; make() checks every setting and leaves the
/// offering to the caller.
struct ServiceContext {
    Session& session;
    std::string name;  // as offered: may differ from the kind's
    Settings settings;
    /// Says something that `jetway status` shows.
    std::function<void(const std::string& key, const std::string& text)> note;
};

/// Does the stream carry messages, or just bytes?
inline bool carries_messages(const wire::Open& open) {
    return open.shape() == static_cast<std::uint32_t>(wire::Shape::messages);
}

}  // namespace jetway::stream
