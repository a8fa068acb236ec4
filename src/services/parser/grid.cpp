#include "services/parser/grid.hpp"

#include <algorithm>
#include <cstdlib>

namespace jetway::parser {
namespace {

using screen::Cell;
using screen::Cluster;
using screen::Row;

Cell blank(screen::Colour background) {
    Cell cell;
    cell.style.background = background;
    return cell;
}

auto first_cluster(std::vector<Cluster>& clusters, std::size_t column) {
    return std::ranges::lower_bound(clusters, column, {}, &Cluster::column);
}

void drop_clusters(Row& row, std::size_t from, std::size_t to) {
    if (row.clusters.empty()) return;
    row.clusters.erase(first_cluster(row.clusters, from), first_cluster(row.clusters, to));
}

/// Those from `column` on move by `by`.
void move_clusters(Row& row, std::size_t column, int by) {
    for (auto cluster = first_cluster(row.clusters, column); cluster != row.clusters.end();
         ++cluster) {
        cluster->column = static_cast<std::uint16_t>(cluster->column + by);
    }
}

std::ptrdiff_t distance(std::size_t size) {
    return static_cast<std::ptrdiff_t>(size);
}

}  // namespace

Grid::Grid(std::size_t columns, std::size_t rows) : columns_(columns) {
    rows_.assign(rows, blank_row({}));
    change_all();
}

Row Grid::blank_row(screen::Colour background) const {
    Row row;
    row.cells.assign(columns_, blank(background));
    return row;
}

/// What is written from `column` on, or up to it, may not take half of a wide character.
void Grid::cut(Row& row, std::size_t column) const {
    if (column == 0 || column >= columns_ || row.cells[column].width != 0) return;
    drop_clusters(row, column - 1, column);
    for (const std::size_t half : {column - 1, column}) {
        Cell& cell = row.cells[half];
        cell.text = U' ';
        cell.width = 1;
        cell.clustered = false;
    }
}

/// The row, with [from, to) ready to be overwritten.
Row& Grid::open(std::size_t number, std::size_t from, std::size_t to) {
    Row& row = rows_[number];
    changed_[number] = true;
    cut(row, from);
    cut(row, to);
    drop_clusters(row, from, to);
    return row;
}

void Grid::put(std::size_t number, std::size_t column, std::string_view ascii,
               const screen::Style& style) {
    Row& row = open(number, column, column + ascii.size());
    Cell* cell = row.cells.data() + column;
    for (const char letter : ascii) *cell++ = {static_cast<char32_t>(letter), style, 1, false};
}

void Grid::put(std::size_t number, std::size_t column, char32_t point, int width,
               const screen::Style& style) {
    Row& row = open(number, column, column + static_cast<std::size_t>(width));
    row.cells[column] = {point, style, static_cast<std::uint8_t>(width), false};
    if (width == 2) row.cells[column + 1] = {U'\0', style, 0, false};
}

void Grid::join(std::size_t number, std::size_t column, char32_t mark) {
    Row& row = rows_[number];
    if (row.cells[column].width == 0 && column > 0) --column;
    Cell& cell = row.cells[column];
    if (cell.width == 0) return;
    auto cluster = first_cluster(row.clusters, column);
    if (!cell.clustered) {
        const Cluster fresh{static_cast<std::uint16_t>(column), {cell.text, mark}};
        row.clusters.insert(cluster, fresh);
        cell.clustered = true;
    } else if (cluster->text.size() < screen::max_cluster) {
        cluster->text.push_back(mark);
    }
    changed_[number] = true;
}

void Grid::erase(std::size_t number, std::size_t from, std::size_t to, screen::Colour background) {
    Row& row = open(number, from, to);
    std::fill(row.cells.begin() + distance(from), row.cells.begin() + distance(to),
              blank(background));
}

void Grid::insert(std::size_t number, std::size_t column, std::size_t count,
                  screen::Colour background) {
    count = std::min(count, columns_ - column);
    Row& row = open(number, column, column);
    cut(row, columns_ - count);
    drop_clusters(row, columns_ - count, columns_);
    move_clusters(row, column, static_cast<int>(count));
    std::move_backward(row.cells.begin() + distance(column), row.cells.end() - distance(count),
                       row.cells.end());
    std::fill_n(row.cells.begin() + distance(column), count, blank(background));
}

void Grid::remove(std::size_t number, std::size_t column, std::size_t count,
                  screen::Colour background) {
    count = std::min(count, columns_ - column);
    Row& row = open(number, column, column + count);
    move_clusters(row, column, -static_cast<int>(count));
    std::move(row.cells.begin() + distance(column + count), row.cells.end(),
              row.cells.begin() + distance(column));
    std::fill_n(row.cells.end() - distance(count), count, blank(background));
}

void Grid::scroll(std::size_t top, std::size_t bottom, int lines, screen::Colour background) {
    const std::size_t count =
        std::min<std::size_t>(static_cast<std::size_t>(std::abs(lines)), bottom - top);
    const auto first = rows_.begin() + distance(top);
    const auto last = rows_.begin() + distance(bottom);
    std::rotate(first, lines > 0 ? first + distance(count) : last - distance(count), last);
    const auto fresh = lines > 0 ? last - distance(count) : first;
    for (auto row = fresh; row != fresh + distance(count); ++row) {
        row->clusters.clear();
        std::fill(row->cells.begin(), row->cells.end(), blank(background));
    }
    std::fill(changed_.begin() + distance(top), changed_.begin() + distance(bottom), true);
}

void Grid::resize(std::size_t columns, std::size_t rows) {
    for (Row& row : rows_) {
        cut(row, columns);
        drop_clusters(row, columns, columns_);
        row.cells.resize(columns);
    }
    columns_ = columns;
    rows_.resize(rows, blank_row({}));
    change_all();
}

}  // namespace jetway::parser
