#include "services/display/screen_json.hpp"

#include <array>
#include <cstdio>

namespace jetway::display {
namespace {

namespace json = boost::json;

json::value colour_json(const screen::Colour& colour) {
    if (colour.kind == screen::Colour::Kind::standard) return nullptr;
    if (colour.kind == screen::Colour::Kind::indexed) return colour.red;
    std::array<char, 8> text{};
    std::snprintf(text.data(), text.size(), "#%02x%02x%02x", colour.red, colour.green, colour.blue);
    return text.data();
}

json::array run_json(std::size_t column, std::size_t cells, const screen::Style& style,
                     json::value text) {
    return {column,
            cells,
            colour_json(style.foreground),
            colour_json(style.background),
            style.attributes,
            std::move(text)};
}

bool is_plain(const screen::Cell& cell) {
    return cell.width == 1 && !cell.clustered;
}

std::string text_of(const screen::Row& row, std::size_t column) {
    std::string text;
    for (const char32_t point : row.text(column)) screen::append_utf8(text, point);
    return text;
}

}  // namespace

json::array row_json(const screen::Row& row) {
    json::array runs;
    for (std::size_t column = 0; column < row.cells.size();) {
        const screen::Cell& first = row.cells[column];
        const std::size_t start = column++;
        if (!is_plain(first)) {
            if (first.width == 0) continue;
            runs.push_back(
                run_json(start, first.width, first.style, json::array{text_of(row, start)}));
            continue;
        }
        std::string text;
        screen::append_utf8(text, first.text);
        for (; column < row.cells.size(); ++column) {
            const screen::Cell& cell = row.cells[column];
            if (!is_plain(cell) || cell.style != first.style) break;
            screen::append_utf8(text, cell.text);
        }
        runs.push_back(run_json(start, column - start, first.style, json::value(text)));
    }
    return runs;
}

json::object cursor_json(const screen::Cursor& cursor) {
    return {{"row", cursor.row},
            {"column", cursor.column},
            {"visible", cursor.visible},
            {"blinks", cursor.blinks},
            {"shape", static_cast<int>(cursor.shape)}};
}

}  // namespace jetway::display
