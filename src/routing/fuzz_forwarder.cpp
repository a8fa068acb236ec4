// Arbitrary frames on four links of one forwarder: two of processes, two of machines. It may say
// that a link broke the protocol (then the link goes, as its owner would do), and must keep its
// ledger, its bounds and nothing when all links have gone. `./fuzz_forwarder FILE` replays one
// input.
#include <cstdlib>

#include "routing/crossroads.hpp"

namespace jetway::routing {
namespace {

constexpr LinkId links = 4;

void require(bool holds) {
    if (!holds) std::abort();
}

/// Bytes of the input, then zeros.
class Input {
public:
    explicit Input(Bytes bytes) : rest_(bytes) {}
    bool empty() const { return rest_.empty(); }
    std::uint8_t byte() {
        if (rest_.empty()) return 0;
        const std::uint8_t value = rest_.front();
        rest_ = rest_.subspan(1);
        return value;
    }
    Buffer bytes(std::size_t most) {
        const std::size_t size = std::min<std::size_t>(most, rest_.size());
        Buffer result = Buffer::copy_of(rest_.first(size));
        rest_ = rest_.subspan(size);
        return result;
    }

private:
    Bytes rest_;
};

/// A label that is likely to be in use; now and then any.
std::uint32_t label_from(Input& input) {
    const std::uint8_t byte = input.byte();
    if (byte < 250) return 1 + byte % 6;
    return static_cast<std::uint32_t>(input.byte()) << (byte - 250) * 4;
}

/// An OPEN of one of a few streams, that ends here: the first attempt, or a later one.
wire::Frame attempt_from(Input& input, std::uint32_t label, const char* destination) {
    wire::Open open;
    open.set_destination(destination);
    open.mutable_id()->set_router(1);
    open.mutable_id()->set_epoch(1);
    open.mutable_id()->set_counter(input.byte() % 3U);
    open.set_attempt(input.byte() % 8U);
    open.set_egress(Signposts::here);
    open.add_route(1);
    open.add_route(Signposts::here);
    open.set_position(1);
    open.set_resume(input.byte() % 2 == 0);
    if (open.resume()) {
        open.set_received(input.byte() * 8UL);
        open.set_finished(input.byte() % 4 == 0);
    } else {
        open.set_first_window(input.byte() * 64U);
    }
    return {wire::FrameType::open, label, wire::encode(open)};
}

wire::Frame frame_from(Input& input) {
    const std::uint8_t shape = input.byte();
    const std::uint32_t label = label_from(input);
    static constexpr const char* destinations[] = {"to-0", "to-1", "to-2", "to-3", "nowhere"};
    switch (shape % 17) {
        case 0:
        case 1:
            return open_frame(label, destinations[input.byte() % 5], input.byte() * 64U);
        case 2:
            return opened_frame(label);
        case 3:
            return nack_frame(label, Code::denied, "far");
        case 4:
        case 5:
            return {wire::FrameType::data, label, input.bytes(input.byte() * 16UL)};
        case 6:
            return {wire::FrameType::data, label, input.bytes(input.byte()),
                    static_cast<std::uint8_t>(input.byte() % 9)};
        case 7:
            return window_frame(label, input.byte() * 256UL, input.byte() * 16UL);
        case 8:
            return stop_frame(label);
        case 9:
            return reset_frame(label);
        case 10:
            return reset_ack_frame(label);
        case 11:
            return fin_ack_frame(label);
        case 12:
        case 13:
            return attempt_from(input, label, destinations[input.byte() % 5]);
        case 14: {
            wire::Opened opened;
            opened.set_received(input.byte() * 8UL);
            opened.set_finished(input.byte() % 2 == 0);
            return {wire::FrameType::opened, label, wire::encode(opened)};
        }
        case 15: {
            wire::Reset reset = wire::to_reset(Error(Code::closed, "the link is gone"), "far");
            reset.set_resumable(true);
            return {wire::FrameType::reset, label, wire::encode(reset)};
        }
        default: {
            wire::Frame frame(wire::FrameType::open, label, input.bytes(input.byte()), shape);
            frame.header.type = input.byte();
            return frame;
        }
    }
}

class Attempt {
public:
    explicit Attempt(Bytes bytes) : input_(bytes), roads_(options()) {
        for (LinkId link = 0; link < links; ++link) {
            roads_.put_sign("to-" + std::to_string(link), link);
            join(link);
        }
        roads_.signposts().put_second("to-2", 3);  // where a stream goes on
        roads_.signposts().put_second("to-3", 2);
    }
    void run() {
        while (!input_.empty()) {
            const std::uint8_t what = input_.byte();
            const LinkId link = what % links;
            if (what < 200) {
                receive(link);
            } else if (what < 250) {
                for (int i = 0; i < 3; ++i) roads_.pull(link);
            } else if (what < 253) {
                leave(link);
            } else {
                roads_.forwarder().reset_streams({}, link, Error(Code::draining, "over"));
            }
            check();
        }
        for (LinkId link = 0; link < links; ++link)
            roads_.forwarder().remove_link({}, link, Error(Code::closed, "end"));
        check();
        require(roads_.counts().bytes_queued == 0 && roads_.forwarder().streams().empty());
    }

private:
    static Options options() {
        Options options;
        options.pool = 64UL * 1024;
        options.memory = 32UL * 1024;
        return options;
    }
    void join(LinkId link) {
        roads_.add_link(link, link % 2 == 1, link < 2 ? LinkKind::local : LinkKind::network,
                        48 * 1024);
    }
    void leave(LinkId link) {
        roads_.forwarder().remove_link({}, link, Error(Code::protocol, "broken"));
        join(link);
    }
    void receive(LinkId link) {
        if (!roads_.send(link, frame_from(input_))) leave(link);
        roads_.actions().clear();
    }
    void check() {
        require(roads_.balanced());
        require(roads_.forwarder().memory().waiting <= 32UL * 1024);
        require(roads_.forwarder().memory().wide <= 16UL * 1024);
    }

    Input input_;
    Crossroads roads_;
};

}  // namespace
}  // namespace jetway::routing

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    jetway::routing::Attempt({data, size}).run();
    return 0;
}
