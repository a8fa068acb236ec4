// What a pseudo-terminal's program does, as messages: bytes written, size changes, marks, the end.
// pty-server and replayer produce them, parser-server and recorder take them. Lossless. One message
// of the stream is one PtyMessage.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/buffer.hpp"
#include "base/result.hpp"
#include "screen/stamp.hpp"

namespace jetway::screen {

inline constexpr std::string_view pty_content_type = "application/x-jetway-pty";

inline constexpr std::uint16_t max_columns = 1000;
inline constexpr std::uint16_t max_rows = 1000;
inline constexpr std::size_t max_pty_bytes = 256UL * 1024;  // of one PtyOut
inline constexpr std::size_t max_label = 1024;
inline constexpr std::size_t max_pty_message = stamp_size + max_pty_bytes;

/// The program wrote `bytes`; stamp.off counts what it had written before them, stamp.us is when
/// they were read.
struct PtyOut {
    Buffer bytes;
};
/// The terminal has a new size from here on. A session starts with one.
struct PtySize {
    std::uint16_t columns = 80;
    std::uint16_t rows = 24;
};
/// Somebody marked this moment.
struct PtyMark {
    std::string label;
};
/// The program ended; nothing follows. `status` is what a shell would say, 128 + signal when
/// killed.
struct PtyExit {
    std::int32_t status = 0;
    std::int32_t signal = 0;  // 0: it exited
};

struct PtyMessage {
    Stamp stamp;
    std::variant<PtyOut, PtySize, PtyMark, PtyExit> body;
};

/// The caller keeps within the limits above (checked).
Buffer encode(const PtyMessage& message);
/// Total: any bytes give a message within the limits or an error (E-PROTOCOL, E-VERSION). A
/// PtyOut's bytes share the block of `message`.
Result<PtyMessage> decode_pty(const Buffer& message);

}  // namespace jetway::screen
