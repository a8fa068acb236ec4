#include "services/recorder/recorder.hpp"

#include <unordered_map>

#include "services/recorder/recording.hpp"

namespace jetway::recorder {
namespace {

constexpr std::size_t most_recordings = 256;

class RecorderService final : public stream::Service {
public:
    explicit RecorderService(stream::ServiceContext context) : context_(std::move(context)) {}

    void on_open(stream::StreamPtr stream) override {
        if (const auto checked = check(stream->opening()); !checked) {
            stream->refuse(checked.error());
            return;
        }
        auto path = output(wire::to_settings(stream->opening().settings()));
        if (!path) {
            stream->refuse(path.error());
            return;
        }
        auto recording =
            std::make_unique<Recording>(context_, std::move(stream), std::move(*path),
                                        [this](Recording* over) { recordings_.erase(over); });
        Recording* key = recording.get();
        recordings_.emplace(key, std::move(recording));
    }

private:
    Result<> check(const wire::Open& opening) const {
        if (recordings_.size() >= most_recordings) {
            return Error{Code::pressure, context_.name + " makes " +
                                             std::to_string(most_recordings) +
                                             " recordings already"};
        }
        if (!stream::carries_messages(opening) ||
            (!opening.content_type().empty() &&
             opening.content_type() != screen::pty_content_type)) {
            return Error{Code::type,
                         context_.name + " takes " + std::string(screen::pty_content_type)};
        }
        return success();
    }

    Result<std::string> output(const Settings& settings) const {
        JETWAY_ASSIGN(const std::string usual, context_.settings.text("output", ""));
        return settings.text("output", usual);
    }

    stream::ServiceContext context_;
    std::unordered_map<Recording*, std::unique_ptr<Recording>> recordings_;
};

}  // namespace

const Kind recorder_kind{"recorder",
                         {},
                         "writes a terminal session into a .cast file (asciicast version 3)",
                         {{"output", SettingType::text, "SERVICE-MACHINE-TIME.cast",
                           "the file; an old one is replaced"}},
                         {},
                         std::string(screen::pty_content_type),
                         std::string(screen::pty_content_type),
                         {"output"}};

Capabilities recorder_capabilities() {
    return {ServiceType::output, {recorder_kind.takes}, {recorder_kind.gives}, {}};
}

Result<std::unique_ptr<stream::Service>> make_recorder(io::EventLoop& /*loop*/,
                                                       stream::ServiceContext context) {
    JETWAY_TRY(context.settings.text("output", ""));
    return std::unique_ptr<stream::Service>(std::make_unique<RecorderService>(std::move(context)));
}

}  // namespace jetway::recorder
