// The far end of a loopback terminal: what goes out comes back in. A stream the router opens on it
// returns as a stream opened by the other side, so the labels' parity is swapped and the fields
// that only an ingress writes are taken off.
#pragma once

#include "kernel/connection.hpp"
#include "wire/frame.hpp"

namespace jetway::router {

class Reflector final : public PipeReader, public PipeWriter {
public:
    explicit Reflector(ConnectionPtr connection);
    ~Reflector();
    Reflector(const Reflector&) = delete;
    Reflector& operator=(const Reflector&) = delete;

    bool on_message(Message& message) override;
    void on_space() override { connection_->in().resume(); }

private:
    ConnectionPtr connection_;
};

}  // namespace jetway::router
