#include "services/recorder/replay.hpp"

#include "base/random.hpp"

namespace jetway::recorder {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_in_message = 64UL * 1024;
constexpr double farthest_us = 1e15;  // 31 years: what the clock's type holds
constexpr int events_in_a_turn = 64;  // then the loop does something else

}  // namespace

Replay::Replay(io::EventLoop& loop, stream::ServiceContext& context, stream::StreamPtr stream,
               std::unique_ptr<CastFile> file, ReplayOptions options,
               std::function<void(Replay*)> over)
    : loop_(loop),
      stage_(context.session, std::move(stream), *this, context.name),
      file_(std::move(file)),
      options_(std::move(options)),
      over_(std::move(over)),
      started_(loop.now()),
      session_(system_random()) {
    stage_.start(screen::pty_content_type, wire::Shape::messages);
    send(screen::PtySize{file_->header().columns, file_->header().rows});
    timer_ = loop_.after(0s, [this] { go_on(); });
}

void Replay::on_input(Buffer bytes, bool /*end_of_message*/) {
    stage_.consume(bytes.size());
}

void Replay::on_space() {
    blocked_ = false;
    go_on();
}

void Replay::on_stop(const Error& /*reason*/) {
    timer_.reset();
    if (!std::exchange(finished_, true)) stage_.finish();
}

void Replay::on_end(const std::optional<Error>& /*failure*/) {
    over_(this);
}

void Replay::go_on() {
    timer_.reset();
    for (int count = 0; count < events_in_a_turn; ++count) {
        if (blocked_ || finished_ || !fetch() || wait_until_due()) return;
        send_event();
    }
    timer_ = loop_.after(0s, [this] { go_on(); });
}

/// The next event into event_; false when there is none, and the stream has been finished.
bool Replay::fetch() {
    if (event_) return true;
    auto next = file_->next();
    if (!next || !*next) {
        finished_ = true;
        if (next) {
            stage_.finish();
        } else {
            stage_.fail(next.error());
        }
        return false;
    }
    event_ = std::move(*next);
    std::uint64_t pause_us = event_->at_us - recorded_us_;
    recorded_us_ = event_->at_us;
    if (options_.idle) {
        const auto most =
            std::chrono::duration_cast<std::chrono::microseconds>(*options_.idle).count();
        pause_us = std::min(pause_us, static_cast<std::uint64_t>(most));
    }
    us_ += pause_us;
    return true;
}

bool Replay::wait_until_due() {
    if (options_.speed == 0) return false;
    const double passed_us = std::min(static_cast<double>(us_) / options_.speed, farthest_us);
    const std::chrono::duration<double, std::micro> passed(passed_us);
    const Time due = started_ + std::chrono::duration_cast<Duration>(passed);
    if (due <= loop_.now()) return false;
    timer_ = loop_.at(due, [this] { go_on(); });
    return true;
}

void Replay::send_event() {
    const CastEvent event = *std::exchange(event_, std::nullopt);
    switch (event.code) {
        case CastCode::output:
            return send_output(event.data);
        case CastCode::resize:
            return send(screen::PtySize{event.columns, event.rows});
        case CastCode::marker:
            return send(screen::PtyMark{event.data.substr(0, screen::max_label)});
        case CastCode::exit:
            return send(screen::PtyExit{event.status, 0});
        case CastCode::input:
            return;
    }
}

void Replay::send_output(std::string_view bytes) {
    for (std::size_t at = 0; at < bytes.size(); at += most_in_message) {
        const std::string_view part = bytes.substr(at, most_in_message);
        send(screen::PtyOut{Buffer::copy_of(part)});
        off_ += part.size();
    }
}

void Replay::send(decltype(screen::PtyMessage::body) body) {
    screen::Stamp stamp;
    stamp.session = session_;
    stamp.sequence = sequence_++;
    stamp.us = us_;
    stamp.off = off_;
    stamp.offline = options_.speed == 0;
    if (!stage_.write(screen::encode({stamp, std::move(body)}))) blocked_ = true;
}

}  // namespace jetway::recorder
