// Any bytes on the page's port are a request, the beginning of one, or wrong.
#include <cstdint>
#include <cstdlib>

#include "services/display/http_request.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace jetway::display;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const ParsedRequest parsed = parse_request(bytes);
    if (parsed.state == ParsedRequest::State::whole) {
        if (parsed.length > size || parsed.request.path.empty() ||
            parsed.request.host.find('\n') != std::string::npos) {
            std::abort();
        }
        (void)query_value(parsed.request.query, "viewer");
    }
    if (parsed.state == ParsedRequest::State::incomplete && size >= most_head) std::abort();
    return 0;
}
