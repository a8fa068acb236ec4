// What the escape sequences do: the tables of Terminal.
#include <algorithm>

#include "services/parser/terminal.hpp"

namespace jetway::parser {

void Terminal::on_escape(char intermediate, char final_byte) {
    if (intermediate == '(') charsets_[0] = final_byte;
    if (intermediate == ')') charsets_[1] = final_byte;
    if (intermediate == '#' && final_byte == '8') fill_with_e();
    if (intermediate != 0) return;
    switch (final_byte) {
        case '7':
            return save_cursor();
        case '8':
            return restore_cursor();
        case 'D':
            return line_feed();
        case 'E':
            cursor_.column = 0;
            return line_feed();
        case 'H':
            tabs_[cursor_.column] = true;
            return;
        case 'M':
            return reverse_line_feed();
        case 'c':
            return reset(true);
        default:
            return;  // queries, keypad modes, and what nobody uses
    }
}

void Terminal::on_sequence(const Sequence& sequence) {
    if (sequence.intermediate != 0) {
        if (sequence.intermediate == ' ' && sequence.final_byte == 'q')
            set_cursor_style(sequence.at(0, 1));
        if (sequence.intermediate == '!' && sequence.final_byte == 'p') reset(false);
        return;
    }
    const bool is_private = sequence.leader == '?';
    if (sequence.leader != 0 && !is_private) return;
    switch (sequence.final_byte) {
        case 'h':
        case 'l':
            return set_modes(sequence, sequence.final_byte == 'h');
        case 'J':
            return erase_display(sequence.at(0, 0));
        case 'K':
            return erase_line(sequence.at(0, 0));
        default:
            break;
    }
    if (is_private) return;
    if (sequence.final_byte == 'm') return set_style(pen_, sequence);
    if (move_cursor(sequence) || change_cells(sequence)) return;
    change_rows(sequence);
}

bool Terminal::move_cursor(const Sequence& sequence) {
    const int count = static_cast<int>(sequence.at(0, 1));
    const std::size_t place = sequence.at(0, 1) - 1;
    const std::size_t first_row = origin_ ? top_ : 0;
    const std::size_t last_row = (origin_ ? bottom_ : height()) - 1;
    switch (sequence.final_byte) {
        case 'A':
            move(-count, 0);
            return true;
        case 'B':
        case 'e':
            move(count, 0);
            return true;
        case 'C':
        case 'a':
            move(0, count);
            return true;
        case 'D':
            move(0, -count);
            return true;
        case 'E':
            move(count, 0);
            cursor_.column = 0;
            return true;
        case 'F':
            move(-count, 0);
            cursor_.column = 0;
            return true;
        case 'G':
        case '`':
            go_to(cursor_.row, place);
            return true;
        case 'H':
        case 'f':
            go_to(std::min(first_row + place, last_row), sequence.at(1, 1) - 1);
            return true;
        case 'd':
            go_to(std::min(first_row + place, last_row), cursor_.column);
            return true;
        case 'I':
            tab(sequence.at(0, 1), false);
            return true;
        case 'Z':
            tab(sequence.at(0, 1), true);
            return true;
        case 's':
            save_cursor();
            return true;
        case 'u':
            restore_cursor();
            return true;
        default:
            return false;
    }
}

bool Terminal::change_cells(const Sequence& sequence) {
    const std::size_t count = sequence.at(0, 1);
    switch (sequence.final_byte) {
        case '@':
            grid().insert(cursor_.row, cursor_.column, count, background());
            break;
        case 'P':
            grid().remove(cursor_.row, cursor_.column, count, background());
            break;
        case 'X':
            grid().erase(cursor_.row, cursor_.column, std::min(columns(), cursor_.column + count),
                         background());
            break;
        case 'b':
            repeat(sequence.at(0, 1));
            return true;
        default:
            return false;
    }
    cursor_.wraps = false;
    return true;
}

bool Terminal::change_rows(const Sequence& sequence) {
    const int count = static_cast<int>(std::min<std::size_t>(sequence.at(0, 1), height()));
    switch (sequence.final_byte) {
        case 'L':
            insert_lines(count);
            return true;
        case 'M':
            insert_lines(-count);
            return true;
        case 'S':
            scroll(count);
            return true;
        case 'T':
            scroll(-count);
            return true;
        case 'r':
            set_region(sequence);
            return true;
        case 'g':
            clear_tabs(sequence.at(0, 0));
            return true;
        default:
            return false;
    }
}

void Terminal::scroll(int lines) {
    grid().scroll(top_, bottom_, lines, background());
}

/// Only inside the scroll region.
void Terminal::insert_lines(int lines) {
    if (cursor_.row < top_ || cursor_.row >= bottom_) return;
    grid().scroll(cursor_.row, bottom_, -lines, background());
    cursor_.column = 0;
    cursor_.wraps = false;
}

void Terminal::erase_display(unsigned what) {
    if (what > 2) return;
    if (what != 2) erase_line(what);
    const std::size_t from = what == 0 ? cursor_.row + 1 : 0;
    const std::size_t to = what == 1 ? cursor_.row : height();
    for (std::size_t row = from; row < to; ++row) grid().erase(row, 0, columns(), background());
}

void Terminal::erase_line(unsigned what) {
    if (what > 2) return;
    const std::size_t from = what == 0 ? cursor_.column : 0;
    const std::size_t to = what == 1 ? cursor_.column + 1 : columns();
    grid().erase(cursor_.row, from, to, background());
}

void Terminal::fill_with_e() {
    for (std::size_t row = 0; row < height(); ++row)
        grid().put(row, 0, std::string(columns(), 'E'), {});
    top_ = 0;
    bottom_ = height();
    go_to(0, 0);
}

void Terminal::set_region(const Sequence& sequence) {
    const std::size_t top = sequence.at(0, 1) - 1;
    const std::size_t bottom = std::min<std::size_t>(sequence.at(1, 65535), height());
    if (top + 1 >= bottom) return;
    top_ = top;
    bottom_ = bottom;
    go_to(origin_ ? top_ : 0, 0);
}

void Terminal::set_cursor_style(unsigned style) {
    if (style > 6) return;
    look_.blinks = style % 2 == 1;
    look_.shape = static_cast<screen::Cursor::Shape>((style + 1) / 2);
}

void Terminal::clear_tabs(unsigned which) {
    if (which == 0) tabs_[cursor_.column] = false;
    if (which == 3) tabs_.assign(columns(), false);
}

void Terminal::set_modes(const Sequence& sequence, bool on) {
    for (std::size_t i = 0; i < sequence.count; ++i) {
        const unsigned mode = sequence.parameters[i];
        if (sequence.leader == '?') {
            set_private_mode(mode, on);
        } else if (mode == 4) {
            insert_ = on;
        } else if (mode == 20) {
            new_line_ = on;
        }
    }
}

void Terminal::set_private_mode(unsigned mode, bool on) {
    switch (mode) {
        case 5:
            if (inverse_ != on) grid().change_all();
            inverse_ = on;
            break;
        case 6:
            origin_ = on;
            go_to(origin_ ? top_ : 0, 0);
            break;
        case 7:
            autowrap_ = on;
            break;
        case 12:
            look_.blinks = on;
            break;
        case 25:
            look_.visible = on;
            break;
        case 9:
        case 1000:
        case 1002:
        case 1003:
            mouse_ = on;
            break;
        case 47:
        case 1047:
            if (!on && alternate_ && mode == 1047) erase_display(2);
            use_alternate(on);
            break;
        case 1048:
            on ? save_cursor() : restore_cursor();
            break;
        case 1049:
            if (on) save_cursor();
            use_alternate(on);
            on ? erase_display(2) : restore_cursor();
            break;
        default:
            break;  // keys, pastes, focus: what concerns input alone
    }
}

}  // namespace jetway::parser
