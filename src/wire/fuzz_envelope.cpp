// Any bytes are an envelope or an error; one that was accepted is accepted again and is the same.
#include <cstdint>
#include <cstdlib>

#include "wire/envelope.hpp"

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto envelope = jetway::wire::decode_envelope({data, size});
    if (!envelope) return 0;
    require(!envelope->destination.empty());
    const jetway::Buffer bytes = encode(*envelope);
    const auto again = jetway::wire::decode_envelope(bytes.bytes());
    require(again.has_value());
    require(again->data.text() == envelope->data.text() && encode(*again).text() == bytes.text());
    return 0;
}
