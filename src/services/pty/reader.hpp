// A Reader: one stream to a terminal session. It gets every message of the session; the one that
// started the session also types and sets the size. Private to the folder; owned by its
// TerminalSession.
#pragma once

#include <optional>

#include "screen/assembly.hpp"
#include "screen/bytes.hpp"
#include "stream/stage.hpp"

namespace jetway::pty {

class Reader;

/// What a reader tells its session. Calls come from the loop.
class ReaderEvents {
public:
    /// Bytes to type. False: no more until Reader::take_more().
    virtual bool on_keys(Reader& reader, Buffer bytes) = 0;
    virtual void on_keys_end(Reader& reader) = 0;
    virtual void on_resize(Reader& reader, screen::PtySize size) = 0;
    virtual void on_reader_space(Reader& reader) = 0;
    /// It reads no more.
    virtual void on_reader_stopped(Reader& reader) = 0;
    /// Its stream is over. The last call: the reader may be destroyed in it.
    virtual void on_reader_ended(Reader& reader) = 0;

protected:
    ~ReaderEvents() = default;
};

class Reader final : public stream::StageEvents {
public:
    Reader(stream::ServiceContext& context, stream::StreamPtr stream, ReaderEvents& session);

    /// Sends one message with its own sequence number. False: the reader has no room until
    /// on_reader_space().
    bool write(const screen::PtyMessage& message);
    void finish(const wire::Outcome& outcome);
    /// After on_keys() returned false there is room for keys again.
    void take_more();
    bool blocked() const { return blocked_; }

private:
    void on_input(Buffer bytes, bool end_of_message) override;
    void on_input_finish(const wire::Outcome& outcome) override;
    void on_space() override;
    void on_stop(const Error& reason) override;
    void on_end(const std::optional<Error>& failure) override;
    void take_messages();
    bool take(screen::PtyMessage message);
    void fail(const Error& reason);
    void consume(std::size_t bytes);

    stream::Stage stage_;
    ReaderEvents& session_;
    screen::Assembly input_{screen::max_pty_message};
    bool messages_;  // the input is screen/bytes.hpp messages, not plain keys
    bool blocked_ = false;
    bool failed_ = false;
    bool keys_blocked_ = false;
    std::size_t held_ = 0;  // of plain keys: their credit waits until the program has taken them
    std::uint64_t sequence_ = 0;
};

}  // namespace jetway::pty
