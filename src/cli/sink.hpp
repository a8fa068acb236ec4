// Where the output of a pipeline that a command started comes back: a hidden service of the command
// itself, the last stop of the itinerary. So nothing flows back through the stages.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "cli/copy.hpp"
#include "screen/assembly.hpp"
#include "stream/session.hpp"

namespace jetway::cli {

class Sink final : public stream::Service, public stream::StreamEvents {
public:
    /// Offers itself as `name` at once. `changed` is called when idle() may have become true.
    Sink(io::EventLoop& loop, stream::Session& session, std::string name,
         std::function<void()> changed);

    /// name@machine, for the itinerary.
    std::string address() const;
    /// Nothing waits to be written, and no stream is open.
    bool idle() const { return output_.idle() && stream_ == nullptr; }
    /// Nobody reads standard output.
    bool closed() const { return closed_; }
    /// Standard output cannot be written.
    const std::optional<Error>& failure() const { return failure_; }

private:
    void on_open(stream::StreamPtr stream) override;
    void on_data(Buffer bytes, bool end_of_message) override;
    void on_finish(const wire::Outcome& outcome) override;
    void on_end(const Error& reason) override;
    void on_done() override;
    void on_drained();
    void give_credit();
    void on_closed(const Error& error);
    void write_terminal_bytes();
    void finish_when_written();

    stream::Session& session_;
    std::string name_;
    std::function<void()> changed_;
    OutputCopy output_;
    stream::StreamPtr stream_;
    std::optional<screen::Assembly> messages_;  // of a terminal: only the bytes in them are shown
    std::size_t owed_ = 0;  // bytes of credit, given back when everything is written
    bool input_over_ = false;
    bool closed_ = false;
    std::optional<Error> failure_;
    Handle offer_;
};

}  // namespace jetway::cli
