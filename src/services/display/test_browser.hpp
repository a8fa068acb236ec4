// A browser, as far as bytes go, for tests.
#pragma once

#include <gtest/gtest.h>
#include <string>

#include "io/byte_stream.hpp"

namespace jetway::display {

/// Connects, sends what it is told, and keeps what comes back.
class Browser final : public io::ByteStreamEvents {
public:
    Browser(io::EventLoop& loop, const std::string& address) {
        dial_ = io::dial(loop, address, std::chrono::seconds(5),
                         [this](Result<io::ByteStreamPtr> connected) {
                             ASSERT_TRUE(connected) << connected.error().line();
                             stream_ = std::move(*connected);
                             stream_->set_events(this);
                             stream_->start_reading();
                             if (!request_.empty()) stream_->write(Buffer::copy_of(request_));
                         });
    }
    void send(const std::string& bytes) {
        request_ += bytes;
        if (stream_) stream_->write(Buffer::copy_of(bytes));
    }
    void close() { stream_.reset(); }
    io::ByteStream& stream() { return *stream_; }

    std::string received;
    bool ended = false;

private:
    void on_read(Buffer bytes) override { received += bytes.text(); }
    void on_read_end() override { ended = true; }
    void on_failed(const Error& /*error*/) override { ended = true; }

    Handle dial_;
    io::ByteStreamPtr stream_;
    std::string request_;
};

}  // namespace jetway::display
