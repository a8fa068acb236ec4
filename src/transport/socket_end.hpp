// The half of a connection in the loop of its socket: joins a SocketConnection there to the rings
// of a Passage. Private to transport.
#pragma once

#include <string>

#include "transport/passage.hpp"
#include "transport/socket_connection.hpp"

namespace jetway::transport {

class SocketLoop;

class SocketEnd final : PipeReader, PipeWriter, io::BellEvents, io::AtTurnEnd {
public:
    /// Takes ownership of `descriptor`.
    SocketEnd(SocketLoop& owner, PassagePtr passage, int descriptor, bool dialled,
              const std::string& peer);
    /// What was written for the socket, and it takes at once, still leaves.
    ~SocketEnd();
    SocketEnd(const SocketEnd&) = delete;
    SocketEnd& operator=(const SocketEnd&) = delete;

    /// Now that its owner can find it: it may be over at once.
    void start();

private:
    bool on_message(Message& message) override { return writer_.write(message); }
    void on_space() override { send(); }
    void on_rung() override;
    void on_turn_end() override;

    void send();
    void tell();
    void over(const Error& reason);

    SocketLoop& owner_;
    const PassagePtr passage_;
    io::TurnEnds& turn_ends_;
    SocketConnection socket_;
    RingWriter writer_;
    bool was_blocked_ = false;  // as the other half was told
    bool at_turn_end_ = false;
};

}  // namespace jetway::transport
