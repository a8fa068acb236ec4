// A Connection whose socket lives in another loop: the half in the loop of whoever uses it. As a
// SocketConnection, but what it is given waits in a ring, until the other loop takes it. Private to
// transport.
#pragma once

#include <memory>
#include <string>

#include "io/event_loop.hpp"
#include "io/life.hpp"
#include "kernel/connection.hpp"
#include "transport/passage.hpp"

namespace jetway::transport {

class RemoteConnection final : public Connection, PipeReader, PipeWriter, io::BellEvents {
public:
    /// `seat` is let go last: it keeps the other loop.
    RemoteConnection(io::EventLoop& loop, PassagePtr passage, bool dialled, std::string peer,
                     std::optional<PeerCredentials> credentials, Handle seat);
    ~RemoteConnection() override;

    /// The socket takes no more, or half a millisecond's worth is on its way there.
    bool backed_up() override;
    std::uint64_t rate() const override { return passage_->rate.load(std::memory_order_relaxed); }
    std::uint64_t shared_bytes() const override {
        return passage_->shared_bytes.load(std::memory_order_relaxed);
    }
    /// What was written before and the socket takes at once still leaves.
    void close(const Error& reason) override;

private:
    bool on_message(Message& message) override;
    void on_space() override { deliver(); }
    void on_rung() override;

    bool is_full() const;
    void make_room_known();
    void deliver();
    bool wait_for_reader();
    void end_if_over(bool refused);
    void give_up();
    void end(Error reason);

    Handle seat_;
    io::EventLoop& loop_;
    const PassagePtr passage_;
    RingWriter writer_;
    io::LifeSlot life_;
    bool delivering_ = false;
    bool held_back_ = false;  // the writer was told to wait
    bool closed_ = false;
    Handle closing_;  // tells on_closed from the loop
};

}  // namespace jetway::transport
