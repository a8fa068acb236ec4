// ParserCore: a terminal without a window. Bytes of a program go in, the Screen they make comes
// out. libvterm (0.1.4) does the work; it is seen only in parser_core.cpp. Equal bytes give equal
// screens wherever they are cut. Terminal queries are not answered.
#pragma once

#include <cstdint>
#include <memory>

#include "base/buffer.hpp"
#include "screen/screen.hpp"

namespace jetway::parser {

class ParserCore {
public:
    /// 1 to max_columns, 1 to max_rows.
    ParserCore(std::uint16_t columns, std::uint16_t rows);
    ~ParserCore();

    void write(Bytes bytes);
    /// The screen is cut or grows at the right and the bottom; nothing is wrapped anew.
    void resize(std::uint16_t columns, std::uint16_t rows);
    /// The screen as the bytes so far made it. Valid until the next call. Only rows that changed
    /// cost time.
    const screen::Screen& screen();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace jetway::parser
