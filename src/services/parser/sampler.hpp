// Sampler: from what a terminal's program did, and when, to the screens of a film. Time runs on a
// grid of pictures, 1/fps apart: picture k shows every event up to k/fps. Pure: no clock, no
// stream.
//
// Offline it gives exactly one message for each picture, from the first event to the last, and
// takes the next event only when the pictures before it have been taken away. Live it takes every
// event at once, and its owner takes a message whenever a viewer can have one: what happened in
// between is in it.
#pragma once

#include <cstdint>
#include <optional>

#include "base/buffer.hpp"
#include "base/result.hpp"
#include "screen/bytes.hpp"
#include "screen/diff.hpp"
#include "services/parser/parser_core.hpp"

namespace jetway::parser {

struct SamplerOptions {
    std::uint32_t fps = 30;  // 1 to 120
    bool offline = false;    // also when the first event says so
};

class Sampler {
public:
    explicit Sampler(SamplerOptions options);

    /// Only while due() is false. E-PROTOCOL when time makes a leap of more than a day, or after
    /// the end.
    Result<> accept(const screen::PtyMessage& event);
    /// No more events: the last picture may be taken. A PtyExit does this by itself.
    void end();

    bool offline() const { return options_.offline; }
    /// Offline: a picture is complete. Live: something has changed since the last message.
    bool due() const;
    /// The next message: a Snapshot first, Diffs afterwards. Also when nothing is due (live: time
    /// went on).
    Buffer take();
    /// The end has come and its picture was taken.
    bool finished() const { return ended_ && shown_end_; }

    /// Live: the time that the next message will show, and moving it on to `us` while nothing
    /// happens.
    std::uint64_t next_us() const { return picture_us(picture_); }
    void advance_to(std::uint64_t us);
    std::uint64_t last_event_us() const { return last_.us; }
    bool started() const { return started_; }

private:
    std::uint64_t picture_us(std::uint64_t picture) const {
        return picture * 1'000'000 / options_.fps;
    }
    std::uint64_t picture_at(std::uint64_t us) const;
    void start(const screen::Stamp& stamp);
    void perform(const screen::PtyMessage& event);

    SamplerOptions options_;
    ParserCore core_;
    bool started_ = false;
    bool ended_ = false;
    bool shown_end_ = false;
    bool changed_ = false;       // since the last message (live)
    std::uint64_t picture_ = 0;  // the next one
    screen::Stamp last_;         // of the last event performed; off counts what it wrote too
    std::optional<screen::PtyMessage> waiting_;  // offline: comes after the picture that is due
    screen::Snapshot shown_;                     // what the viewer has
};

}  // namespace jetway::parser
