// What a program writes to standard error, line by line into the log, as a pipe's events. A flood
// of lines is thinned out and counted.
#pragma once

#include <string>

#include "base/log.hpp"
#include "io/byte_stream.hpp"

namespace jetway::exec {

inline constexpr std::size_t most_of_line = 2048;  // bytes; the rest of a longer line is left out

class LineLog final : public io::ByteStreamEvents {
public:
    using Write = std::function<void(const std::string& line)>;
    /// `write` gets each line, made fit for a log.
    LineLog(Timer& timer, Write write);

    /// Nothing more will come.
    bool ended() const { return ended_; }

    void on_read(Buffer bytes) override;
    void on_read_end() override;
    void on_failed(const Error& error) override;

private:
    void take(std::string_view text);
    void write_line();

    Timer& timer_;
    Write write_;
    LogLimit limit_;
    std::string line_;
    bool ended_ = false;
};

}  // namespace jetway::exec
