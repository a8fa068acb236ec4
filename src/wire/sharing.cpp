#include "wire/sharing.hpp"

namespace jetway::wire {
namespace {

Result<> check_size(Bytes payload, std::size_t size) {
    if (payload.size() == size) return success();
    return Error(Code::protocol, "a frame of shared memory of " + std::to_string(payload.size()) +
                                     " bytes instead of " + std::to_string(size));
}

std::uint64_t read_number(const std::uint8_t* bytes, unsigned size) {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < size; ++i) value |= std::uint64_t{bytes[i]} << (8 * i);
    return value;
}

void write_number(std::uint8_t* bytes, std::uint64_t value, unsigned size) {
    for (unsigned i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(value >> (8 * i));
}

}  // namespace

SharedDataBytes encode(const SharedData& shared) {
    SharedDataBytes bytes{shared.reference, shared.arena};
    write_number(&bytes[2], shared.length, 2);
    write_number(&bytes[4], shared.offset, 4);
    return bytes;
}

Result<SharedData> decode_shared_data(Bytes payload) {
    JETWAY_TRY(check_size(payload, SharedDataBytes().size()));
    const SharedData shared{payload[0], payload[1],
                            static_cast<std::uint16_t>(read_number(&payload[2], 2)),
                            static_cast<std::uint32_t>(read_number(&payload[4], 4))};
    if (shared.reference >= max_shared || shared.arena >= max_arenas || shared.length == 0)
        return Error(Code::protocol, "SHARED_DATA out of its limits");
    return shared;
}

ReferencesBytes encode(const References& references) {
    ReferencesBytes bytes{};
    for (std::size_t i = 0; i < references.size(); ++i)
        write_number(&bytes.at(8 * i), references.at(i), 8);
    return bytes;
}

Result<References> decode_references(Bytes payload) {
    JETWAY_TRY(check_size(payload, ReferencesBytes().size()));
    References references{};
    for (std::size_t i = 0; i < references.size(); ++i)
        references.at(i) = read_number(&payload[8 * i], 8);
    return references;
}

ArenaBytes encode(const Arena& arena) {
    return {arena.number, static_cast<std::uint8_t>(arena.taken ? 1 : 0)};
}

Result<Arena> decode_arena(Bytes payload) {
    JETWAY_TRY(check_size(payload, ArenaBytes().size()));
    if (payload[0] >= max_arenas || payload[1] > 1)
        return Error(Code::protocol, "an arena out of its limits");
    return Arena{payload[0], payload[1] == 1};
}

}  // namespace jetway::wire
