#include "services/mp4/mp4.hpp"

#include <ctime>
#include <set>
#include <unordered_map>

#include "base/log.hpp"
#include "screen/assembly.hpp"
#include "services/mp4/video_file.hpp"
#include "stream/stage.hpp"

namespace jetway::mp4 {
namespace {

constexpr std::size_t most_streams = 16;

struct Recording {
    std::string output;  // empty: made up from service, machine and time
    VideoOptions video;
};

Result<Recording> read_recording(const Settings& settings, const Recording& fallback) {
    Recording recording;
    JETWAY_ASSIGN(recording.output, settings.text("output", fallback.output));
    JETWAY_ASSIGN(const std::int64_t fps, settings.number("fps", fallback.video.fps, 1, 120));
    JETWAY_ASSIGN(const std::int64_t crf, settings.number("crf", fallback.video.crf, 0, 51));
    JETWAY_ASSIGN(recording.video.preset, settings.text("preset", fallback.video.preset));
    recording.video.fps = static_cast<std::uint32_t>(fps);
    recording.video.crf = static_cast<std::uint32_t>(crf);
    return recording;
}

std::string made_up_name(const std::string& service, const std::string& machine) {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    localtime_r(&now, &parts);
    char text[32] = {};
    std::strftime(text, sizeof text, "%Y%m%d-%H%M%S", &parts);
    return service + "-" + machine + "-" + text + ".mp4";
}

/// One video being written.
class Encoding final : public stream::StageEvents {
public:
    struct Owner {
        std::function<void(Encoding*)> over;
        std::function<Result<>(const std::string& path)> claim;  // one writer a file
        std::function<void(const std::string& path)> release;
    };

    Encoding(const stream::ServiceContext& context, stream::StreamPtr stream, Recording recording,
             Owner owner)
        : owner_(std::move(owner)),
          recording_(std::move(recording)),
          stage_(context.session, std::move(stream), *this, context.name),
          input_(screen::max_picture_message(screen::max_side, screen::max_side)) {
        if (recording_.output.empty())
            recording_.output = made_up_name(context.name, context.session.machine());
        stage_.start({}, wire::Shape::messages);
    }
    ~Encoding() { release(); }

private:
    void on_input(Buffer bytes, bool end_of_message) override {
        input_.add(std::move(bytes), end_of_message);
        std::size_t consumed = 0;
        Result<> taken = success();
        for (;;) {
            auto message = input_.next(consumed);
            if (!message) taken = message.error();
            if (!message || !*message) break;
            if (over_) continue;
            taken = take(**message);
            if (!taken) break;
        }
        stage_.consume(consumed);
        if (!taken && !over_) fail(taken.error());
    }

    Result<> take(const Buffer& message) {
        JETWAY_ASSIGN(const screen::PictureUpdate update, screen::decode_picture(message));
        JETWAY_TRY(screen::apply(picture_, update));
        if (!file_) {
            JETWAY_TRY(owner_.claim(recording_.output));
            claimed_ = true;
            JETWAY_ASSIGN(file_, VideoFile::create(recording_.output, picture_.width,
                                                   picture_.height, recording_.video));
        }
        last_us_ = std::max(last_us_, update.stamp.us);
        return file_->add(picture_, update.stamp.us);
    }

    void on_input_finish(const wire::Outcome& /*outcome*/) override {
        if (over_) return;
        over_ = true;
        wire::Outcome outcome;
        if (!file_) {
            outcome.set_detail("no picture came, no file was written");
            return stage_.finish(outcome);
        }
        auto summary = file_->close(last_us_);
        file_.reset();
        release();
        if (!summary) return fail(summary.error());
        outcome.set_detail(fmt::format("{}: {:.1f} s, {} pictures", summary->path, summary->seconds,
                                       summary->pictures));
        log::info("wrote {}", outcome.detail());
        stage_.finish(outcome);
    }

    void on_end(const std::optional<Error>& failure) override {
        if (failure && file_) {
            // Whoever sent pictures is gone: what came is worth keeping.
            if (auto summary = file_->close(last_us_))
                log::info("wrote {} ({})", summary->path, failure->line());
            file_.reset();
        }
        owner_.over(this);  // destroys this
    }

    void fail(const Error& reason) {
        over_ = true;
        log::error("{}", reason.line());
        file_.reset();
        release();
        stage_.fail(reason);
    }

    void release() {
        if (std::exchange(claimed_, false)) owner_.release(recording_.output);
    }

    Owner owner_;
    Recording recording_;
    stream::Stage stage_;
    screen::Assembly input_;
    screen::Picture picture_;
    std::unique_ptr<VideoFile> file_;
    std::uint64_t last_us_ = 0;
    bool claimed_ = false;
    bool over_ = false;
};

class Mp4Service final : public stream::Service {
public:
    Mp4Service(stream::ServiceContext context, Recording recording)
        : context_(std::move(context)), recording_(std::move(recording)) {}

    void on_open(stream::StreamPtr stream) override {
        if (encodings_.size() >= most_streams) {
            return stream->refuse(
                {Code::pressure,
                 context_.name + " writes " + std::to_string(most_streams) + " files already"});
        }
        auto recording =
            read_recording(wire::to_settings(stream->opening().settings()), recording_);
        if (!recording) return stream->refuse(recording.error());
        auto encoding = std::make_unique<Encoding>(
            context_, std::move(stream), std::move(*recording),
            Encoding::Owner{[this](Encoding* over) { encodings_.erase(over); },
                            [this](const std::string& path) { return claim(path); },
                            [this](const std::string& path) { paths_.erase(path); }});
        Encoding* key = encoding.get();
        encodings_.emplace(key, std::move(encoding));
    }

private:
    Result<> claim(const std::string& path) {
        if (paths_.insert(path).second) return success();
        return Error(Code::already_running, path + " is being written for another stream")
            .then("name another file with the setting `output`");
    }

    stream::ServiceContext context_;
    Recording recording_;
    std::set<std::string> paths_;
    std::unordered_map<Encoding*, std::unique_ptr<Encoding>> encodings_;
};

}  // namespace

Capabilities capabilities() {
    return {ServiceType::output, {std::string(screen::picture_content_type)}, {}, {"h264"}};
}

Result<std::unique_ptr<stream::Service>> make(io::EventLoop& /*loop*/,
                                              stream::ServiceContext context) {
    JETWAY_ASSIGN(Recording recording, read_recording(context.settings, Recording()));
    return std::unique_ptr<stream::Service>(
        std::make_unique<Mp4Service>(std::move(context), std::move(recording)));
}

}  // namespace jetway::mp4
