// The windows of one process together: wide ones share 64 MiB, and give way to others.
#include <gtest/gtest.h>
#include <map>

#include "stream/test_relay.hpp"

namespace jetway::stream {
namespace {

using namespace std::chrono_literals;
using wire::FrameType;

constexpr std::uint64_t mebibyte = 1024UL * 1024;

/// Reads everything at once.
struct Reader final : Service {
    void on_open(StreamPtr opened) override {
        auto each = std::make_unique<Each>();
        each->stream = std::move(opened);
        each->stream->set_events(each.get());
        each->stream->accept();
        streams.push_back(std::move(each));
    }

    struct Each final : StreamEvents {
        void on_data(Buffer bytes, bool /*end*/) override { stream->consume(bytes.size()); }
        void on_end(const Error& /*reason*/) override {}
        StreamPtr stream;
    };
    std::vector<std::unique_ptr<Each>> streams;
};

/// The test is the session's router, a tenth of a second away from senders that send all they may.
class WideWindows : public testing::Test {
protected:
    WideWindows() {
        auto [near, far] = connection_pair(timer, "router");
        router = std::move(far);
        session = std::make_unique<Session>(std::move(near), timer, SessionOptions{"reader", 1});
        offer = session->offer("s", {}, reader);
        send(FrameType::attached, 0, attached_body());
    }
    void open(std::uint32_t label) {
        wire::Open open = open_to("s", true);
        senders[label] = {};
        send(FrameType::open, label, wire::encode(open));
        hear();
    }
    void round_trips(int count) {
        for (; count > 0; --count) {
            auto all = senders;
            for (const auto& [label, sender] : all) {
                for (std::uint64_t left = sender.limit - sender.sent; left > 0;) {
                    const std::uint64_t size = std::min(left, bytes.size());
                    send(FrameType::data, label, bytes.slice(0, size));
                    left -= size;
                }
                senders[label].sent = sender.limit;
            }
            timer.advance(100ms);
            hear();
        }
    }
    /// How far the sender may go beyond what was read.
    std::uint64_t reach(std::uint32_t label) { return senders[label].reach; }
    std::uint64_t wide() {
        std::uint64_t sum = 0;
        for (const auto& [label, sender] : senders) sum += sender.reach - window;
        return sum;
    }

private:
    struct Sender {
        std::uint64_t sent = 0, limit = 0, reach = 0;
    };
    void send(FrameType type, std::uint32_t label, const Buffer& body) {
        const wire::FrameHeader header{static_cast<std::uint16_t>(body.size()),
                                       static_cast<std::uint8_t>(type), 0, label};
        Message message{header.pack(), body};
        while (!router->out().write(message)) timer.run();
        timer.run();
        hear();
    }
    void hear() {
        timer.run();
        while (const auto message = router->in().read()) {
            const auto header = wire::FrameHeader::unpack(message->header);
            if (!header.is(FrameType::window)) continue;
            const auto offsets = wire::decode_window(message->body.bytes()).value();
            Sender& sender = senders[header.label];
            sender.limit = std::max(sender.limit, offsets.up_to);
            sender.reach = sender.limit - offsets.consumed;
        }
    }

    ManualTimer timer;
    Reader reader;
    ConnectionPtr router;
    std::unique_ptr<Session> session;
    Handle offer;
    Buffer bytes = Buffer::copy_of(std::string(60'000, 'x'));
    std::map<std::uint32_t, Sender> senders;
};

TEST_F(WideWindows, OneAloneGrowsToWhatTheProtocolAllows) {
    open(2);
    round_trips(12);
    EXPECT_EQ(reach(2), wire::most_window);
}

TEST_F(WideWindows, ManyShareWhatThereIs) {
    for (std::uint32_t label = 2; label <= 16; label += 2) open(label);
    round_trips(15);
    EXPECT_LE(wide(), 64 * mebibyte);
    for (std::uint32_t label = 2; label <= 16; label += 2) EXPECT_GE(reach(label), 4 * mebibyte);
}

TEST_F(WideWindows, ThoseThatAreWideGiveWayToOthers) {
    for (const std::uint32_t label : {2U, 4U, 6U}) open(label);
    round_trips(12);
    EXPECT_EQ(reach(2), wire::most_window);
    for (std::uint32_t label = 8; label <= 24; label += 2) open(label);
    round_trips(15);
    EXPECT_LT(reach(2), wire::most_window);
    EXPECT_LE(wide(), 64 * mebibyte);
    for (std::uint32_t label = 2; label <= 24; label += 2) EXPECT_GE(reach(label), 2 * mebibyte);
}

}  // namespace
}  // namespace jetway::stream
