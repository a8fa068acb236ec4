// For tests of transports: an end of a connection that sends and remembers frames.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "kernel/connection.hpp"
#include "wire/frame.hpp"

namespace jetway::transport {

/// Sends what it is given as fast as the connection takes it, and keeps what arrives.
class TestEnd final : PipeReader, PipeWriter {
public:
    explicit TestEnd(ConnectionPtr owned) : connection(std::move(owned)) {
        connection->in().set_reader(this);
        connection->out().set_writer(this);
        connection->set_on_closed([this](const Error& reason) {
            ++times_closed;
            closed = reason;
        });
    }

    void send(wire::Frame frame) {
        unsent_.push_back(std::move(frame));
        on_space();
    }
    void send_text(std::string_view text, std::uint32_t label = 1, std::uint8_t flags = 0) {
        send(wire::Frame(wire::FrameType::data, label, Buffer::copy_of(text), flags));
    }
    std::size_t unsent() const { return unsent_.size(); }

    void refuse() { refusing_ = true; }
    void accept() {
        refusing_ = false;
        if (connection) connection->in().resume();
    }

    ConnectionPtr connection;
    std::vector<wire::Frame> frames;  // that arrived; empty when not `keep`
    std::size_t count = 0;            // of them
    std::size_t bytes = 0;            // of their bodies
    bool keep = true;
    std::function<void(const wire::Frame&)> on_frame;
    std::optional<Error> closed;
    int times_closed = 0;

private:
    bool on_message(Message& message) override {
        if (refusing_) return false;
        wire::Frame frame;
        frame.header = wire::FrameHeader::unpack(message.header);
        frame.body = std::move(message.body);
        ++count;
        bytes += frame.body.size();
        if (keep) frames.push_back(frame);
        if (on_frame) on_frame(frame);
        return true;
    }

    void on_space() override {
        while (connection && !unsent_.empty()) {
            Message message{unsent_.front().header.pack(), unsent_.front().body};
            if (!connection->out().write(message)) return;
            unsent_.pop_front();
        }
    }

    std::deque<wire::Frame> unsent_;
    bool refusing_ = false;
};

}  // namespace jetway::transport
