// A Connection carries the bytes of one link between two ends, as a socket would: in order, after a
// while, cut where it pleases. Frames are written as bytes and split again at the other end. A
// Cable is what connections run over: how far, how fast, and whether it is broken.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "base/result.hpp"
#include "simulate/agenda.hpp"
#include "wire/frame.hpp"

namespace jetway::simulate {

/// All that a cable can do to what it carries.
struct CableOptions {
    Duration latency = std::chrono::microseconds(200);
    Duration jitter{};                   // up to this much more, never changing the order
    std::uint64_t bytes_per_second = 0;  // 0: no limit
};

struct Cable {
    CableOptions options;
    std::uint32_t spoil = 0;  // so many of the next arrivals of routing frames get a wrong byte
    std::uint32_t lose = 0;   // so many of the next records and catalogues are lost
};

/// Who is at an end of a connection. Not called from inside a call to the connection.
class ConnectionEnd {
public:
    virtual void on_frame(wire::Frame&& frame) = 0;
    /// Whole frames of one arrival have been handed over.
    virtual void on_arrived() = 0;
    /// There is room again after has_room() said no.
    virtual void on_room() = 0;
    /// The other end hung up. The last call.
    virtual void on_closed(const Error& reason) = 0;

protected:
    ~ConnectionEnd() = default;
};

class Connection : public std::enable_shared_from_this<Connection> {
public:
    /// All references outlive the connection.
    Connection(Agenda& agenda, Random& random, Cable& cable)
        : agenda_(agenda), random_(random), cable_(cable) {}

    /// `end` lives until it closes its side or hears on_closed.
    void attach(int side, ConnectionEnd& end) { sides_[side].end = &end; }
    bool has_room(int side) const;
    /// Writes a frame; it leaves with flush().
    void send(int side, const wire::Frame& frame);
    void flush(int side);
    /// The same of a frame that the side's machine knows nothing of.
    void forge(int side, const wire::Frame& frame) {
        lossy_ = true;
        send(side, frame);
    }
    /// Hangs up: this side hears no more, the other one hears it like everything else that is sent.
    void close(int side, Error reason);
    /// This side is gone without a word: the other one hears nothing.
    void vanish(int side) { sides_[side].end = nullptr; }
    /// Both ends learn it at once.
    void cut(const Error& reason);
    /// Does this side still think so?
    bool is_open(int side) const { return sides_[side].end != nullptr; }
    /// The side's process does not run: what arrives waits in its socket.
    void pause(int side) { sides_[side].paused = true; }
    void unpause(int side);
    /// What the side sends does not arrive, and waits as in a socket that retries.
    void silence(int side) { sides_[side].silent = true; }
    void unsilence(int side);
    /// Frames the side has sent, as a whole or in part, that have not arrived.
    std::vector<wire::Frame> in_flight(int from) const;
    /// Grows with all that is sent, arrives or waits.
    std::uint64_t revision() const { return revision_; }
    /// Frames were lost, spoiled or forged: what one end believes of the other may be wrong.
    bool lossy() const { return lossy_; }

private:
    struct Parcel {
        Buffer bytes;
        std::optional<Error> hang_up;
    };
    struct Side {
        ConnectionEnd* end = nullptr;
        wire::FrameSplitter splitter;
        std::vector<std::uint8_t> unsent;  // written by this side, not flushed
        std::deque<Parcel> line;           // sent by this side, not arrived
        std::size_t stalled = 0;           // of them, those that met a silent cable
        Time busy_until{};
        Time last_arrival{};
        bool wants_room = false;
        bool silent = false;
        bool paused = false;
    };

    void dispatch(int from, Parcel parcel);
    void schedule(int from, std::size_t bytes);
    void arrive(int from);
    void deliver(int to, Buffer bytes);
    bool is_lost(const wire::Frame& frame);
    void spoil(Buffer& bytes);
    bool waits(int from) const { return sides_[from].silent || sides_[1 - from].paused; }
    void let_go(int from);
    Duration backlog(int side) const;

    Agenda& agenda_;
    Random& random_;
    Cable& cable_;
    std::array<Side, 2> sides_;
    bool lossy_ = false;
    std::uint64_t revision_ = 0;
};

}  // namespace jetway::simulate
