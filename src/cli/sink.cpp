#include "cli/sink.hpp"

#include "screen/bytes.hpp"

namespace jetway::cli {

Sink::Sink(io::EventLoop& loop, stream::Session& session, std::string name,
           std::function<void()> changed)
    : session_(session),
      name_(std::move(name)),
      changed_(std::move(changed)),
      output_(
          loop, [this](std::size_t) { on_drained(); },
          [this](const Error& error) { on_closed(error); }) {
    Capabilities capabilities;
    capabilities.type = ServiceType::output;
    capabilities.features = {"hidden"};
    offer_ = session_.offer(name_, capabilities, *this);
}

std::string Sink::address() const {
    return name_ + "@" + session_.machine();
}

void Sink::on_open(stream::StreamPtr stream) {
    if (stream_ != nullptr || input_over_) {
        return stream->refuse(
            Error(Code::denied, "the output of a command has one stage before it"));
    }
    stream_ = std::move(stream);
    stream_->set_events(this);
    if (stream_->opening().content_type() == screen::pty_content_type)
        messages_.emplace(screen::max_pty_message);
    stream_->accept();
}

void Sink::on_data(Buffer bytes, bool end_of_message) {
    if (messages_) {
        messages_->add(std::move(bytes), end_of_message);
        write_terminal_bytes();
    } else {
        owed_ += bytes.size();
        output_.write(std::move(bytes));
    }
    give_credit();
}

/// What the program wrote, out of its messages.
void Sink::write_terminal_bytes() {
    while (true) {
        const auto message = messages_->next(owed_);
        if (!message) return stream_->reset(message.error());
        if (!*message) return;
        const auto decoded = screen::decode_pty(**message);
        if (!decoded) continue;
        if (const auto* out = std::get_if<screen::PtyOut>(&decoded->body))
            output_.write(out->bytes);
    }
}

void Sink::on_finish(const wire::Outcome& /*outcome*/) {
    input_over_ = true;
    finish_when_written();
}

void Sink::on_end(const Error& /*reason*/) {
    input_over_ = true;
    stream_.reset();
    changed_();
}

void Sink::on_done() {
    stream_.reset();
    changed_();
}

void Sink::on_drained() {
    give_credit();
    finish_when_written();
    changed_();
}

void Sink::give_credit() {
    if (stream_ == nullptr || owed_ == 0 || !output_.idle()) return;
    stream_->consume(std::exchange(owed_, 0));
}

void Sink::on_closed(const Error& error) {
    closed_ = true;
    if (error.code != Code::closed) failure_ = error;
    if (stream_ != nullptr) stream_->stop(error);
    if (failure_) changed_();
}

/// The stage before us finishes only when everything was written.
void Sink::finish_when_written() {
    if (input_over_ && stream_ != nullptr && output_.idle() && !stream_->finished())
        stream_->finish();
}

}  // namespace jetway::cli
