// A TerminalSession: one program in one pseudo-terminal, and its readers. The first reader started
// it: it types, sets the size, and ends the session by leaving. Output is never dropped: the
// terminal is read only while every reader has room. The session reports the exit status after the
// last byte of output.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/child.hpp"
#include "services/pty/reader.hpp"

namespace jetway::pty {

// One message at least this large is not held back.
inline constexpr std::size_t coalesced_bytes = 16UL * 1024;
inline constexpr Duration coalesced_time = std::chrono::milliseconds(2);

class TerminalSession final : public ReaderEvents, public io::ByteStreamEvents {
public:
    /// Takes a program that was started on a terminal of `size`. `number` goes into each message's
    /// stamp. `over` is called once, from the loop, when the session may be destroyed.
    TerminalSession(io::EventLoop& loop, stream::ServiceContext& context,
                    std::unique_ptr<io::Child> child, screen::PtySize size, std::uint64_t number,
                    std::function<void(TerminalSession*)> over);

    /// Accepts the stream. The first one is the session's own.
    void join(stream::StreamPtr stream);
    /// It takes more readers: the program has not been reported as ended, and its owner is there.
    bool open() const { return !ended_ && !stopping_; }
    std::size_t readers() const { return readers_.size(); }

private:
    bool on_keys(Reader& reader, Buffer bytes) override;
    void on_keys_end(Reader& reader) override;
    void on_resize(Reader& reader, screen::PtySize size) override;
    void on_reader_space(Reader& reader) override;
    void on_reader_stopped(Reader& reader) override;
    void on_reader_ended(Reader& reader) override;

    void on_read(Buffer bytes) override;
    void on_read_end() override;
    void on_drained() override;
    void on_failed(const Error& error) override;
    void on_exit(io::Exit exit);

    bool blocked() const;
    screen::PtyMessage message(decltype(screen::PtyMessage::body) body) const;
    void write_all(const screen::PtyMessage& message);
    void flush();
    void flush_size();
    void go_on();
    void wait_for_quiet();
    void end_when_drained();
    void stop();
    void leave_when_over();

    io::EventLoop& loop_;
    stream::ServiceContext& context_;
    std::unique_ptr<io::Child> child_;
    screen::PtySize size_;
    std::uint64_t number_;
    std::function<void(TerminalSession*)> over_;
    Time started_;
    std::vector<std::unique_ptr<Reader>> readers_;
    Reader* owner_ = nullptr;  // the first reader, while it is there

    std::string pending_;                      // read, not yet sent
    Time stamp_time_{};                        // of what is pending, or of the message being sent
    std::optional<screen::PtySize> new_size_;  // to be sent after what is pending
    std::uint64_t off_ = 0;                    // bytes sent
    std::optional<io::Exit> exit_;
    bool typed_ = false;
    bool terminal_open_ = true;
    bool ended_ = false;  // the end was reported to every reader
    bool stopping_ = false;
    Handle flush_timer_;
    Handle quiet_;
    Handle terminate_;
    Handle kill_;
    Handle leave_;
};

}  // namespace jetway::pty
