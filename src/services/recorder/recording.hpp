// A Recording: one stream of terminal messages that goes into one file. Private to the folder.
#pragma once

#include <optional>
#include <string>

#include "screen/assembly.hpp"
#include "screen/bytes.hpp"
#include "services/recorder/cast.hpp"
#include "services/recorder/recording_file.hpp"
#include "stream/stage.hpp"

namespace jetway::recorder {

class Recording final : public stream::StageEvents {
public:
    /// Accepts the stream. The file is made when the first message comes; without a path it is
    /// named after the service, the machine and the time. `over` is called last, from the loop; the
    /// Recording may be destroyed in it.
    Recording(stream::ServiceContext& context, stream::StreamPtr stream, std::string path,
              std::function<void(Recording*)> over);

private:
    void on_input(Buffer bytes, bool end_of_message) override;
    void on_input_finish(const wire::Outcome& outcome) override;
    void on_space() override;
    void on_end(const std::optional<Error>& failure) override;

    void take_messages();
    void take(const Buffer& encoded);
    Result<> check_offset(const screen::PtyMessage& message);
    void write(const screen::PtyMessage& message);
    Result<> begin(const screen::PtyMessage& message);
    Result<> open_file();
    std::string lines(const screen::PtyMessage& message);
    void finish_when_empty();
    void complete();
    void lose(const Error& reason);

    stream::ServiceContext& context_;
    stream::Stage stage_;
    std::function<void(Recording*)> over_;
    std::string path_;
    RecordingFile file_;
    CastWriter writer_;
    screen::Assembly input_{screen::max_pty_message};
    std::optional<std::uint64_t> next_off_;
    std::uint64_t last_us_ = 0;
    std::optional<Error> lost_;  // the recording is not complete: why
    bool passes_on_;             // there is a next stop
    bool begun_ = false;
    bool blocked_ = false;
    bool failed_ = false;
    bool input_finished_ = false;
    bool finished_ = false;
};

}  // namespace jetway::recorder
