// A Connection: one end of something that carries Messages both ways, as two pipes. Transports make
// them for sockets, connection_pair() for two parts of one process; the router's terminals and the
// ends of streams are written against this alone, which is why a service cannot tell where its
// router runs.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/result.hpp"
#include "kernel/pipe.hpp"

namespace jetway {

/// Who is at the other end of a Unix socket (SO_PEERCRED).
struct PeerCredentials {
    std::uint32_t uid = 0;
    std::uint32_t pid = 0;
};

/// May be destroyed inside any call it makes: a delivery to the reader of in(), on_space of out()'s
/// writer, on_closed.
class Connection {
public:
    virtual ~Connection() = default;

    /// What arrives. Whoever owns the connection sets the reader.
    Pipe& in() { return *in_; }
    /// What is to be sent: `block`, bounded in messages and bytes. Messages written in one turn of
    /// the loop leave together.
    Pipe& out() { return *out_; }
    const PipePtr& out_pipe() const { return out_; }

    /// What is written now would wait on this side. Then on_space() of out()'s writer follows; who
    /// chooses late what to write lets the most urgent go first.
    virtual bool backed_up() { return false; }
    /// Bytes per second that the way to the peer carries; 0 when not known.
    virtual std::uint64_t rate() const { return 0; }

    /// Ends the connection at once; what is still in out() may be lost. `reason` is what on_closed
    /// gets at this end.
    virtual void close(const Error& reason) = 0;
    /// Bytes of payloads that went through shared memory, both ways.
    virtual std::uint64_t shared_bytes() const { return 0; }
    /// Called once, from the loop, when the connection has ended for whatever reason; not from
    /// inside close().
    void set_on_closed(std::function<void(const Error&)> on_closed) {
        on_closed_ = std::move(on_closed);
    }

    bool dialled() const { return dialled_; }          // this end opened it
    const std::string& peer() const { return peer_; }  // an address, for people
    std::optional<PeerCredentials> credentials() const { return credentials_; }

protected:
    Connection(PipePtr in, PipePtr out, bool dialled, std::string peer)
        : in_(std::move(in)), out_(std::move(out)), dialled_(dialled), peer_(std::move(peer)) {}

    PipePtr in_;
    PipePtr out_;
    std::function<void(const Error&)> on_closed_;
    bool dialled_;
    std::string peer_;
    std::optional<PeerCredentials> credentials_;
};

using ConnectionPtr = std::unique_ptr<Connection>;

class Timer;

/// Two ends joined in this process: what one writes the other reads, through the loop of `timer`,
/// so that neither end is called from inside its own write. The first is the dialled one. When one
/// goes or is closed, the other ends with E-CLOSED.
std::pair<ConnectionPtr, ConnectionPtr> connection_pair(Timer& timer, const std::string& name);

}  // namespace jetway
