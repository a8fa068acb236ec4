#include "services/gpu/gpu.hpp"

#include <unordered_map>

#include "base/log.hpp"
#include "screen/assembly.hpp"
#include "services/gpu/camera.hpp"
#include "services/gpu/studio.hpp"
#include "stream/stage.hpp"

namespace jetway::gpu {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_streams = 64;
constexpr Duration look_again = 5ms;  // live: whether the picture before has left

/// One stream of screens that is being drawn.
class Drawing final : public stream::StageEvents {
public:
    using Over = std::function<void(Drawing*)>;

    Drawing(stream::ServiceContext& context, stream::StreamPtr stream,
            std::shared_ptr<Studio> studio, Over over)
        : context_(context),
          studio_(std::move(studio)),
          over_(std::move(over)),
          stage_(context.session, std::move(stream), *this, context.name),
          input_(screen::max_screen_message),
          camera_(studio_->atlas(), studio_->options().format) {
        stage_.start(screen::picture_content_type, wire::Shape::messages);
    }

private:
    void on_input(Buffer bytes, bool end_of_message) override {
        input_.add(std::move(bytes), end_of_message);
        pump();
    }
    void on_input_finish(const wire::Outcome& /*outcome*/) override {
        input_over_ = true;
        pump();
    }
    void on_space() override {
        blocked_ = false;
        pump();
    }
    void on_stop(const Error& /*reason*/) override { finish(); }
    void on_end(const std::optional<Error>& /*failure*/) override { over_(this); }

    bool offline() const { return screen_.stamp.offline; }

    void pump() {
        while (!finished_ && !failed_ && !(offline() && blocked_) && take_screen()) {
            if (offline()) draw();
        }
        if (failed_ || (offline() && blocked_)) return;
        if (input_over_) {
            if (waiting_) draw();
            return finish();
        }
        if (waiting_) draw_when_there_is_room();
    }

    /// False when there is none.
    bool take_screen() {
        std::size_t consumed = 0;
        auto message = input_.next(consumed);
        stage_.consume(consumed);
        if (!message) return fail(message.error());
        if (!*message) return false;
        auto decoded = screen::decode_screen((*message)->bytes());
        if (!decoded) return fail(decoded.error());
        if (auto* snapshot = std::get_if<screen::Snapshot>(&*decoded)) {
            screen_ = std::move(*snapshot);
        } else if (auto applied = screen::apply(screen_, std::get<screen::Diff>(*decoded));
                   !applied) {
            return fail(applied.error());
        }
        if (waiting_) ++skipped_;
        waiting_ = true;
        return true;
    }

    void draw_when_there_is_room() {
        if (!blocked_ && stage_.unsent() == 0) return draw();
        if (!look_) {
            look_ = context_.session.timer().after(look_again, [this] {
                look_.release();
                pump();
            });
        }
    }

    void draw() {
        waiting_ = false;
        auto update = camera_.shoot(screen_, studio_->renderer());
        if (!update && studio_->fall_back(update.error()))
            update = camera_.shoot(screen_, studio_->renderer());
        if (!update) {
            fail(update.error());
            return;
        }
        const std::uint64_t drawn = update->n + 1;
        update->n += skipped_;  // the hole that tells of them
        blocked_ = !stage_.write(encode(*update));
        if (context_.note && drawn % 100 == 0) {
            context_.note("pictures",
                          std::to_string(drawn) + ", " + std::to_string(skipped_) + " skipped");
        }
    }

    void finish() {
        if (std::exchange(finished_, true)) return;
        look_.reset();
        stage_.finish();
        std::size_t consumed = 0;
        for (auto message = input_.next(consumed); message && *message;)
            message = input_.next(consumed);
        stage_.consume(consumed);
    }

    bool fail(const Error& reason) {
        failed_ = true;
        look_.reset();
        stage_.fail(reason);
        return false;
    }

    stream::ServiceContext& context_;
    std::shared_ptr<Studio> studio_;
    Over over_;
    stream::Stage stage_;
    screen::Assembly input_;
    Camera camera_;
    screen::Snapshot screen_;
    Handle look_;
    std::uint64_t skipped_ = 0;  // live: screens that a newer one replaced
    bool waiting_ = false;       // screen_ is not drawn yet
    bool blocked_ = false;
    bool input_over_ = false;
    bool finished_ = false;
    bool failed_ = false;
};

class GpuService final : public stream::Service {
public:
    GpuService(stream::ServiceContext context, std::unique_ptr<Studio> studio)
        : context_(std::move(context)), studio_(std::move(studio)) {}

    void on_open(stream::StreamPtr stream) override {
        if (drawings_.size() >= most_streams) {
            stream->refuse({Code::pressure,
                            context_.name + " draws " + std::to_string(most_streams) + " already"});
            return;
        }
        if (auto studio = studio_for(stream->opening()); !studio) {
            stream->refuse(studio.error());
        } else {
            auto drawing =
                std::make_unique<Drawing>(context_, std::move(stream), std::move(*studio),
                                          [this](Drawing* over) { drawings_.erase(over); });
            Drawing* key = drawing.get();
            drawings_.emplace(key, std::move(drawing));
        }
    }

private:
    /// The service's studio, or one of its own for a stream that brings settings. Started.
    Result<std::shared_ptr<Studio>> studio_for(const wire::Open& opening) {
        std::shared_ptr<Studio> studio = studio_;
        if (opening.settings_size() > 0) {
            Settings settings = context_.settings;
            const Settings brought = wire::to_settings(opening.settings());
            for (const auto& [key, values] : brought.all()) settings.set(key, values);
            JETWAY_ASSIGN(const StudioOptions options, read_studio_options(settings));
            JETWAY_ASSIGN(studio, Studio::make(context_.name, options));
        }
        if (!studio->started()) JETWAY_TRY(studio->start());
        if (context_.note) context_.note("renderer", studio->renderer().name());
        return studio;
    }

    stream::ServiceContext context_;
    std::shared_ptr<Studio> studio_;
    std::unordered_map<Drawing*, std::unique_ptr<Drawing>> drawings_;
};

}  // namespace

Capabilities capabilities() {
    return {ServiceType::transform,
            {std::string(screen::screen_content_type)},
            {std::string(screen::picture_content_type)},
            {"opencl", "scalar"}};
}

Result<std::unique_ptr<stream::Service>> make(io::EventLoop& /*loop*/,
                                              stream::ServiceContext context) {
    JETWAY_ASSIGN(const StudioOptions options, read_studio_options(context.settings));
    JETWAY_ASSIGN(std::unique_ptr<Studio> studio, Studio::make(context.name, options));
    return std::unique_ptr<stream::Service>(
        std::make_unique<GpuService>(std::move(context), std::move(studio)));
}

}  // namespace jetway::gpu
