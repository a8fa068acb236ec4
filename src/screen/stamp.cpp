#include "screen/stamp.hpp"

#include "screen/codec.hpp"

namespace jetway::screen {
namespace {

constexpr std::uint16_t flag_offline = 1;

bool is_kind(std::uint8_t number) {
    return (number >= 1 && number <= 4) || number == 16 || number == 17 || number == 32;
}

}  // namespace

Writer::Writer(const Stamp& stamp, MessageKind kind) {
    u8(message_version);
    u8(static_cast<std::uint8_t>(kind));
    u16(stamp.offline ? flag_offline : 0U);
    u32(stamp.epoch);
    u64(stamp.session);
    u64(stamp.sequence);
    u64(stamp.us);
    u64(stamp.off);
}

Buffer Writer::finish(Bytes tail) const {
    Buffer result = Buffer::allocate(bytes_.size() + tail.size());
    std::memcpy(result.mutable_data(), bytes_.data(), bytes_.size());
    if (!tail.empty()) std::memcpy(result.mutable_data() + bytes_.size(), tail.data(), tail.size());
    return result;
}

Result<Stamp> read_stamp(Reader& reader, MessageKind& kind) {
    const std::uint8_t version = reader.u8();
    const std::uint8_t number = reader.u8();
    const std::uint16_t flags = reader.u16();
    Stamp stamp;
    stamp.epoch = reader.u32();
    stamp.session = reader.u64();
    stamp.sequence = reader.u64();
    stamp.us = reader.u64();
    stamp.off = reader.u64();
    if (!reader.ok()) return malformed("shorter than its stamp");
    if (version != message_version) {
        return Error(Code::version, "message of version " + std::to_string(version) +
                                        ", this one speaks " + std::to_string(message_version));
    }
    if (!is_kind(number)) return malformed("unknown kind " + std::to_string(number));
    if ((flags & ~flag_offline) != 0) return malformed("unknown flags");
    kind = static_cast<MessageKind>(number);
    stamp.offline = (flags & flag_offline) != 0;
    return stamp;
}

Result<MessageKind> message_kind(Bytes message) {
    Reader reader(message);
    MessageKind kind{};
    JETWAY_TRY(read_stamp(reader, kind));
    return kind;
}

}  // namespace jetway::screen
