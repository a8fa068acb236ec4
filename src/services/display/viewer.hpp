// A Viewer: one open page. It gets the screen as Server-Sent Events, at most two updates ahead of
// what it says it has drawn, so that a slow one gets fewer, larger updates. Private to the folder.
#pragma once

#include <cstdint>
#include <deque>

#include "base/timer.hpp"
#include "io/byte_stream.hpp"
#include "services/display/live_screen.hpp"

namespace jetway::display {

class Viewer {
public:
    /// Sends the whole screen at once. Both references, and the stream, outlive the viewer.
    Viewer(Timer& timer, const LiveScreen& screen, io::ByteStream& stream, std::uint64_t number);

    std::uint64_t number() const { return number_; }
    /// The newest revision that the page has drawn.
    std::uint64_t drawn() const { return drawn_; }
    /// The screen changed, or the stream has room again.
    void go_on();
    /// The page has drawn `revision`.
    void on_drawn(std::uint64_t revision);

private:
    void send(std::string_view name, const std::string& data);

    Timer& timer_;
    const LiveScreen& screen_;
    io::ByteStream& stream_;
    std::uint64_t number_;
    std::uint64_t sent_ = 0;  // the newest revision sent
    std::uint64_t drawn_ = 0;
    std::deque<std::uint64_t> not_drawn_;  // revisions sent and not yet drawn
    Time last_sent_{};
    Handle later_;
};

}  // namespace jetway::display
