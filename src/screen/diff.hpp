// How screens travel: a Snapshot first, then Diffs, each from one state to the next. One message of
// the stream is one of the two. A viewer that is slow gets fewer, larger diffs; offline there is
// exactly one per picture.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/buffer.hpp"
#include "base/result.hpp"
#include "screen/screen.hpp"
#include "screen/stamp.hpp"

namespace jetway::screen {

inline constexpr std::string_view screen_content_type = "application/x-jetway-screen";
inline constexpr std::size_t max_screen_message = 64UL * 1024 * 1024;

/// A whole screen. `state` numbers the sender's states; stamp.us is the time it stands for,
/// stamp.off the bytes it shows.
struct Snapshot {
    Stamp stamp;
    std::uint64_t state = 0;
    Screen screen;
    bool operator==(const Snapshot&) const = default;
};

/// The screen has another size; see Screen::resize.
struct SizeOp {
    std::uint16_t columns = 0;
    std::uint16_t rows = 0;
    bool operator==(const SizeOp&) const = default;
};
/// Rows [top, bottom) move up by `lines` (down when negative); rows that come in are blank.
struct ScrollOp {
    std::uint16_t top = 0;
    std::uint16_t bottom = 0;
    std::int16_t lines = 0;
    bool operator==(const ScrollOp&) const = default;
};
/// From `column` on the row is `part`; with `to_end` the rest of the row after it is blank, else it
/// stays.
struct RowOp {
    std::uint16_t row = 0;
    std::uint16_t column = 0;
    bool to_end = false;
    Row part;  // clusters' columns count from the row's start
    bool operator==(const RowOp&) const = default;
};
struct CursorOp {
    Cursor cursor;
    bool operator==(const CursorOp&) const = default;
};
struct ModeOp {
    std::uint32_t modes = 0;
    bool operator==(const ModeOp&) const = default;
};
struct TitleOp {
    std::string title;
    bool operator==(const TitleOp&) const = default;
};
struct BellOp {
    std::uint64_t bells = 0;  // rung so far
    bool operator==(const BellOp&) const = default;
};
using Op = std::variant<SizeOp, ScrollOp, RowOp, CursorOp, ModeOp, TitleOp, BellOp>;

/// What turns state `base` into `state`, in order. No ops: nothing changed, time went on.
struct Diff {
    Stamp stamp;
    std::uint64_t base = 0;
    std::uint64_t state = 0;
    std::vector<Op> ops;
    bool operator==(const Diff&) const = default;
};

/// The ops that turn `from` into `to`; apply() of them gives exactly `to`.
std::vector<Op> make_ops(const Screen& from, const Screen& to);
/// The diff from `from` to `to`, stamped as `to` is.
Diff make_diff(const Snapshot& from, const Snapshot& to);

/// Takes `screen` to diff.state. E-PROTOCOL when diff.base is not its state or an op does not fit;
/// then `screen` is of no use any more.
Result<> apply(Snapshot& screen, const Diff& diff);
Result<> apply(Screen& screen, const Op& op);

Buffer encode(const Snapshot& snapshot);
Buffer encode(const Diff& diff);
/// Total, as decode_pty. At most about twenty bytes of memory for each byte of a message.
Result<std::variant<Snapshot, Diff>> decode_screen(Bytes message);

}  // namespace jetway::screen
