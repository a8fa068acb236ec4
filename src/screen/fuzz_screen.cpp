// Any bytes as each of the messages: decoding and applying never crash, and what was understood
// survives a round trip.
#include <cstdlib>

#include "screen/bytes.hpp"
#include "screen/diff.hpp"
#include "screen/picture.hpp"

using namespace jetway;
using namespace jetway::screen;

namespace {

void check(bool holds) {
    if (!holds) std::abort();
}

void try_screen(const Buffer& message, Snapshot& follower) {
    const auto decoded = decode_screen(message.bytes());
    if (!decoded) return;
    const Buffer again = std::visit([](const auto& one) { return encode(one); }, *decoded);
    check(decode_screen(again.bytes()) == decoded);
    if (const auto* snapshot = std::get_if<Snapshot>(&*decoded)) {
        const Snapshot before = follower;
        follower = *snapshot;
        Snapshot copy = before;
        for (const Op& op : make_ops(before.screen, follower.screen))
            check(apply(copy.screen, op).has_value());
        check(copy.screen == follower.screen);
    } else {
        Diff diff = std::get<Diff>(*decoded);
        diff.base = follower.state;
        if (!apply(follower, diff)) follower = Snapshot();
    }
}

void try_picture(const Buffer& message, Picture& follower) {
    const auto update = decode_picture(message);
    if (!update) return;
    if (apply(follower, *update))
        check(follower.pixels.size() ==
              picture_bytes(follower.format, follower.width, follower.height));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Snapshot screen;
    Picture picture(Format::i420, 16, 16);
    // Two-byte lengths cut the input into messages, so that one meets the state that another left.
    while (size >= 2) {
        const std::size_t length = std::min<std::size_t>(data[0] | data[1] << 8U, size - 2);
        const Buffer message = Buffer::copy_of(Bytes(data + 2, length));
        if (const auto pty = decode_pty(message))
            check(encode(*pty).bytes().size() == message.size());
        try_screen(message, screen);
        try_picture(message, picture);
        data += 2 + length;
        size -= 2 + length;
    }
    return 0;
}
