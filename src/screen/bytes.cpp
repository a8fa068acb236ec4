#include "screen/bytes.hpp"

#include <cassert>

#include "screen/codec.hpp"

namespace jetway::screen {
namespace {

Buffer encode_body(const Stamp& stamp, const PtyOut& out) {
    assert(out.bytes.size() <= max_pty_bytes);
    return Writer(stamp, MessageKind::pty_out).finish(out.bytes.bytes());
}

Buffer encode_body(const Stamp& stamp, const PtySize& size) {
    Writer writer(stamp, MessageKind::pty_size);
    writer.u16(size.columns);
    writer.u16(size.rows);
    return writer.finish();
}

Buffer encode_body(const Stamp& stamp, const PtyMark& mark) {
    assert(mark.label.size() <= max_label);
    Writer writer(stamp, MessageKind::pty_mark);
    writer.text(mark.label);
    return writer.finish();
}

Buffer encode_body(const Stamp& stamp, const PtyExit& exit) {
    Writer writer(stamp, MessageKind::pty_exit);
    writer.u32(static_cast<std::uint32_t>(exit.status));
    writer.u32(static_cast<std::uint32_t>(exit.signal));
    return writer.finish();
}

Result<PtyMessage> decode_out(const Stamp& stamp, const Buffer& message) {
    if (message.size() > max_pty_message)
        return malformed("more output than one message may carry");
    return PtyMessage{stamp, PtyOut{message.slice(stamp_size)}};
}

Result<PtyMessage> decode_size(const Stamp& stamp, Reader& reader) {
    const PtySize size{reader.u16(), reader.u16()};
    if (!reader.done()) return malformed("terminal size");
    if (size.columns < 1 || size.columns > max_columns || size.rows < 1 || size.rows > max_rows) {
        return malformed("terminal size out of range");
    }
    return PtyMessage{stamp, size};
}

Result<PtyMessage> decode_mark(const Stamp& stamp, Reader& reader) {
    if (reader.left() > max_label) return malformed("label too long");
    const Bytes label = reader.bytes(reader.left());
    return PtyMessage{stamp, PtyMark{std::string(label.begin(), label.end())}};
}

Result<PtyMessage> decode_exit(const Stamp& stamp, Reader& reader) {
    PtyExit exit;
    exit.status = static_cast<std::int32_t>(reader.u32());
    exit.signal = static_cast<std::int32_t>(reader.u32());
    if (!reader.done()) return malformed("exit");
    return PtyMessage{stamp, exit};
}

}  // namespace

Buffer encode(const PtyMessage& message) {
    return std::visit([&message](const auto& body) { return encode_body(message.stamp, body); },
                      message.body);
}

Result<PtyMessage> decode_pty(const Buffer& message) {
    Reader reader(message.bytes());
    MessageKind kind{};
    JETWAY_ASSIGN(const Stamp stamp, read_stamp(reader, kind));
    switch (kind) {
        case MessageKind::pty_out:
            return decode_out(stamp, message);
        case MessageKind::pty_size:
            return decode_size(stamp, reader);
        case MessageKind::pty_mark:
            return decode_mark(stamp, reader);
        case MessageKind::pty_exit:
            return decode_exit(stamp, reader);
        default:
            return malformed("not of a terminal's output");
    }
}

}  // namespace jetway::screen
