#include "services/parser/parser.hpp"

#include <unordered_map>

#include "screen/assembly.hpp"
#include "services/parser/sampler.hpp"
#include "stream/stage.hpp"

namespace jetway::parser {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_streams = 64;
constexpr Duration idle_interval =
    1s;  // live: at least one message, so that viewers see that time goes on

Result<SamplerOptions> read_options(const Settings& settings, const SamplerOptions& fallback) {
    SamplerOptions options;
    JETWAY_TRY(check_settings(kind, settings));
    JETWAY_ASSIGN(const std::int64_t fps, settings.number("fps", fallback.fps));
    JETWAY_ASSIGN(options.offline, settings.flag("offline", fallback.offline));
    options.fps = static_cast<std::uint32_t>(fps);
    return options;
}

std::uint64_t microseconds(Duration duration) {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(duration).count());
}

/// One terminal that is being parsed.
class Parsing final : public stream::StageEvents {
public:
    using Over = std::function<void(Parsing*)>;

    Parsing(stream::ServiceContext& context, stream::StreamPtr stream, SamplerOptions options,
            Over over)
        : timer_(context.session.timer()),
          over_(std::move(over)),
          stage_(context.session, std::move(stream), *this, context.name),
          input_(screen::max_pty_message),
          sampler_(options),
          interval_(Duration(1s) / options.fps) {
        stage_.start(screen::screen_content_type, wire::Shape::messages);
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

    void pump() {
        if (finished_) return discard();
        while (sampler_.offline() ? go_on_offline() : take_event()) {
        }
        if (failed_ || (sampler_.offline() && blocked_)) return;
        if (input_over_) return end();
        if (!sampler_.offline() && sampler_.started() && !sampler_.finished() && !tick_) plan();
    }

    /// One message out or one event in, unless the viewer or the sender has to be waited for.
    bool go_on_offline() {
        if (blocked_) return false;
        if (!sampler_.due()) return take_event();
        write();
        return true;
    }

    /// False when there is none.
    bool take_event() {
        std::size_t consumed = 0;
        auto message = input_.next(consumed);
        stage_.consume(consumed);
        if (!message) return fail(message.error());
        if (!*message) return false;
        auto event = screen::decode_pty(**message);
        if (!event) return fail(event.error());
        // Nothing follows an exit; a sender who says more is ignored rather than believed.
        if (sampler_.finished()) return true;
        if (auto accepted = sampler_.accept(*event); !accepted) return fail(accepted.error());
        if (!sampler_.offline()) heard_ = timer_.now();
        return true;
    }

    void write() { blocked_ = !stage_.write(sampler_.take()); }

    /// Live: the next message leaves when its picture's time has come on the sender's clock, which
    /// we know from the last event.
    void plan() {
        const std::uint64_t ahead_us =
            sampler_.next_us() - std::min(sampler_.next_us(), sampler_.last_event_us());
        const Duration wait = sampler_.due() ? std::chrono::microseconds(ahead_us) : idle_interval;
        tick_ = timer_.after(std::min<Duration>(wait, idle_interval), [this] { tick(); });
    }

    void tick() {
        tick_.release();
        // Until the last message has left, a newer one waits here and takes in what happens
        // meanwhile.
        if (blocked_ || stage_.unsent() > 0) {
            tick_ = timer_.after(interval_, [this] { tick(); });
            return;
        }
        if (!sampler_.due())
            sampler_.advance_to(sampler_.last_event_us() + microseconds(timer_.now() - heard_));
        write();
        pump();
    }

    void end() {
        if (!sampler_.finished()) {
            sampler_.end();
            if (sampler_.due()) write();
        }
        finish();
    }

    void finish() {
        if (std::exchange(finished_, true)) return;
        tick_.reset();
        stage_.finish();
        discard();
    }

    /// What comes after the end is taken and forgotten, so that the sender can end too.
    void discard() {
        std::size_t consumed = 0;
        for (auto message = input_.next(consumed); message && *message;)
            message = input_.next(consumed);
        stage_.consume(consumed);
    }

    bool fail(const Error& reason) {
        failed_ = true;
        tick_.reset();
        stage_.fail(reason);
        return false;
    }

    Timer& timer_;
    Over over_;
    stream::Stage stage_;
    screen::Assembly input_;
    Sampler sampler_;
    Duration interval_;
    Handle tick_;
    Time heard_{};  // when the last live event came
    bool blocked_ = false;
    bool input_over_ = false;
    bool finished_ = false;
    bool failed_ = false;
};

class ParserService final : public stream::Service {
public:
    ParserService(stream::ServiceContext context, SamplerOptions options)
        : context_(std::move(context)), options_(options) {}

    void on_open(stream::StreamPtr stream) override {
        if (parsings_.size() >= most_streams) {
            stream->refuse({Code::pressure, context_.name + " parses " +
                                                std::to_string(most_streams) + " already"});
            return;
        }
        auto options = read_options(wire::to_settings(stream->opening().settings()), options_);
        if (!options) return stream->refuse(options.error());
        auto parsing = std::make_unique<Parsing>(context_, std::move(stream), *options,
                                                 [this](Parsing* over) { parsings_.erase(over); });
        Parsing* key = parsing.get();
        parsings_.emplace(key, std::move(parsing));
    }

private:
    stream::ServiceContext context_;
    SamplerOptions options_;
    std::unordered_map<Parsing*, std::unique_ptr<Parsing>> parsings_;
};

}  // namespace

const Kind kind{
    "parser-server",
    {},
    "turns a terminal's bytes into the screen they make, as snapshots and diffs",
    {{"fps",
      SettingType::number,
      "30",
      "pictures a second that the screen is sampled for, 1 to 120",
      {.least = 1, .most = 120}},
     {"offline", SettingType::flag, "false", "one diff for every picture, none skipped"}},
    {},
    std::string(screen::pty_content_type),
    std::string(screen::screen_content_type),
    {"fps", "offline"}};

Capabilities capabilities() {
    return {ServiceType::transform, {kind.takes}, {kind.gives}, {}};
}

Result<std::unique_ptr<stream::Service>> make(io::EventLoop& /*loop*/,
                                              stream::ServiceContext context) {
    JETWAY_ASSIGN(const SamplerOptions options, read_options(context.settings, SamplerOptions()));
    return std::unique_ptr<stream::Service>(
        std::make_unique<ParserService>(std::move(context), options));
}

}  // namespace jetway::parser
