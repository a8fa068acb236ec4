// make_ops and apply: how one screen becomes another. The encodings are in diff_codec.cpp.
#include "screen/diff.hpp"

#include <algorithm>
#include <cstdlib>

#include "screen/codec.hpp"

namespace jetway::screen {
namespace {

Result<> apply_op(Screen& screen, const SizeOp& op) {
    if (op.columns < 1 || op.columns > max_columns || op.rows < 1 || op.rows > max_rows) {
        return malformed("screen size out of range");
    }
    screen.resize(op.columns, op.rows);
    return success();
}

Result<> apply_op(Screen& screen, const ScrollOp& op) {
    const int height = op.bottom - op.top;
    if (op.bottom > screen.height() || height < 1 || op.lines == 0 || std::abs(op.lines) > height) {
        return malformed("scroll outside the screen");
    }
    const auto first = screen.rows.begin() + op.top;
    const auto last = screen.rows.begin() + op.bottom;
    if (op.lines > 0) {
        std::move(first + op.lines, last, first);
        std::fill(last - op.lines, last, Row());
    } else {
        std::move_backward(first, last + op.lines, last);
        std::fill(first, first - op.lines, Row());
    }
    return success();
}

void replace_clusters(Row& row, std::size_t from, std::size_t to,
                      const std::vector<Cluster>& with) {
    const auto first = std::ranges::lower_bound(row.clusters, from, {}, &Cluster::column);
    const auto last = std::ranges::lower_bound(row.clusters, to, {}, &Cluster::column);
    row.clusters.insert(row.clusters.erase(first, last), with.begin(), with.end());
}

Result<> apply_op(Screen& screen, const RowOp& op) {
    const std::size_t end = op.column + op.part.cells.size();
    if (op.row >= screen.height() || end > screen.columns)
        return malformed("row outside the screen");
    Row& row = screen.rows[op.row];
    if (op.to_end || row.cells.size() < end) row.cells.resize(end);
    std::copy(op.part.cells.begin(), op.part.cells.end(), row.cells.begin() + op.column);
    replace_clusters(row, op.column, op.to_end ? screen.columns : end, op.part.clusters);
    row.trim();
    return success();
}

Result<> apply_op(Screen& screen, const CursorOp& op) {
    if (op.cursor.row >= screen.height() || op.cursor.column >= screen.columns) {
        return malformed("cursor outside the screen");
    }
    screen.cursor = op.cursor;
    return success();
}

Result<> apply_op(Screen& screen, const ModeOp& op) {
    screen.modes = op.modes;
    return success();
}

Result<> apply_op(Screen& screen, const TitleOp& op) {
    screen.title = op.title;
    return success();
}

Result<> apply_op(Screen& screen, const BellOp& op) {
    screen.bells = op.bells;
    return success();
}

constexpr int farthest_scroll = 100;  // lines; a longer one is sent as rows

/// How many rows of [top, bottom) a scroll by `lines` puts right, less those it spoils.
int scroll_gain(const std::vector<Row>& from, const std::vector<Row>& to, const ScrollOp& op) {
    int gain = 0;
    for (int row = op.top; row < op.bottom; ++row) {
        const int source = row + op.lines;
        const bool stays = from[row] == to[row];
        const bool arrives = source >= op.top && source < op.bottom ? from[source] == to[row]
                                                                    : to[row].cells.empty();
        gain += int{arrives} - int{stays};
    }
    return gain;
}

/// The best scroll by `lines`: around the longest stretch of rows that are right after it.
ScrollOp scroll_by(const std::vector<Row>& from, const std::vector<Row>& to, int lines) {
    const int height = static_cast<int>(to.size());
    int best_start = 0;
    int best_length = 0;
    int length = 0;
    for (int row = std::max(0, -lines); row < std::min(height, height - lines); ++row) {
        length = from[row + lines] == to[row] ? length + 1 : 0;
        if (length > best_length) {
            best_length = length;
            best_start = row - length + 1;
        }
    }
    const int top = lines > 0 ? best_start : best_start + lines;
    const int bottom = best_start + best_length + std::max(lines, 0);
    return {static_cast<std::uint16_t>(top),
            static_cast<std::uint16_t>(best_length == 0 ? top : bottom),
            static_cast<std::int16_t>(lines)};
}

std::optional<ScrollOp> find_scroll(const std::vector<Row>& from, const std::vector<Row>& to) {
    const int height = static_cast<int>(to.size());
    std::optional<ScrollOp> best;
    int best_gain = 1;  // below two rows it is not worth looking at
    for (int distance = 1; distance <= std::min(farthest_scroll, height - 1); ++distance) {
        for (const int lines : {distance, -distance}) {
            const ScrollOp op = scroll_by(from, to, lines);
            if (op.bottom <= op.top) continue;
            if (const int gain = scroll_gain(from, to, op); gain > best_gain) {
                best_gain = gain;
                best = op;
            }
        }
    }
    return best;
}

bool same_cell(const Row& a, const Row& b, std::size_t column) {
    return a.at(column) == b.at(column) && a.text(column) == b.text(column);
}

RowOp row_op(std::uint16_t number, const Row& from, const Row& to) {
    std::size_t first = 0;
    std::size_t end = std::max(from.cells.size(), to.cells.size());
    while (first < end && same_cell(from, to, first)) ++first;
    while (end > first && same_cell(from, to, end - 1)) --end;
    RowOp op{number,
             static_cast<std::uint16_t>(std::min(first, to.cells.size())),
             end >= to.cells.size(),
             {}};
    const std::size_t last = std::min(end, to.cells.size());
    if (op.column < last) op.part.cells.assign(to.cells.data() + op.column, to.cells.data() + last);
    for (const Cluster& cluster : to.clusters) {
        if (cluster.column >= op.column && cluster.column < last)
            op.part.clusters.push_back(cluster);
    }
    return op;
}

int changed_rows(const std::vector<Row>& from, const std::vector<Row>& to) {
    int count = 0;
    for (std::size_t row = 0; row < to.size(); ++row) count += from[row] == to[row] ? 0 : 1;
    return count;
}

void add_rows(std::vector<Op>& ops, Screen& work, const Screen& to) {
    if (changed_rows(work.rows, to.rows) > 1) {
        if (const auto scroll = find_scroll(work.rows, to.rows)) {
            ops.emplace_back(*scroll);
            if (!apply_op(work, *scroll)) std::abort();  // we made it, so it fits
        }
    }
    for (std::uint16_t row = 0; row < to.height(); ++row) {
        if (work.rows[row] != to.rows[row])
            ops.emplace_back(row_op(row, work.rows[row], to.rows[row]));
    }
}

}  // namespace

std::vector<Op> make_ops(const Screen& from, const Screen& to) {
    std::vector<Op> ops;
    Screen work = from;
    if (from.columns != to.columns || from.height() != to.height()) {
        ops.emplace_back(SizeOp{to.columns, to.height()});
        work.resize(to.columns, to.height());
    }
    add_rows(ops, work, to);
    if (work.cursor != to.cursor) ops.emplace_back(CursorOp{to.cursor});
    if (work.modes != to.modes) ops.emplace_back(ModeOp{to.modes});
    if (work.title != to.title) ops.emplace_back(TitleOp{to.title});
    if (work.bells != to.bells) ops.emplace_back(BellOp{to.bells});
    return ops;
}

Diff make_diff(const Snapshot& from, const Snapshot& to) {
    return {to.stamp, from.state, to.state, make_ops(from.screen, to.screen)};
}

Result<> apply(Screen& screen, const Op& op) {
    return std::visit([&screen](const auto& one) { return apply_op(screen, one); }, op);
}

Result<> apply(Snapshot& screen, const Diff& diff) {
    if (diff.base != screen.state) {
        return Error(Code::protocol, "diff from state " + std::to_string(diff.base) +
                                         " met state " + std::to_string(screen.state));
    }
    for (const Op& op : diff.ops) JETWAY_TRY(apply(screen.screen, op));
    screen.stamp = diff.stamp;
    screen.state = diff.state;
    return success();
}

}  // namespace jetway::screen
