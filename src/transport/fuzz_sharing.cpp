// A peer of a Unix socket that has agreed on shared memory, gives two arenas and then says
// anything: the connection takes it or ends, and what it hands on can be read.
#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/byte_stream.hpp"
#include "transport/shared_memory.hpp"
#include "transport/socket_connection.hpp"
#include "wire/frame.hpp"
#include "wire/sharing.hpp"

namespace {

using namespace jetway;
using wire::FrameType;

/// Reads every byte, keeps some of the buffers, and lends everything back.
struct Reader final : PipeReader {
    explicit Reader(Pipe& answers) : out(answers) {}
    bool on_message(Message& message) override {
        std::uint8_t all = 0;
        for (const std::uint8_t byte : message.body.bytes()) all ^= byte;
        if (kept.size() < 200 && (all & 1U) == 0) kept.push_back(message.body);
        if (out.size() == 0) out.write(message);
        return true;
    }
    Pipe& out;
    std::vector<Buffer> kept;
};

struct Peer final : io::ByteStreamEvents {
    void on_read(Buffer /*bytes*/) override {}
    void on_read_end() override {}
    void on_failed(const Error& /*error*/) override {}
};

Buffer frame(FrameType type, Bytes payload) {
    Buffer bytes = Buffer::allocate(wire::header_size + payload.size());
    wire::FrameHeader{static_cast<std::uint16_t>(payload.size()), static_cast<std::uint8_t>(type),
                      0, 0}
        .write(bytes.mutable_data());
    if (!payload.empty())
        std::memcpy(bytes.mutable_data() + wire::header_size, payload.data(), payload.size());
    return bytes;
}

io::Descriptor another(const transport::SharedMemoryPtr& memory) {
    return io::Descriptor(fcntl(memory->descriptor(), F_DUPFD_CLOEXEC, 3));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const auto small = transport::SharedMemory::make(4096).value();
    static const auto large = transport::SharedMemory::make(1UL << 20U).value();
    io::EventLoop loop;
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) std::abort();
    auto peer = io::adopt(loop, ends[0]);
    Peer events;
    peer->set_events(&events);
    peer->start_reading();
    transport::SocketConnection connection(loop, io::adopt(loop, ends[1]), false, "fuzz",
                                           std::nullopt);
    Reader reader(connection.out());
    connection.in().set_reader(&reader);
    bool closed = false;
    connection.set_on_closed([&](const Error&) { closed = true; });
    Message first;
    connection.out().write(first);
    peer->write(frame(FrameType::share, {}));
    peer->write_with(frame(FrameType::arena, wire::encode(wire::Arena{0})), another(small));
    peer->write_with(frame(FrameType::arena, wire::encode(wire::Arena{1})), another(large));
    peer->write_with(Buffer::copy_of(Bytes(data, size)), another(small));
    peer->finish_writing();
    loop.run_until([&] { return closed; }, loop.now() + std::chrono::seconds(1));
    if (!closed) std::abort();
    return 0;
}
