#include "services/mp4/mp4.hpp"

#include <ctime>
#include <filesystem>
#include <set>
#include <unordered_map>

#include "base/handle.hpp"
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

/// SERVICE-MACHINE-TIME.
std::string made_up_stem(const std::string& service, const std::string& machine) {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    localtime_r(&now, &parts);
    char text[32] = {};
    std::strftime(text, sizeof text, "%Y%m%d-%H%M%S", &parts);
    return service + "-" + machine + "-" + text;
}

/// The first of STEM.mp4, STEM-2.mp4 and so on that is not there yet.
std::string free_name(const std::string& stem) {
    std::error_code ignored;
    std::string path = stem + ".mp4";
    for (int number = 2; std::filesystem::exists(path, ignored); ++number)
        path = stem + "-" + std::to_string(number) + ".mp4";
    return path;
}

/// One video being written.
class Encoding final : public stream::StageEvents {
public:
    struct Owner {
        std::function<void(Encoding*)> over;
        /// One writer a file: until the handle goes.
        std::function<Result<Handle>(const std::string& path)> claim;
    };

    Encoding(const stream::ServiceContext& context, stream::StreamPtr stream, Recording recording,
             Owner owner)
        : owner_(std::move(owner)),
          recording_(std::move(recording)),
          stage_(context.session, std::move(stream), *this, context.name),
          input_(screen::max_picture_message(screen::max_side, screen::max_side)) {
        if (recording_.output.empty())
            stem_ = made_up_stem(context.name, context.session.machine());
        stage_.start({}, wire::Shape::messages);
    }

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
        if (!file_) JETWAY_TRY(create_file());
        last_us_ = std::max(last_us_, update.stamp.us);
        auto added = file_->add(picture_, update.stamp.us);
        if (!added) file_.reset();  // only the destructor may follow
        return added;
    }

    /// A name that was asked for replaces an old file, a made-up one does not.
    Result<> create_file() {
        if (!stem_.empty()) recording_.output = free_name(stem_);
        JETWAY_ASSIGN(claim_, owner_.claim(recording_.output));
        JETWAY_ASSIGN(file_, VideoFile::create(recording_.output, picture_.width, picture_.height,
                                               recording_.video));
        return success();
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
        claim_.reset();
        if (!summary) return fail(summary.error());
        outcome.set_detail(fmt::format("{}: {:.1f} s, {} pictures", summary->path, summary->seconds,
                                       summary->pictures));
        log::info("wrote {}", outcome.detail());
        stage_.finish(outcome);
    }

    void on_end(const std::optional<Error>& failure) override {
        if (failure) keep(*failure);
        owner_.over(this);  // destroys this
    }

    void fail(const Error& reason) {
        over_ = true;
        log::error("{}", reason.line());
        keep(reason);
        claim_.reset();
        stage_.fail(reason);
    }

    /// No more pictures will come: those that came are worth keeping.
    void keep(const Error& reason) {
        if (!file_) return;
        if (auto summary = file_->close(last_us_); summary)
            log::info("wrote {} ({})", summary->path, reason.line());
        else
            log::error("{}", summary.error().line());
        file_.reset();
    }

    Owner owner_;
    Recording recording_;
    std::string stem_;  // of the made-up name; empty: the name is given
    stream::Stage stage_;
    screen::Assembly input_;
    screen::Picture picture_;
    Handle claim_;  // of the file
    std::unique_ptr<VideoFile> file_;
    std::uint64_t last_us_ = 0;
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
                            [this](const std::string& path) { return claim(path); }});
        Encoding* key = encoding.get();
        encodings_.emplace(key, std::move(encoding));
    }

private:
    Result<Handle> claim(const std::string& path) {
        std::error_code ignored;
        const auto file =
            std::filesystem::weakly_canonical(std::filesystem::absolute(path, ignored), ignored);
        if (paths_.insert(file).second) return Handle([this, file] { paths_.erase(file); });
        return Error(Code::already_running, path + " is being written for another stream")
            .then("name another file with the setting `output`");
    }

    stream::ServiceContext context_;
    Recording recording_;
    std::set<std::filesystem::path> paths_;  // being written, in one spelling
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
