// Any file is a recording or an error, and what is read can be written and read again.
#include <cstdlib>

#include "services/recorder/cast.hpp"

namespace {

using namespace jetway::recorder;

void check_round_trip(const CastEvent& event) {
    if (event.code != CastCode::output) return;
    CastWriter writer;
    const std::string lines = writer.output(event.at_us, event.data) + writer.finish(event.at_us);
    CastReader reader;
    if (!reader.line(CastWriter().header({}))) std::abort();
    std::string data;
    for (std::size_t at = 0; at < lines.size();) {
        const std::size_t end = lines.find('\n', at);
        const auto again = reader.line(std::string_view(lines).substr(at, end - at));
        if (!again) std::abort();
        if (*again) data += (*again)->data;
        at = end + 1;
    }
    if (data != event.data) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view text(reinterpret_cast<const char*>(data), size);
    CastReader reader;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        const auto event = reader.line(text.substr(0, end));
        if (event && *event) check_round_trip(**event);
        if (end == std::string_view::npos) break;
        text.remove_prefix(end + 1);
    }
    return 0;
}
