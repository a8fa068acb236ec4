#include "services/parser/parser_core.hpp"

#include <cassert>

namespace jetway::parser {
namespace {

bool is_size(std::uint16_t columns, std::uint16_t rows) {
    return columns >= 1 && columns <= screen::max_columns && rows >= 1 && rows <= screen::max_rows;
}

}  // namespace

ParserCore::ParserCore(std::uint16_t columns, std::uint16_t rows)
    : terminal_(columns, rows), parser_(terminal_), screen_(columns, rows) {
    assert(is_size(columns, rows));
}

void ParserCore::resize(std::uint16_t columns, std::uint16_t rows) {
    assert(is_size(columns, rows));
    terminal_.resize(columns, rows);
}

const screen::Screen& ParserCore::screen() {
    terminal_.show(screen_);
    return screen_;
}

}  // namespace jetway::parser
