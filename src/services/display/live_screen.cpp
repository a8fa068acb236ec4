#include "services/display/live_screen.hpp"

#include <boost/json.hpp>

#include "services/display/screen_json.hpp"

namespace jetway::display {
namespace {

constexpr std::uint64_t farthest_us = 1'000'000'000'000'000;  // 31 years: what Duration holds

std::int64_t unix_milliseconds() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

}  // namespace

Result<> LiveScreen::take(std::variant<screen::Snapshot, screen::Diff> message, Time now) {
    if (auto* snapshot = std::get_if<screen::Snapshot>(&message)) {
        replace(std::move(*snapshot));
    } else if (!live_) {
        return Error{Code::protocol, "a diff came before the first snapshot"};
    } else {
        JETWAY_TRY(apply(std::get<screen::Diff>(message)));
    }
    measure(shown_.stamp, now);
    return success();
}

void LiveScreen::replace(screen::Snapshot snapshot) {
    const bool another = !live_ || snapshot.stamp.session != shown_.stamp.session;
    shown_ = std::move(snapshot);
    live_ = true;
    ++revision_;
    row_revisions_.assign(shown_.screen.rows.size(), revision_);
    if (!another) return;
    first_revision_ = revision_;
    least_delay_.reset();
}

Result<> LiveScreen::apply(const screen::Diff& diff) {
    ++revision_;
    Result<> applied = screen::apply(shown_, diff);
    if (!applied) {
        shown_.screen = screen::Screen(shown_.screen.columns, shown_.screen.height());
        row_revisions_.assign(shown_.screen.rows.size(), revision_);
        live_ = false;
        return applied;
    }
    row_revisions_.resize(shown_.screen.rows.size(), revision_);
    for (const screen::Op& op : diff.ops) mark(op);
    return success();
}

void LiveScreen::mark(const screen::Op& op) {
    if (std::holds_alternative<screen::SizeOp>(op)) mark_rows(0, row_revisions_.size());
    if (const auto* scroll = std::get_if<screen::ScrollOp>(&op))
        mark_rows(scroll->top, scroll->bottom);
    if (const auto* row = std::get_if<screen::RowOp>(&op)) mark_rows(row->row, row->row + 1U);
}

/// Rows that a later op of the same diff took away are none any more.
void LiveScreen::mark_rows(std::size_t from, std::size_t to) {
    for (std::size_t row = from; row < std::min(to, row_revisions_.size()); ++row)
        row_revisions_[row] = revision_;
}

void LiveScreen::measure(const screen::Stamp& stamp, Time now) {
    const auto us = static_cast<std::int64_t>(std::min(stamp.us, farthest_us));
    const Duration delay = now.time_since_epoch() - std::chrono::microseconds(us);
    if (!least_delay_ || delay < *least_delay_) least_delay_ = delay;
    behind_ = delay - *least_delay_;
}

void LiveScreen::end() {
    if (!live_) return;
    live_ = false;
    ++revision_;
}

std::string LiveScreen::update(std::uint64_t seen) const {
    namespace json = boost::json;
    const bool whole = seen < first_revision_ || seen == 0;
    json::object object;
    object["revision"] = revision_;
    object["whole"] = whole;
    object["shown"] = revision_ != 0;
    object["running"] = live_;
    object["us"] = shown_.stamp.us;
    object["behind_us"] = std::chrono::duration_cast<std::chrono::microseconds>(behind_).count();
    object["sent_ms"] = unix_milliseconds();
    object["columns"] = shown_.screen.columns;
    object["rows"] = shown_.screen.height();
    object["title"] = shown_.screen.title;
    object["bells"] = shown_.screen.bells;
    object["cursor"] = cursor_json(shown_.screen.cursor);
    json::array lines;
    for (std::size_t row = 0; row < row_revisions_.size(); ++row) {
        if (whole || row_revisions_[row] > seen) {
            lines.push_back(json::array{row, row_json(shown_.screen.rows[row])});
        }
    }
    object["lines"] = std::move(lines);
    return json::serialize(object);
}

}  // namespace jetway::display
