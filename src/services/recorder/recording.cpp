#include "services/recorder/recording.hpp"

#include <chrono>
#include <ctime>

#include "base/log.hpp"

namespace jetway::recorder {
namespace {

std::int64_t unix_seconds() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::seconds>(now).count();
}

/// "20261231-235959" in local time.
std::string time_text() {
    const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    std::tm parts{};
    localtime_r(&now, &parts);
    std::array<char, 32> text{};
    std::strftime(text.data(), text.size(), "%Y%m%d-%H%M%S", &parts);
    return text.data();
}

}  // namespace

Recording::Recording(stream::ServiceContext& context, stream::StreamPtr stream, std::string path,
                     std::function<void(Recording*)> over)
    : context_(context),
      stage_(context.session, std::move(stream), *this, context.name),
      over_(std::move(over)),
      path_(std::move(path)),
      file_(context.session.timer()),
      passes_on_(stage_.opening().next_size() > 0) {
    stage_.start(screen::pty_content_type, wire::Shape::messages);
}

void Recording::on_input(Buffer bytes, bool end_of_message) {
    if (failed_) {
        stage_.consume(bytes.size());
        return;
    }
    input_.add(std::move(bytes), end_of_message);
    take_messages();
}

void Recording::on_space() {
    blocked_ = false;
    take_messages();
}

void Recording::on_input_finish(const wire::Outcome& /*outcome*/) {
    input_finished_ = true;
    finish_when_empty();
}

void Recording::on_end(const std::optional<Error>& failure) {
    if (failure && !finished_)
        log::warn("{}: the stream ended: {}", context_.name, failure->line());
    complete();
    over_(this);
}

void Recording::take_messages() {
    while (!blocked_ && !failed_) {
        std::size_t consumed = 0;
        const auto message = input_.next(consumed);
        if (consumed > 0) stage_.consume(consumed);
        if (!message) {
            failed_ = true;
            stage_.fail(message.error());
            return;
        }
        if (!*message) break;
        take(**message);
    }
    finish_when_empty();
}

void Recording::take(const Buffer& encoded) {
    const auto message = screen::decode_pty(encoded);
    const Result<> checked = message ? check_offset(*message) : Result<>(message.error());
    if (!checked) {
        failed_ = true;
        stage_.fail(checked.error());
        return;
    }
    write(*message);
    if (passes_on_) blocked_ = !stage_.write(encoded);
}

/// Every byte that the program wrote since the first message is here, or this is not a recording.
Result<> Recording::check_offset(const screen::PtyMessage& message) {
    const auto* out = std::get_if<screen::PtyOut>(&message.body);
    const std::uint64_t length = out == nullptr ? 0 : out->bytes.size();
    if (next_off_ && *next_off_ != message.stamp.off) {
        return Error{Code::protocol, "bytes " + std::to_string(*next_off_) + " to " +
                                         std::to_string(message.stamp.off) +
                                         " of the program's output are missing"};
    }
    next_off_ = message.stamp.off + length;
    return success();
}

void Recording::write(const screen::PtyMessage& message) {
    if (lost_) return;
    last_us_ = message.stamp.us;
    const Result<> written = begun_ ? file_.append(lines(message)) : begin(message);
    if (!written) lose(written.error());
}

/// The first size is the header's.
Result<> Recording::begin(const screen::PtyMessage& message) {
    begun_ = true;
    JETWAY_TRY(open_file());
    log::info("{}: recording into {}", context_.name, file_.path());
    CastHeader header;
    header.timestamp = unix_seconds();
    const auto* size = std::get_if<screen::PtySize>(&message.body);
    if (size != nullptr) {
        header.columns = size->columns;
        header.rows = size->rows;
    }
    JETWAY_TRY(file_.append(writer_.header(header)));
    if (size == nullptr) JETWAY_TRY(file_.append(lines(message)));
    return file_.flush();
}

Result<> Recording::open_file() {
    if (!path_.empty()) return file_.open(path_);
    return file_.create(context_.name + "-" + context_.session.machine() + "-" + time_text());
}

std::string Recording::lines(const screen::PtyMessage& message) {
    const std::uint64_t us = message.stamp.us;
    if (const auto* out = std::get_if<screen::PtyOut>(&message.body))
        return writer_.output(us, out->bytes.text());
    if (const auto* size = std::get_if<screen::PtySize>(&message.body)) {
        return writer_.resize(us, size->columns, size->rows);
    }
    if (const auto* mark = std::get_if<screen::PtyMark>(&message.body))
        return writer_.marker(us, mark->label);
    return writer_.exit(us, std::get<screen::PtyExit>(message.body).status);
}

/// The program is not stopped because its recording fails: the rest of the pipeline goes on, and
/// the end of it says what was lost.
void Recording::lose(const Error& reason) {
    log::error("{}: the recording stops: {}", context_.name, reason.line());
    if (context_.note) context_.note("recording", "stopped: " + reason.line());
    lost_ = reason;
}

void Recording::finish_when_empty() {
    if (finished_ || failed_ || blocked_ || !input_finished_ || !input_.empty()) return;
    finished_ = true;
    complete();
    if (!lost_) return stage_.finish();
    wire::Outcome outcome;
    outcome.set_code(static_cast<std::uint32_t>(lost_->code));
    outcome.set_detail(lost_->detail);
    stage_.finish(outcome);
}

void Recording::complete() {
    if (lost_ || !begun_) return;
    Result<> completed = file_.append(writer_.finish(last_us_));
    if (completed) completed = file_.close();
    if (!completed) lose(completed.error());
}

}  // namespace jetway::recorder
