// SGR, ESC [ ... m.
#include "services/parser/terminal.hpp"

namespace jetway::parser {
namespace {

using screen::Colour;

std::uint8_t byte(unsigned value) {
    return static_cast<std::uint8_t>(value > 255 ? 255 : value);
}

/// How many parameters after `index` are joined to it by ':'.
std::size_t joined_after(const Sequence& sequence, std::size_t index) {
    std::size_t count = 0;
    while (index + count + 1 < sequence.count && sequence.joined[index + count + 1]) ++count;
    return count;
}

/// 38, 48 or 58 at `index`: "5;n", "2;r;g;b", or joined by ':' and then with a colour space before
/// the red. Moves `index` to the last parameter that belongs to it.
std::optional<Colour> extended_colour(const Sequence& sequence, std::size_t& index) {
    const std::size_t joined = joined_after(sequence, index);
    const std::size_t end = joined > 0 ? index + 1 + joined : sequence.count;
    const std::size_t kind = index + 1;
    const auto value = [&](std::size_t at) { return at < end ? sequence.parameters[at] : 0U; };
    const unsigned which = value(kind);
    const std::size_t values = which == 5 ? 1 : which == 2 ? 3 : 0;
    const std::size_t first = kind + 1 + (joined >= 5 && which == 2 ? 1 : 0);
    index = joined > 0 ? index + joined : std::min(kind + values, sequence.count - 1);
    if (values == 0 || first + values > end) return std::nullopt;
    if (which == 5) return Colour::index(byte(value(first)));
    return Colour::rgb(byte(value(first)), byte(value(first + 1)), byte(value(first + 2)));
}

void set_underline(screen::Style& pen, unsigned kind) {
    pen.attributes &= static_cast<std::uint8_t>(~(screen::underline | screen::double_underline));
    if (kind == 2) pen.attributes |= screen::double_underline;
    if (kind == 1 || kind > 2) pen.attributes |= screen::underline;
}

struct Switch {
    unsigned number;
    std::uint8_t on;
    std::uint8_t off;
};
constexpr std::array<Switch, 14> switches{{{1, screen::bold, 0},
                                           {2, screen::faint, 0},
                                           {3, screen::italic, 0},
                                           {5, screen::blink, 0},
                                           {6, screen::blink, 0},
                                           {7, screen::inverse, 0},
                                           {9, screen::strike, 0},
                                           {22, 0, screen::bold | screen::faint},
                                           {23, 0, screen::italic},
                                           {24, 0, screen::underline | screen::double_underline},
                                           {25, 0, screen::blink},
                                           {27, 0, screen::inverse},
                                           {29, 0, screen::strike},
                                           {21, screen::double_underline, screen::underline}}};

void set_colour(screen::Style& pen, unsigned number) {
    if (number >= 30 && number <= 37) pen.foreground = Colour::index(byte(number - 30));
    if (number >= 40 && number <= 47) pen.background = Colour::index(byte(number - 40));
    if (number >= 90 && number <= 97) pen.foreground = Colour::index(byte(number - 82));
    if (number >= 100 && number <= 107) pen.background = Colour::index(byte(number - 92));
    if (number == 39) pen.foreground = {};
    if (number == 49) pen.background = {};
}

void set_one(screen::Style& pen, unsigned number) {
    if (number == 0) pen = {};
    for (const Switch& one : switches) {
        if (one.number != number) continue;
        pen.attributes = static_cast<std::uint8_t>((pen.attributes & ~unsigned{one.off}) | one.on);
    }
    set_colour(pen, number);
}

}  // namespace

void set_style(screen::Style& pen, const Sequence& sequence) {
    if (sequence.count == 0) pen = {};
    for (std::size_t i = 0; i < sequence.count; ++i) {
        const unsigned number = sequence.parameters[i];
        if (number == 38 || number == 48 || number == 58) {
            const auto colour = extended_colour(sequence, i);
            if (colour && number == 38) pen.foreground = *colour;
            if (colour && number == 48) pen.background = *colour;
            continue;
        }
        const std::size_t joined = joined_after(sequence, i);
        if (number == 4) {
            set_underline(pen, joined > 0 ? sequence.parameters[i + 1] : 1);
        } else {
            set_one(pen, number);
        }
        i += joined;
    }
}

}  // namespace jetway::parser
