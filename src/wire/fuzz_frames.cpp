// The splitter gives the frames that the bytes spell, however they are cut. The first byte of the
// input seeds the cuts. What decodes encodes to the same.
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "base/random.hpp"
#include "wire/frame.hpp"
#include "wire/sharing.hpp"

using jetway::Buffer;
using jetway::Bytes;
using jetway::wire::decode_arena;
using jetway::wire::decode_references;
using jetway::wire::decode_shared_data;
using jetway::wire::decode_window;
using jetway::wire::encode;
using jetway::wire::Frame;
using jetway::wire::FrameHeader;
using jetway::wire::FrameSplitter;
using jetway::wire::header_size;

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

/// The frames one after the other, as docs/protocol.md has it: what the splitter is held against.
class Reference {
public:
    explicit Reference(Bytes bytes) : rest_(bytes) {}

    void expect(const Frame& frame) {
        require(rest_.size() >= header_size);
        const std::size_t length = rest_[0] | rest_[1] << 8U;
        require(frame.header == FrameHeader::read(rest_.data()));
        require(frame.header.length == length && rest_.size() - header_size >= length);
        const Bytes body = rest_.subspan(header_size, length);
        require(frame.body.text() ==
                std::string_view(reinterpret_cast<const char*>(body.data()), body.size()));
        rest_ = rest_.subspan(header_size + length);
    }
    void expect_end(std::size_t pending) const {
        require(pending == rest_.size());
        if (rest_.size() < header_size) return;
        require(rest_.size() - header_size < FrameHeader::read(rest_.data()).length);
    }

private:
    Bytes rest_;
};

void split(Bytes bytes, std::uint64_t longest, std::uint64_t seed) {
    jetway::SeededRandom random(seed);
    Reference reference(bytes);
    FrameSplitter splitter;
    const auto drain = [&] {
        while (const auto frame = splitter.next()) reference.expect(*frame);
    };
    while (!bytes.empty()) {
        const std::size_t size = std::min<std::size_t>(bytes.size(), random.below(longest) + 1);
        splitter.push(Buffer::copy_of(bytes.first(size)));
        bytes = bytes.subspan(size);
        if (random.below(4) != 0) drain();
    }
    drain();
    reference.expect_end(splitter.pending());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const Bytes bytes(data + 1, size - 1);
    split(bytes, size, 0);
    split(bytes, 1, data[0]);
    split(bytes, 20, data[0]);
    split(bytes, size, data[0]);
    if (const auto window = decode_window(bytes))
        require(decode_window(encode(*window).bytes()).value() == *window);
    if (const auto shared = decode_shared_data(bytes))
        require(decode_shared_data(encode(*shared)).value() == *shared);
    if (const auto references = decode_references(bytes))
        require(decode_references(encode(*references)).value() == *references);
    if (const auto arena = decode_arena(bytes))
        require(decode_arena(encode(*arena)).value() == *arena);
    return 0;
}
