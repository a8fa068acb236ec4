#include "services/parser/terminal.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "services/parser/character_width.hpp"

namespace jetway::parser {
namespace {

/// The DEC special graphics of 0x5f to 0x7e.
constexpr std::u32string_view line_drawing = U" ◆▒␉␌␍␊°±␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·";

char32_t in_charset(char charset, char letter) {
    if (charset == '0' && letter >= 0x5f && letter < 0x7f) {
        return line_drawing[static_cast<std::size_t>(letter) - 0x5f];
    }
    if (charset == 'A' && letter == '#') return U'£';
    return static_cast<char32_t>(letter);
}

std::vector<bool> usual_tabs(std::size_t columns) {
    std::vector<bool> tabs(columns);
    for (std::size_t column = 8; column < columns; column += 8) tabs[column] = true;
    return tabs;
}

/// A window title in valid UTF-8 without control characters.
std::string clean_title(std::string_view text) {
    std::string title;
    while (!text.empty()) {
        const auto point = take_character(text);
        if (!point) text.remove_prefix(1);
        const bool visible = point && !is_invisible(*point);
        std::string piece;
        screen::append_utf8(piece, visible ? *point : U'\ufffd');
        if (title.size() + piece.size() > screen::max_title) break;
        title += piece;
    }
    return title;
}

screen::Row as_shown(const screen::Row& row, bool inverse) {
    screen::Row shown = row;
    if (inverse) {
        for (screen::Cell& cell : shown.cells) cell.style.attributes ^= screen::inverse;
    }
    shown.trim();
    return shown;
}

}  // namespace

Terminal::Terminal(std::size_t columns, std::size_t rows)
    : grids_{Grid(columns, rows), Grid(columns, rows)}, bottom_(rows), tabs_(usual_tabs(columns)) {}

void Terminal::resize(std::size_t columns, std::size_t rows) {
    if (cursor_.row >= rows) {
        const std::size_t lost = cursor_.row + 1 - rows;
        grid().scroll(0, height(), static_cast<int>(lost), {});
        cursor_.row -= lost;
    }
    for (Grid& one : grids_) one.resize(columns, rows);
    const std::size_t before = tabs_.size();
    tabs_.resize(columns);
    for (std::size_t column = (before + 7) / 8 * 8; column < columns; column += 8)
        tabs_[column] = true;
    top_ = 0;
    bottom_ = rows;
    const auto clamp = [&](Position& at) {
        at.row = std::min(at.row, rows - 1);
        at.column = std::min(at.column, columns - 1);
        at.wraps = false;
    };
    clamp(cursor_);
    for (Saved& saved : saved_) clamp(saved.at);
}

void Terminal::show(screen::Screen& screen) {
    screen.columns = static_cast<std::uint16_t>(columns());
    screen.rows.resize(height());
    for (std::size_t row = 0; row < height(); ++row) {
        if (grid().changed(row)) screen.rows[row] = as_shown(grid().row(row), inverse_);
    }
    grid().forget_changes();
    screen.cursor = look_;
    screen.cursor.row = static_cast<std::uint16_t>(cursor_.row);
    screen.cursor.column = static_cast<std::uint16_t>(cursor_.column);
    screen.modes =
        (alternate_ ? screen::alternate_screen : 0U) | (mouse_ ? screen::mouse_reports : 0U);
    screen.title = title_;
    screen.bells = bells_;
}

// ---- characters

void Terminal::on_ascii(std::string_view text) {
    const char charset = charsets_[charset_];
    if (charset == 'B') return print(text);
    for (const char letter : text) {
        const char32_t point = in_charset(charset, letter);
        point < 0x80 ? print({&letter, 1}) : print_wide(point, 1);
    }
}

void Terminal::print(std::string_view ascii) {
    last_ = static_cast<char32_t>(ascii.back());
    while (!ascii.empty()) {
        if (cursor_.wraps && autowrap_) wrap();
        const std::string_view part = ascii.substr(0, columns() - cursor_.column);
        if (insert_) grid().insert(cursor_.row, cursor_.column, part.size(), background());
        grid().put(cursor_.row, cursor_.column, part, pen_);
        ascii.remove_prefix(part.size());
        cursor_.column += part.size();
        cursor_.wraps = cursor_.column == columns();
        if (cursor_.wraps) --cursor_.column;
    }
}

void Terminal::on_character(char32_t point) {
    const int width = character_width(point);
    if (width == 0) return join(point);
    print_wide(point, columns() < 2 ? 1 : width);
}

void Terminal::print_wide(char32_t point, int width) {
    last_ = point;
    const std::size_t cells = static_cast<std::size_t>(width);
    if (cursor_.column + cells > columns()) {
        autowrap_ ? wrap() : go_to(cursor_.row, columns() - cells);
    } else if (cursor_.wraps && autowrap_) {
        wrap();
    }
    if (insert_) grid().insert(cursor_.row, cursor_.column, cells, background());
    grid().put(cursor_.row, cursor_.column, point, width, pen_);
    cursor_.column += cells;
    cursor_.wraps = cursor_.column == columns();
    if (cursor_.wraps) --cursor_.column;
}

/// The mark joins the character before the cursor.
void Terminal::join(char32_t mark) {
    if (cursor_.wraps) {
        grid().join(cursor_.row, cursor_.column, mark);
    } else if (cursor_.column > 0) {
        grid().join(cursor_.row, cursor_.column - 1, mark);
    }
}

void Terminal::wrap() {
    cursor_.column = 0;
    line_feed();
}

void Terminal::repeat(unsigned count) {
    if (last_ == 0) return;
    const auto most = static_cast<unsigned>(columns() * height());
    for (unsigned left = std::min(count, most); left > 0; --left) {
        const char letter = static_cast<char>(last_);
        last_ < 0x80 ? print({&letter, 1}) : on_character(last_);
    }
}

// ---- controls

void Terminal::on_control(std::uint8_t control) {
    switch (control) {
        case '\a':
            ++bells_;
            break;
        case '\b':
            move(0, -1);
            break;
        case '\t':
            tab(1, false);
            break;
        case '\n':
        case '\v':
        case '\f':
            line_feed();
            if (new_line_) cursor_.column = 0;
            break;
        case '\r':
            cursor_.column = 0;
            cursor_.wraps = false;
            break;
        case 0x0e:
            charset_ = 1;
            break;
        case 0x0f:
            charset_ = 0;
            break;
        default:
            break;
    }
}

void Terminal::line_feed() {
    cursor_.wraps = false;
    if (cursor_.row + 1 == bottom_) {
        grid().scroll(top_, bottom_, 1, background());
    } else if (cursor_.row + 1 < height()) {
        ++cursor_.row;
    }
}

void Terminal::reverse_line_feed() {
    if (cursor_.row == top_) {
        grid().scroll(top_, bottom_, -1, background());
    } else if (cursor_.row > 0) {
        --cursor_.row;
    }
}

void Terminal::tab(unsigned count, bool back) {
    cursor_.wraps = false;
    for (unsigned left = std::min<unsigned>(count, static_cast<unsigned>(columns())); left > 0;
         --left) {
        if (back) {
            do {
                if (cursor_.column == 0) return;
            } while (!tabs_[--cursor_.column]);
        } else {
            do {
                if (cursor_.column + 1 == columns()) return;
            } while (!tabs_[++cursor_.column]);
        }
    }
}

// ---- the cursor

void Terminal::go_to(std::size_t row, std::size_t column) {
    cursor_ = {std::min(row, height() - 1), std::min(column, columns() - 1), false};
}

/// Stays inside the scroll region's rows when it is there.
void Terminal::move(int rows, int columns_by) {
    const bool above = cursor_.row < top_;
    const bool below = cursor_.row >= bottom_;
    const int first = rows < 0 && !above ? static_cast<int>(top_) : 0;
    const int last = static_cast<int>(rows > 0 && !below ? bottom_ : height()) - 1;
    const int row = std::clamp(static_cast<int>(cursor_.row) + rows, first, last);
    const int column = std::clamp(static_cast<int>(cursor_.column) + columns_by, 0,
                                  static_cast<int>(columns()) - 1);
    cursor_ = {static_cast<std::size_t>(row), static_cast<std::size_t>(column), false};
}

void Terminal::save_cursor() {
    saved_[alternate_ ? 1 : 0] = {cursor_, pen_, charsets_, charset_, origin_};
}

void Terminal::restore_cursor() {
    const Saved& saved = saved_[alternate_ ? 1 : 0];
    cursor_ = saved.at;
    pen_ = saved.pen;
    charsets_ = saved.charsets;
    charset_ = saved.charset;
    origin_ = saved.origin;
}

void Terminal::use_alternate(bool on) {
    if (alternate_ == on) return;
    alternate_ = on;
    cursor_.wraps = false;
    grid().change_all();
}

void Terminal::reset(bool hard) {
    pen_ = {};
    charsets_ = {'B', 'B'};
    charset_ = 0;
    insert_ = origin_ = new_line_ = false;
    autowrap_ = true;
    look_ = {};
    top_ = 0;
    bottom_ = height();
    saved_[alternate_ ? 1 : 0] = {};
    if (!hard) return;
    use_alternate(false);
    grids_ = {Grid(columns(), height()), Grid(columns(), height())};
    saved_ = {};
    cursor_ = {};
    tabs_ = usual_tabs(columns());
    inverse_ = mouse_ = false;
    last_ = 0;
}

// ---- commands

void Terminal::on_command(std::string_view content) {
    if (content.starts_with("0;") || content.starts_with("2;"))
        title_ = clean_title(content.substr(2));
}

}  // namespace jetway::parser
