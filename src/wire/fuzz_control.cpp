// Any bytes are a control body within the limits or an error; a body that was accepted is accepted
// again. The first byte of the input chooses the message.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "wire/control.hpp"

namespace {

using namespace jetway::wire;
using jetway::Bytes;
using jetway::Code;

void require(bool holds) {
    if (!holds) std::abort();
}

template <typename T>
void decode_as(Bytes bytes) {
    const auto body = decode<T>(bytes);
    if (!body) {
        require(body.error().code == Code::protocol || body.error().code == Code::too_large);
        return;
    }
    const jetway::Buffer written = encode(*body);
    require(written.size() <= bytes.size());
    const auto again = decode<T>(written.bytes());
    require(again.has_value());
    require(encode(*again).text() == written.text());
}

using Decode = void (*)(Bytes);
constexpr Decode decoders[] = {
    decode_as<Setting>,        decode_as<Stage>,         decode_as<StreamId>,
    decode_as<Edge>,           decode_as<Open>,          decode_as<Opened>,
    decode_as<Nack>,           decode_as<Reset>,         decode_as<Outcome>,
    decode_as<Hello>,          decode_as<Heartbeat>,     decode_as<Adjacency>,
    decode_as<NodeRecord>,     decode_as<ServiceRecord>, decode_as<DirectoryOp>,
    decode_as<DirectoryDelta>, decode_as<DirectoryPull>, decode_as<DirectorySnapshot>,
    decode_as<Verdict>,        decode_as<Goaway>,        decode_as<Attach>,
    decode_as<Attached>,       decode_as<Offer>,         decode_as<Offered>,
    decode_as<Withdraw>,       decode_as<Summary>,       decode_as<Digests>,
    decode_as<Account>,
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    decoders[data[0] % std::size(decoders)](Bytes(data + 1, size - 1));
    return 0;
}
