// A Replay: one stream that a recording is sent to. Private to the folder.
#pragma once

#include <memory>
#include <optional>

#include "io/event_loop.hpp"
#include "screen/bytes.hpp"
#include "services/recorder/cast_file.hpp"
#include "stream/stage.hpp"

namespace jetway::recorder {

struct ReplayOptions {
    std::string input;
    double speed = 1;  // recorded seconds a second; 0: as fast as the readers take it
    /// Longer pauses are cut to this, in the times of the messages too.
    std::optional<Duration> idle;
};

class Replay final : public stream::StageEvents {
public:
    /// Accepts the stream. `over` is called last, from the loop; the Replay may be destroyed in it.
    Replay(io::EventLoop& loop, stream::ServiceContext& context, stream::StreamPtr stream,
           std::unique_ptr<CastFile> file, ReplayOptions options,
           std::function<void(Replay*)> over);

private:
    void on_input(Buffer bytes, bool end_of_message) override;
    void on_input_finish(const wire::Outcome& /*outcome*/) override {}
    void on_space() override;
    void on_stop(const Error& reason) override;
    void on_end(const std::optional<Error>& failure) override;

    void go_on();
    bool fetch();
    bool wait_until_due();
    void send_event();
    void send_output(std::string_view bytes);
    void send(decltype(screen::PtyMessage::body) body);

    io::EventLoop& loop_;
    stream::Stage stage_;
    std::unique_ptr<CastFile> file_;
    ReplayOptions options_;
    std::function<void(Replay*)> over_;
    Time started_;
    std::uint64_t session_;
    std::uint64_t sequence_ = 0;
    std::uint64_t off_ = 0;
    std::uint64_t us_ = 0;            // of the last event, pauses cut
    std::uint64_t recorded_us_ = 0;   // of the last event, as in the file
    std::optional<CastEvent> event_;  // the next to be sent; its at_us is that of the message
    bool blocked_ = false;
    bool finished_ = false;
    Handle timer_;
};

}  // namespace jetway::recorder
