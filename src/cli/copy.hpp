// Standard input into a stream, and a stream onto standard output, each as fast as its reader.
#pragma once

#include <functional>
#include <optional>

#include "io/byte_stream.hpp"
#include "stream/stream.hpp"

namespace jetway::cli {

/// Copies standard input into a stream and finishes the stream's half at its end. The stream
/// outlives it. When it cannot be read, `failed` hears of it and the stream is left as it is.
class InputCopy final : public io::ByteStreamEvents {
public:
    InputCopy(io::EventLoop& loop, stream::Stream& stream,
              std::function<void(const Error&)> failed);

    /// The stream has room again (StreamEvents::on_writable).
    void resume();
    /// Nobody wants more: reads no further and finishes the stream's half.
    void stop();

private:
    void on_read(Buffer bytes) override;
    void on_read_end() override { stop(); }
    void on_failed(const Error& error) override;

    stream::Stream& stream_;
    std::function<void(const Error&)> failed_;
    io::ByteStreamPtr input_;  // nullptr when stopped, or when there is no standard input
};

/// Bytes onto standard output.
class OutputCopy final : public io::ByteStreamEvents {
public:
    /// `drained` is called when everything written has been taken, with the bytes of it; `failed`
    /// when nobody reads (E-CLOSED) or it cannot be written: what is written afterwards is
    /// discarded, and counts as drained.
    OutputCopy(io::EventLoop& loop, std::function<void(std::size_t)> drained,
               std::function<void(const Error&)> failed);

    void write(Buffer bytes);
    bool idle() const { return waiting_ == 0; }

private:
    void on_read(Buffer /*bytes*/) override {}
    void on_read_end() override {}
    void on_drained() override;
    void on_failed(const Error& error) override;

    io::EventLoop& loop_;
    std::function<void(std::size_t)> drained_;
    std::function<void(const Error&)> failed_;
    io::ByteStreamPtr output_;  // nullptr once it failed
    std::size_t waiting_ = 0;
    Handle discarding_;
};

/// The exit status of a command whose stream ended with this outcome: the program's own, unless
/// that is 0, else that of its code, whose error is shown. 0 for plain success.
int status_of(const wire::Outcome& outcome);

}  // namespace jetway::cli
