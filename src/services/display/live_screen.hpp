// The screen that the page shows: that of the newest session, kept up to date, and for each viewer
// the part of it that changed since what that viewer saw. A slow viewer so skips states, and a late
// one gets the whole screen at once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/timer.hpp"
#include "screen/diff.hpp"

namespace jetway::display {

class LiveScreen {
public:
    /// Grows with every change. 0: nothing was ever shown.
    std::uint64_t revision() const { return revision_; }
    const screen::Screen& screen() const { return shown_.screen; }
    std::uint64_t session() const { return shown_.stamp.session; }

    /// What a session sent, at `now`. The first message of a session must be a Snapshot. E-PROTOCOL
    /// when a diff does not fit: then the screen is blank and the session is over.
    Result<> take(std::variant<screen::Snapshot, screen::Diff> message, Time now);
    /// The session that is shown has ended; its last screen stays.
    void end();

    /// JSON: everything that changed after revision `seen` (0: everything), as screen.js reads it.
    std::string update(std::uint64_t seen) const;

private:
    void replace(screen::Snapshot snapshot);
    Result<> apply(const screen::Diff& diff);
    void mark(const screen::Op& op);
    void mark_rows(std::size_t from, std::size_t to);
    void measure(const screen::Stamp& stamp, Time now);

    screen::Snapshot shown_;
    std::vector<std::uint64_t> row_revisions_;  // when each row changed last
    std::uint64_t revision_ = 0;
    std::uint64_t first_revision_ = 0;  // of the session that is shown
    bool live_ = false;                 // a session is running
    // Between reading the terminal and here, the clocks' difference included.
    std::optional<Duration> least_delay_;
    Duration behind_{};  // what the last message took longer than the fastest
};

}  // namespace jetway::display
