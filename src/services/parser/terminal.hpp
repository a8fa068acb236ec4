// Terminal: the screen of an xterm-like terminal, driven by what VtParser makes of a program's
// bytes. Truecolor, alternate screen, scroll regions, wide characters, marks, titles. Answers no
// queries, keeps no scrollback. https://invisible-island.net/xterm/ctlseqs/ctlseqs.html
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "services/parser/grid.hpp"
#include "services/parser/vt_parser.hpp"

namespace jetway::parser {

class Terminal final : public VtEvents {
public:
    Terminal(std::size_t columns, std::size_t rows);

    /// The screen is cut or grows at the right and the bottom; when it loses the cursor's row it
    /// moves up instead. Nothing is wrapped anew.
    void resize(std::size_t columns, std::size_t rows);
    /// Brings `screen`, which only this terminal writes, up to date.
    void show(screen::Screen& screen);

    void on_ascii(std::string_view text) override;
    void on_character(char32_t point) override;
    void on_control(std::uint8_t control) override;
    void on_escape(char intermediate, char final_byte) override;
    void on_sequence(const Sequence& sequence) override;
    void on_command(std::string_view content) override;

private:
    struct Position {
        std::size_t row = 0;
        std::size_t column = 0;
        bool wraps = false;  // the last column was written: the next character begins a new line
    };
    /// What DECSC keeps.
    struct Saved {
        Position at;
        screen::Style pen;
        std::array<char, 2> charsets{'B', 'B'};
        std::size_t charset = 0;
        bool origin = false;
    };

    // Sequences by what they are about (terminal_sequences.cpp). False: not one of them.
    bool move_cursor(const Sequence& sequence);
    bool change_cells(const Sequence& sequence);
    bool change_rows(const Sequence& sequence);
    void set_modes(const Sequence& sequence, bool on);
    void set_private_mode(unsigned mode, bool on);
    void set_region(const Sequence& sequence);
    void set_cursor_style(unsigned style);
    void clear_tabs(unsigned which);

    void print(std::string_view ascii);
    void print_wide(char32_t point, int width);
    void join(char32_t mark);
    void wrap();
    void line_feed();
    void reverse_line_feed();
    void go_to(std::size_t row, std::size_t column);
    void move(int rows, int columns);
    void tab(unsigned count, bool back);
    void erase_display(unsigned what);
    void erase_line(unsigned what);
    void scroll(int lines);
    void insert_lines(int lines);
    void repeat(unsigned count);
    void fill_with_e();
    void save_cursor();
    void restore_cursor();
    void use_alternate(bool on);
    void reset(bool hard);

    Grid& grid() { return alternate_ ? grids_[1] : grids_[0]; }
    screen::Colour background() const { return pen_.background; }
    std::size_t columns() const { return grids_[0].columns(); }
    std::size_t height() const { return grids_[0].height(); }

    std::array<Grid, 2> grids_;  // main and alternate
    bool alternate_ = false;
    Position cursor_;
    std::array<Saved, 2> saved_;
    screen::Style pen_;
    std::size_t top_ = 0;     // of the scroll region
    std::size_t bottom_ = 0;  // after its last row
    std::vector<bool> tabs_;
    std::array<char, 2> charsets_{'B', 'B'};  // G0 and G1: B ASCII, 0 line drawing, A British
    std::size_t charset_ = 0;
    char32_t last_ = 0;  // printed, for REP
    bool insert_ = false;
    bool origin_ = false;
    bool autowrap_ = true;
    bool new_line_ = false;
    bool inverse_ = false;
    bool mouse_ = false;
    screen::Cursor look_;  // shape, blinking, visible
    std::string title_;
    std::uint64_t bells_ = 0;
};

/// SGR: what the parameters do to the pen.
void set_style(screen::Style& pen, const Sequence& sequence);

}  // namespace jetway::parser
