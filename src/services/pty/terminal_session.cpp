#include "services/pty/terminal_session.hpp"

#include <algorithm>
#include <csignal>

#include "base/log.hpp"

namespace jetway::pty {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_queued_keys = 64UL * 1024;
constexpr std::size_t most_in_message = 64UL * 1024;
constexpr Duration terminate_after = 1s;
constexpr Duration kill_after = 3s;
// A process that outlives the program can hold the terminal open. What the program itself wrote is
// there when it exits, so a quiet terminal after that has given everything.
constexpr Duration quiet_after_exit = 200ms;
constexpr std::string_view end_of_input = "\x04";

std::uint64_t microseconds(Duration duration) {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(duration).count());
}

}  // namespace

TerminalSession::TerminalSession(io::EventLoop& loop, stream::ServiceContext& context,
                                 std::unique_ptr<io::Child> child, screen::PtySize size,
                                 std::uint64_t number, std::function<void(TerminalSession*)> over)
    : loop_(loop),
      context_(context),
      child_(std::move(child)),
      size_(size),
      number_(number),
      over_(std::move(over)),
      started_(loop.now()) {
    child_->set_on_exit([this](io::Exit exit) { on_exit(exit); });
    child_->input()->set_events(this);
    child_->output()->set_events(this);
    child_->output()->start_reading();
}

void TerminalSession::join(stream::StreamPtr stream) {
    flush();
    auto reader = std::make_unique<Reader>(context_, std::move(stream), *this);
    if (readers_.empty()) owner_ = reader.get();
    stamp_time_ = loop_.now();
    reader->write(message(size_));
    readers_.push_back(std::move(reader));
}

screen::PtyMessage TerminalSession::message(decltype(screen::PtyMessage::body) body) const {
    screen::Stamp stamp;
    stamp.session = number_;
    stamp.us = microseconds(stamp_time_ - started_);
    stamp.off = off_;
    return {stamp, std::move(body)};
}

void TerminalSession::write_all(const screen::PtyMessage& message) {
    for (const auto& reader : readers_) reader->write(message);
}

bool TerminalSession::blocked() const {
    return std::ranges::any_of(readers_, [](const auto& reader) { return reader->blocked(); });
}

// Output

void TerminalSession::on_read(Buffer bytes) {
    if (!terminal_open_) return;  // from what outlived the program
    if (pending_.empty()) stamp_time_ = loop_.now();
    pending_.append(bytes.text());
    if (blocked()) {
        child_->output()->pause_reading();
    } else if (pending_.size() >= coalesced_bytes) {
        go_on();
    } else if (!flush_timer_) {
        flush_timer_ = loop_.after(coalesced_time, [this] { go_on(); });
    }
    if (exit_) wait_for_quiet();
}

/// Sends what is pending, in messages stamped with the time of its first byte. It may be sent to a
/// blocked reader: it is bounded by one read.
void TerminalSession::flush() {
    flush_timer_.reset();
    const std::string bytes = std::exchange(pending_, {});
    for (std::size_t at = 0; at < bytes.size(); at += most_in_message) {
        const std::string_view part = std::string_view(bytes).substr(at, most_in_message);
        write_all(message(screen::PtyOut{Buffer::copy_of(part)}));
        off_ += part.size();
    }
    flush_size();
}

void TerminalSession::flush_size() {
    if (!new_size_) return;
    stamp_time_ = loop_.now();
    write_all(message(*std::exchange(new_size_, std::nullopt)));
}

/// Whenever something may have changed: send, read on or wait, and see whether that was all.
void TerminalSession::go_on() {
    if (!blocked()) flush();
    if (terminal_open_) {
        if (blocked()) {
            child_->output()->pause_reading();
        } else {
            child_->output()->start_reading();
        }
    }
    end_when_drained();
}

void TerminalSession::on_read_end() {
    terminal_open_ = false;
    go_on();
}

void TerminalSession::on_failed(const Error& error) {
    log::warn("{}: the terminal failed: {}", context_.name, error.line());
    on_read_end();
}

void TerminalSession::on_exit(io::Exit exit) {
    exit_ = exit;
    terminate_.reset();
    kill_.reset();
    wait_for_quiet();
    end_when_drained();
    leave_when_over();
}

/// While a reader holds the terminal back its silence says nothing: the wait begins anew.
void TerminalSession::wait_for_quiet() {
    if (!terminal_open_) return;
    quiet_ = loop_.after(quiet_after_exit, [this] {
        if (blocked()) {
            wait_for_quiet();
        } else {
            on_read_end();
        }
    });
}

void TerminalSession::end_when_drained() {
    if (ended_ || !exit_ || terminal_open_ || blocked()) return;
    ended_ = true;
    quiet_.reset();
    flush();
    stamp_time_ = loop_.now();
    write_all(message(screen::PtyExit{exit_->status, exit_->signal}));
    wire::Outcome outcome;
    outcome.set_has_status(true);
    outcome.set_status(exit_->status);
    for (const auto& reader : readers_) reader->finish(outcome);
}

// Input

bool TerminalSession::on_keys(Reader& reader, Buffer bytes) {
    if (&reader != owner_ || !terminal_open_) return true;  // others only look
    typed_ = true;
    child_->input()->write(std::move(bytes));
    return child_->input()->queued() < most_queued_keys;
}

/// Who typed and has no more to say ends the program's input, as script(1) does. Who never typed
/// has no keyboard, and the program is left alone.
void TerminalSession::on_keys_end(Reader& reader) {
    if (&reader == owner_ && typed_ && terminal_open_)
        child_->input()->write(Buffer::copy_of(end_of_input));
}

void TerminalSession::on_drained() {
    if (owner_ != nullptr) owner_->take_more();
}

void TerminalSession::on_resize(Reader& reader, screen::PtySize size) {
    if (&reader != owner_ || !terminal_open_) return;
    if (const auto resized = child_->resize(size.columns, size.rows); !resized) {
        log::warn("{}: {}", context_.name, resized.error().line());
        return;
    }
    size_ = size;
    new_size_ = size;
    go_on();
}

// Readers

void TerminalSession::on_reader_space(Reader& /*reader*/) {
    go_on();
}

void TerminalSession::on_reader_stopped(Reader& reader) {
    if (&reader == owner_) stop();
    go_on();
}

void TerminalSession::on_reader_ended(Reader& reader) {
    if (&reader == owner_) {
        owner_ = nullptr;
        stop();
    }
    std::erase_if(readers_, [&reader](const auto& each) { return each.get() == &reader; });
    go_on();
    leave_when_over();
}

void TerminalSession::stop() {
    if (exit_ || stopping_) return;
    stopping_ = true;
    child_->signal(SIGHUP);
    terminate_ = loop_.after(terminate_after, [this] { child_->signal(SIGTERM); });
    kill_ = loop_.after(kill_after, [this] { child_->signal(SIGKILL); });
}

/// Destroyed from the loop: never inside a call of the child or a reader.
void TerminalSession::leave_when_over() {
    if (!exit_ || !readers_.empty()) return;
    leave_ = loop_.after(0s, [this] { over_(this); });
}

}  // namespace jetway::pty
