#include <cmath>
#include <unordered_map>

#include "services/recorder/recorder.hpp"
#include "services/recorder/replay.hpp"

namespace jetway::recorder {
namespace {

constexpr std::size_t most_replays = 256;

Result<double> speed(const Settings& settings, double usual) {
    JETWAY_ASSIGN(const std::string text, settings.text("speed", ""));
    if (text == "max") return 0.0;
    return settings.real("speed", usual);
}

Result<ReplayOptions> read_settings(const Settings& settings, ReplayOptions options) {
    JETWAY_TRY(check_settings(replayer_kind, settings));
    JETWAY_ASSIGN(options.input, settings.text("input", options.input));
    JETWAY_ASSIGN(options.speed, speed(settings, options.speed));
    if (settings.has("idle")) {
        JETWAY_ASSIGN(options.idle, settings.duration("idle", Duration::zero()));
    }
    return options;
}

class ReplayerService final : public stream::Service {
public:
    ReplayerService(io::EventLoop& loop, stream::ServiceContext context, ReplayOptions options)
        : loop_(loop), context_(std::move(context)), options_(std::move(options)) {}

    void on_open(stream::StreamPtr stream) override {
        auto options = read_settings(wire::to_settings(stream->opening().settings()), options_);
        auto file = std::make_unique<CastFile>();
        Result<> ready = options ? prepare(*options, *file) : Result<>(options.error());
        if (!ready) {
            stream->refuse(ready.error());
            return;
        }
        auto replay = std::make_unique<Replay>(loop_, context_, std::move(stream), std::move(file),
                                               std::move(*options),
                                               [this](Replay* over) { replays_.erase(over); });
        Replay* key = replay.get();
        replays_.emplace(key, std::move(replay));
    }

private:
    Result<> prepare(const ReplayOptions& options, CastFile& file) const {
        if (replays_.size() >= most_replays) {
            return Error{Code::pressure,
                         context_.name + " replays " + std::to_string(most_replays) + " already"};
        }
        if (options.input.empty())
            return Error{Code::usage, context_.name + " needs `input`, a .cast file"};
        return file.open(options.input);
    }

    io::EventLoop& loop_;
    stream::ServiceContext context_;
    ReplayOptions options_;
    std::unordered_map<Replay*, std::unique_ptr<Replay>> replays_;
};

}  // namespace

const Kind replayer_kind{"replayer",
                         {},
                         "replays a .cast file (asciicast version 2 or 3) as a terminal session",
                         {{"input", SettingType::text, "", "the file"},
                          {"speed",
                           SettingType::real,
                           "1",
                           "recorded seconds a second, 0.001 to 1000, or `max`: as fast as the "
                           "readers take it",
                           {.least = 0.001, .most = 1000, .choices = {"max"}}},
                          {"idle", SettingType::duration, "", "longer pauses are cut to this"}},
                         {},
                         std::string(Kind::nothing),
                         std::string(screen::pty_content_type),
                         {"input", "speed", "idle"}};

Capabilities replayer_capabilities() {
    return {ServiceType::source, {}, {replayer_kind.gives}, {}};
}

Result<std::unique_ptr<stream::Service>> make_replayer(io::EventLoop& loop,
                                                       stream::ServiceContext context) {
    JETWAY_ASSIGN(ReplayOptions options, read_settings(context.settings, {}));
    return std::unique_ptr<stream::Service>(
        std::make_unique<ReplayerService>(loop, std::move(context), std::move(options)));
}

}  // namespace jetway::recorder
