#include "screen/screen.hpp"

#include <algorithm>

namespace jetway::screen {
namespace {

const Cell blank{};

}  // namespace

const Cell& Row::at(std::size_t column) const {
    return column < cells.size() ? cells[column] : blank;
}

std::u32string_view Row::text(std::size_t column) const {
    const Cell& cell = at(column);
    if (cell.width == 0) return {};
    if (!cell.clustered) return {&cell.text, 1};
    const auto found = std::ranges::lower_bound(clusters, column, {}, &Cluster::column);
    if (found == clusters.end() || found->column != column) return {&cell.text, 1};
    return found->text;
}

void Row::trim() {
    while (!cells.empty() && cells.back() == blank) cells.pop_back();
    while (!clusters.empty() && clusters.back().column >= cells.size()) clusters.pop_back();
}

void Screen::resize(std::uint16_t column_count, std::uint16_t row_count) {
    columns = column_count;
    rows.resize(row_count);
    for (Row& row : rows) {
        if (row.cells.size() > columns) row.cells.resize(columns);
        row.trim();
    }
    cursor.row = std::min<std::uint16_t>(cursor.row, static_cast<std::uint16_t>(row_count - 1));
    cursor.column =
        std::min<std::uint16_t>(cursor.column, static_cast<std::uint16_t>(column_count - 1));
}

std::string Screen::text() const {
    std::string result;
    for (const Row& row : rows) {
        std::string line;
        for (std::size_t column = 0; column < row.cells.size(); ++column) {
            for (const char32_t point : row.text(column)) append_utf8(line, point);
        }
        line.erase(line.find_last_not_of(' ') + 1);
        result.append(line).append("\n");
    }
    return result;
}

void append_utf8(std::string& out, char32_t point) {
    if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) point = 0xfffd;
    const auto put = [&out](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
    if (point < 0x80) return put(point);
    if (point < 0x800) {
        put(0xc0 | point >> 6);
    } else if (point < 0x10000) {
        put(0xe0 | point >> 12);
        put(0x80 | (point >> 6 & 0x3f));
    } else {
        put(0xf0 | point >> 18);
        put(0x80 | (point >> 12 & 0x3f));
        put(0x80 | (point >> 6 & 0x3f));
    }
    put(0x80 | (point & 0x3f));
}

}  // namespace jetway::screen
