// A pipeline while it runs: the stream to its first stage, and how it ended.
#pragma once

#include <functional>
#include <optional>

#include "stream/session.hpp"
#include "wire/control.hpp"

namespace jetway::cli {

class RunningPipeline final : public stream::StreamEvents {
public:
    /// Opens the stream. `changed` is called when over() has become true, and when writing may go
    /// on.
    RunningPipeline(stream::Session& session, const wire::Stage& first,
                    wire::TrafficClass traffic_class, std::function<void()> changed);

    stream::Stream& stream() { return *stream_; }
    bool over() const { return over_; }
    /// The stage reads no input.
    bool stopped() const { return stopped_; }
    /// Ends it now: every stage is told that it was cancelled.
    void cancel();
    /// The exit status, or the first cause of the failure. When over.
    Result<int> result() const;

private:
    void on_data(Buffer bytes, bool end_of_message) override;
    void on_finish(const wire::Outcome& outcome) override;
    void on_stop(const Error& reason) override;
    void on_end(const Error& reason) override;
    void on_writable() override { changed_(); }

    std::function<void()> changed_;
    stream::StreamPtr stream_;
    wire::Outcome outcome_;
    std::optional<Error> failure_;
    bool over_ = false;
    bool stopped_ = false;
};

}  // namespace jetway::cli
