// ParserCore: a terminal without a window. Bytes of a program go in, the Screen they make comes
// out. Equal bytes give equal screens wherever they are cut.
#pragma once

#include <cstdint>

#include "base/buffer.hpp"
#include "screen/screen.hpp"
#include "services/parser/terminal.hpp"
#include "services/parser/vt_parser.hpp"

namespace jetway::parser {

class ParserCore {
public:
    /// 1 to max_columns, 1 to max_rows.
    ParserCore(std::uint16_t columns, std::uint16_t rows);

    void write(Bytes bytes) { parser_.write(bytes); }
    /// See Terminal::resize.
    void resize(std::uint16_t columns, std::uint16_t rows);
    /// The screen as the bytes so far made it. Only rows that changed cost time.
    const screen::Screen& screen();

private:
    Terminal terminal_;
    VtParser parser_;
    screen::Screen screen_;
};

}  // namespace jetway::parser
