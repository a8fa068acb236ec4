// Any text is an address or an error, and what is an address survives being written and read again.

#include <cstdlib>
#include <string_view>

#include "io/address.hpp"
#include "io/byte_stream.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace jetway::io;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto parsed = parse_socket_address(text);
    if (parsed.has_value() != check_address(text).has_value()) std::abort();
    if (!parsed || parsed->host == AddressText::Host::name) return 0;
    const std::string shown = parsed->address.text();
    const auto again = parse_socket_address(shown);
    if (!again || again->address.text() != shown) std::abort();
    if (is_loopback(text) != is_loopback(shown)) std::abort();
    return 0;
}
