#include "services/pty/reader.hpp"

namespace jetway::pty {

Reader::Reader(stream::ServiceContext& context, stream::StreamPtr stream, ReaderEvents& session)
    : stage_(context.session, std::move(stream), *this, context.name),
      session_(session),
      messages_(stream::carries_messages(stage_.opening())) {
    stage_.start(screen::pty_content_type, wire::Shape::messages);
}

bool Reader::write(const screen::PtyMessage& message) {
    screen::PtyMessage numbered = message;
    numbered.stamp.sequence = sequence_++;
    if (!stage_.write(screen::encode(numbered))) blocked_ = true;
    return !blocked_;
}

void Reader::finish(const wire::Outcome& outcome) {
    stage_.finish(outcome);
}

void Reader::consume(std::size_t bytes) {
    if (bytes > 0) stage_.consume(bytes);
}

void Reader::on_input(Buffer bytes, bool end_of_message) {
    if (failed_) {
        consume(bytes.size());
    } else if (messages_) {
        input_.add(std::move(bytes), end_of_message);
        take_messages();
    } else {
        held_ += bytes.size();
        keys_blocked_ = !session_.on_keys(*this, std::move(bytes));
        if (!keys_blocked_) consume(std::exchange(held_, 0));
    }
}

void Reader::take_more() {
    keys_blocked_ = false;
    consume(std::exchange(held_, 0));
    take_messages();
}

/// Messages that the program has no room for stay where they are, and with them their credit.
void Reader::take_messages() {
    while (!keys_blocked_ && !failed_) {
        std::size_t consumed = 0;
        auto message = input_.next(consumed);
        consume(consumed);
        if (message && !*message) return;
        auto decoded =
            message ? screen::decode_pty(**message) : Result<screen::PtyMessage>(message.error());
        if (decoded) {
            keys_blocked_ = !take(std::move(*decoded));
        } else {
            fail(decoded.error());
        }
    }
}

void Reader::fail(const Error& reason) {
    failed_ = true;
    blocked_ = false;
    stage_.fail(reason);
    session_.on_reader_stopped(*this);
}

bool Reader::take(screen::PtyMessage message) {
    if (const auto* size = std::get_if<screen::PtySize>(&message.body))
        session_.on_resize(*this, *size);
    auto* out = std::get_if<screen::PtyOut>(&message.body);
    return out == nullptr || session_.on_keys(*this, std::move(out->bytes));
}

void Reader::on_input_finish(const wire::Outcome& /*outcome*/) {
    session_.on_keys_end(*this);
}

void Reader::on_space() {
    blocked_ = false;
    session_.on_reader_space(*this);
}

void Reader::on_stop(const Error& /*reason*/) {
    blocked_ = false;
    session_.on_reader_stopped(*this);
}

void Reader::on_end(const std::optional<Error>& /*failure*/) {
    session_.on_reader_ended(*this);
}

}  // namespace jetway::pty
