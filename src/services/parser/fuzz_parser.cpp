// Any bytes as a program's output, with resizes among them: the terminal never crashes, and the
// never crash, and the screen does not depend on where the bytes were cut.
#include <cstdlib>

#include "services/parser/parser_core.hpp"

using namespace jetway;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    parser::ParserCore whole(20, 6);
    parser::ParserCore cut(20, 6);
    while (size >= 3) {
        const auto columns = static_cast<std::uint16_t>(1 + data[0] % 60);
        const auto rows = static_cast<std::uint16_t>(1 + data[1] % 20);
        const std::size_t length = std::min<std::size_t>(data[2], size - 3);
        const Bytes text(data + 3, length);
        if (data[0] % 4 == 0) {
            whole.resize(columns, rows);
            cut.resize(columns, rows);
        }
        whole.write(text);
        for (std::size_t i = 0; i < length; ++i) cut.write(text.subspan(i, 1));
        data += 3 + length;
        size -= 3 + length;
    }
    if (whole.screen() != cut.screen()) std::abort();
    return 0;
}
