// What a person may type: itineraries, addresses, names, durations. Each is a value that reads back
// as itself, or an error that a terminal can show.
#include <cstdint>
#include <cstdlib>

#include "base/text.hpp"
#include "wire/control.hpp"

namespace {

using namespace jetway::wire;

void require(bool holds) {
    if (!holds) std::abort();
}

void expect_usage(const jetway::Error& error) {
    require(error.code == jetway::Code::usage && !error.detail.empty());
}

void itinerary(std::string_view text) {
    const auto stage = parse_itinerary(text);
    if (!stage) return expect_usage(stage.error());
    require(decode<Stage>(encode(*stage).bytes()).has_value());
    const std::string written = to_text(*stage);
    require(to_text(parse_itinerary(written).value()) == written);
}

void address(std::string_view text) {
    const auto address = parse_address(text);
    if (!address) return expect_usage(address.error());
    require(address->text() == text && text.size() <= max_address &&
            jetway::is_clean(text, max_address));
    require(check_service_name(address->service).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    itinerary(text);
    address(text);
    if (const auto duration = jetway::parse_duration(text)) require(duration->count() >= 0);
    return 0;
}
