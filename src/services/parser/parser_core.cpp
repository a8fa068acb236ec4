#include "services/parser/parser_core.hpp"

#include <algorithm>
#include <cassert>
#include <vector>
#include <vterm.h>

#include "base/text.hpp"
#include "services/parser/intake.hpp"

namespace jetway::parser {
namespace {

// libvterm writes the second half of a wide character outside a screen of one column.
constexpr int least_columns = 2;
constexpr std::uint32_t second_half = 0xffffffffU;  // what libvterm keeps behind a wide character

struct FreeTerminal {
    void operator()(VTerm* terminal) const { vterm_free(terminal); }
};

/// What may stand in a cell: control characters and non-characters become U+FFFD.
char32_t visible(std::uint32_t point) {
    const bool control = point < 0x20 || (point >= 0x7f && point < 0xa0);
    if (control || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return 0xfffd;
    return point;
}

screen::Colour colour(const VTermColor& from) {
    if (VTERM_COLOR_IS_DEFAULT_FG(&from) || VTERM_COLOR_IS_DEFAULT_BG(&from)) return {};
    if (VTERM_COLOR_IS_INDEXED(&from)) return screen::Colour::index(from.indexed.idx);
    return screen::Colour::rgb(from.rgb.red, from.rgb.green, from.rgb.blue);
}

std::uint8_t attributes(const VTermScreenCellAttrs& from) {
    unsigned result = 0;
    if (from.bold != 0) result |= screen::bold;
    if (from.italic != 0) result |= screen::italic;
    if (from.underline == VTERM_UNDERLINE_DOUBLE) result |= screen::double_underline;
    if (from.underline != 0 && from.underline != VTERM_UNDERLINE_DOUBLE)
        result |= screen::underline;
    if (from.blink != 0) result |= screen::blink;
    if (from.reverse != 0) result |= screen::inverse;
    if (from.strike != 0) result |= screen::strike;
    return static_cast<std::uint8_t>(result);
}

/// A window title as the program gave it, in valid UTF-8 without control characters.
std::string clean_title(std::string_view text) {
    std::string title;
    while (!text.empty()) {
        const auto point = take_character(text);
        if (!point) text.remove_prefix(1);
        std::string piece;
        screen::append_utf8(piece, visible(point.value_or(0)));
        if (title.size() + piece.size() > screen::max_title) break;
        title += piece;
    }
    return title;
}

}  // namespace

struct ParserCore::State final : IntakeEvents {
    State(std::uint16_t columns, std::uint16_t rows)
        : intake(*this),
          terminal(vterm_new(rows, std::max<int>(columns, least_columns))),
          screen(columns, rows),
          dirty(rows, true) {
        vterm_set_utf8(terminal.get(), 1);
        vterm_output_set_callback(terminal.get(), [](const char*, std::size_t, void*) {}, nullptr);
        view = vterm_obtain_screen(terminal.get());
        vterm_screen_set_callbacks(view, &callbacks, this);
        vterm_screen_enable_altscreen(view, 1);
        vterm_screen_set_damage_merge(view, VTERM_DAMAGE_SCROLL);
        vterm_screen_reset(view, 1);
    }

    void on_text(std::string_view bytes) override {
        vterm_input_write(terminal.get(), bytes.data(), bytes.size());
    }
    void on_control_string(char introducer, std::string_view content) override {
        if (introducer != ']') return;
        if (content.starts_with("0;") || content.starts_with("2;"))
            screen.title = clean_title(content.substr(2));
    }

    void damaged(int first, int end) {
        for (int row = std::max(first, 0); row < std::min(end, static_cast<int>(dirty.size()));
             ++row) {
            dirty[static_cast<std::size_t>(row)] = true;
        }
    }

    bool set_property(VTermProp property, const VTermValue& value) {
        switch (property) {
            case VTERM_PROP_CURSORVISIBLE:
                screen.cursor.visible = value.boolean != 0;
                break;
            case VTERM_PROP_CURSORBLINK:
                screen.cursor.blinks = value.boolean != 0;
                break;
            case VTERM_PROP_CURSORSHAPE:
                if (value.number >= 1 && value.number <= 3) {
                    screen.cursor.shape = static_cast<screen::Cursor::Shape>(value.number);
                }
                break;
            case VTERM_PROP_ALTSCREEN:
                set_mode(screen::alternate_screen, value.boolean != 0);
                break;
            case VTERM_PROP_MOUSE:
                set_mode(screen::mouse_reports, value.number != VTERM_PROP_MOUSE_NONE);
                break;
            case VTERM_PROP_REVERSE:
                damaged(0, screen.height());
                break;
            default:
                return false;
        }
        return true;
    }
    void set_mode(screen::Mode mode, bool on) {
        screen.modes = on ? screen.modes | mode : screen.modes & ~static_cast<std::uint32_t>(mode);
    }

    screen::Cell read_cell(screen::Row& row, VTermPos at) const {
        VTermScreenCell from;
        vterm_screen_get_cell(view, at, &from);
        screen::Cell cell;
        cell.style = {colour(from.fg), colour(from.bg), attributes(from.attrs)};
        if (from.chars[0] == second_half) {
            cell.text = 0;
            cell.width = 0;
            return cell;
        }
        cell.text = from.chars[0] == 0 ? U' ' : visible(from.chars[0]);
        cell.width = from.width == 2 && at.col + 1 < screen.columns ? 2 : 1;
        cell.clustered = from.chars[0] != 0 && from.chars[1] != 0;
        if (cell.clustered) {
            screen::Cluster cluster{static_cast<std::uint16_t>(at.col), {}};
            for (std::size_t i = 0; i < VTERM_MAX_CHARS_PER_CELL && from.chars[i] != 0; ++i) {
                cluster.text.push_back(visible(from.chars[i]));
            }
            row.clusters.push_back(std::move(cluster));
        }
        return cell;
    }

    void read_row(std::size_t number) {
        screen::Row row;
        row.cells.reserve(screen.columns);
        for (int column = 0; column < screen.columns; ++column) {
            row.cells.push_back(read_cell(row, {static_cast<int>(number), column}));
        }
        row.trim();
        screen.rows[number] = std::move(row);
    }

    void refresh() {
        intake.flush();
        vterm_screen_flush_damage(view);
        for (std::size_t row = 0; row < dirty.size(); ++row) {
            if (dirty[row]) read_row(row);
            dirty[row] = false;
        }
        VTermPos at;
        vterm_state_get_cursorpos(vterm_obtain_state(terminal.get()), &at);
        screen.cursor.row = static_cast<std::uint16_t>(std::clamp(at.row, 0, screen.height() - 1));
        screen.cursor.column =
            static_cast<std::uint16_t>(std::clamp(at.col, 0, screen.columns - 1));
    }

    static State& self(void* user) { return *static_cast<State*>(user); }
    static const VTermScreenCallbacks callbacks;

    Intake intake;
    std::unique_ptr<VTerm, FreeTerminal> terminal;
    VTermScreen* view = nullptr;  // belongs to the terminal
    screen::Screen screen;
    std::vector<bool> dirty;  // rows to be read anew
};

const VTermScreenCallbacks ParserCore::State::callbacks{
    .damage =
        [](VTermRect area, void* user) {
            self(user).damaged(area.start_row, area.end_row);
            return 1;
        },
    .moverect =
        [](VTermRect to, VTermRect from, void* user) {
            self(user).damaged(to.start_row, to.end_row);
            self(user).damaged(from.start_row, from.end_row);
            return 1;
        },
    .movecursor = nullptr,
    .settermprop = [](VTermProp property, VTermValue* value,
                      void* user) { return self(user).set_property(property, *value) ? 1 : 0; },
    .bell =
        [](void* user) {
            ++self(user).screen.bells;
            return 1;
        },
    .resize = nullptr,
    .sb_pushline = nullptr,
    .sb_popline = nullptr,
};

ParserCore::ParserCore(std::uint16_t columns, std::uint16_t rows)
    : state_(std::make_unique<State>(columns, rows)) {
    assert(columns >= 1 && columns <= screen::max_columns && rows >= 1 && rows <= screen::max_rows);
}

ParserCore::~ParserCore() = default;

void ParserCore::write(Bytes bytes) {
    state_->intake.write(bytes);
}

void ParserCore::resize(std::uint16_t columns, std::uint16_t rows) {
    assert(columns >= 1 && columns <= screen::max_columns && rows >= 1 && rows <= screen::max_rows);
    state_->intake.flush();
    vterm_set_size(state_->terminal.get(), rows, std::max<int>(columns, least_columns));
    state_->screen.resize(columns, rows);
    state_->dirty.assign(rows, true);
}

const screen::Screen& ParserCore::screen() {
    state_->refresh();
    return state_->screen;
}

}  // namespace jetway::parser
