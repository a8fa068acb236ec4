// A router that does not keep to the protocol: what it sends closes the connection or ends the
// stream, with a reason, and never does worse.
#include <gtest/gtest.h>

#include "base/random.hpp"
#include "stream/test_relay.hpp"

namespace jetway::stream {
namespace {

using wire::FrameType;

/// One session; the test is its router.
struct Hostile : testing::Test {
    Hostile() {
        auto [near, far] = connection_pair(timer, "router");
        router = std::move(far);
        session = std::make_unique<Session>(std::move(near), timer, SessionOptions{"victim", 1});
        session->set_on_closed([this](const Error& reason) { closed = reason; });
        service.take = [this](StreamPtr stream) {
            server.stream = std::move(stream);
            server.stream->set_events(&server);
            if (accepts) server.stream->accept();
        };
        offer = session->offer("s", {}, service);
    }
    ~Hostile() override { session.reset(); }

    void send(FrameType type, std::uint32_t label, const Buffer& body = {},
              std::uint8_t flags = 0) {
        send(wire::FrameHeader{0, static_cast<std::uint8_t>(type), flags, label}, body);
    }
    void send(wire::FrameHeader header, const Buffer& body) {
        header.length = static_cast<std::uint16_t>(body.size());
        router->out().write(Message{header.pack(), body});
        timer.run();
    }
    void attach() {
        send(FrameType::attached, 0, attached_body());
    }
    Buffer open_body(std::uint32_t first_window = 0, bool messages = false) {
        wire::Open open = open_to("s", messages);
        open.set_first_window(first_window);
        return wire::encode(open);
    }
    /// Frames that the session sent since the last call, as types.
    std::vector<FrameType> sent() {
        std::vector<FrameType> types;
        timer.run();
        while (const auto message = router->in().read()) {
            types.push_back(
                static_cast<FrameType>(wire::FrameHeader::unpack(message->header).type));
        }
        return types;
    }

    ManualTimer timer;
    Witness client, server;
    Taker service;
    ConnectionPtr router;
    std::unique_ptr<Session> session;
    Handle offer;
    bool accepts = true;
    Error closed;
};

TEST_F(Hostile, ABodyThatIsNotWhatTheHeaderSaysClosesTheConnection) {
    router->out().write(Message{wire::FrameHeader{100, 4, 0, 1}.pack(), Buffer::allocate(10)});
    timer.run();
    EXPECT_EQ(closed.code, Code::protocol);
}

TEST_F(Hostile, OffencesOnTheConnectionCloseItWithAReason) {
    struct Offence {
        const char* what;
        FrameType type;
        std::uint32_t label;
        Buffer body;
        std::uint8_t flags = 0;
        bool attached = true;
    };
    wire::Attached version;
    version.set_version(9);
    version.set_mesh("home");
    version.set_machine("m");
    const Offence offences[] = {
        {"a stream before ATTACHED", FrameType::open, 2, open_body(), 0, false},
        {"ATTACHED of another version", FrameType::attached, 0, wire::encode(version), 0, false},
        {"ATTACHED that cannot be read", FrameType::attached, 0, Buffer::copy_of("???"), 0, false},
        {"ATTACHED twice", FrameType::attached, 0, wire::encode(version)},
        {"OFFERED that cannot be read", FrameType::offered, 0, Buffer::copy_of("???")},
        {"a frame of a network link", FrameType::hello, 0, {}},
        {"a frame of a network link on a stream", FrameType::hello, 7, {}},
        {"OPEN with our label", FrameType::open, 1, open_body()},
        {"OPEN with a label beyond the last", FrameType::open, wire::max_label + 1, open_body()},
        {"OPEN that cannot be read", FrameType::open, 2, Buffer::copy_of("???")},
        {"flags on OPEN", FrameType::open, 2, open_body(), 1},
        {"DATA that nobody opened", FrameType::data, 40, Buffer::copy_of("x")},
        {"OPENED that nobody asked for", FrameType::opened, 1, {}},
        {"RESET_ACK that nobody asked for", FrameType::reset_ack, 2, {}},
    };
    for (const Offence& offence : offences) {
        Hostile::closed = {};
        auto [near, far] = connection_pair(timer, "router");
        session = std::make_unique<Session>(std::move(near), timer, SessionOptions{"victim", 1});
        session->set_on_closed([this](const Error& reason) { closed = reason; });
        router = std::move(far);
        timer.run();
        if (offence.attached) attach();
        EXPECT_EQ(closed.code, Code::ok) << offence.what;
        send(offence.type, offence.label, offence.body, offence.flags);
        EXPECT_NE(closed.code, Code::ok) << offence.what;
        EXPECT_NE(closed.detail, "") << offence.what;
    }
}

TEST_F(Hostile, TypesThatMayBeIgnoredAre) {
    attach();
    send({0, wire::ignorable | 9, 0xFF, 0}, {});
    send({0, wire::ignorable | 9, 0xFF, 12}, Buffer::copy_of("future"));
    EXPECT_EQ(closed.code, Code::ok);
}

TEST_F(Hostile, GoawayTellsItsReason) {
    attach();
    wire::Goaway goaway;
    goaway.set_code(static_cast<std::uint32_t>(Code::draining));
    goaway.set_detail("stopping");
    send(FrameType::goaway, 0, wire::encode(goaway));
    EXPECT_EQ(closed.line(), "E-DRAINING stopping");
}

TEST_F(Hostile, ALabelInUseAndAPoolOverdrawnCloseTheConnection) {
    attach();
    accepts = false;
    send(FrameType::open, 2, open_body());
    EXPECT_EQ(closed.code, Code::ok);
    send(FrameType::open, 2, open_body());
    EXPECT_EQ(closed.code, Code::protocol);
    EXPECT_EQ(server.end.code, Code::closed);
}

TEST_F(Hostile, FirstWindowsBeyondThePoolCloseTheConnection) {
    attach();
    std::vector<StreamPtr> held;
    service.take = [&](StreamPtr stream) { held.push_back(std::move(stream)); };
    for (std::uint32_t label = 2; closed.code == Code::ok && label < 2000; label += 2) {
        send(FrameType::open, label, open_body(wire::first_window));
    }
    EXPECT_EQ(closed.code, Code::protocol);
    EXPECT_EQ(held.size(), 4U * 1024 * 1024 / wire::first_window);
}

TEST_F(Hostile, DataBeyondTheGrantEndsThatStreamAlone) {
    attach();
    send(FrameType::open, 2, open_body());
    server.consumes = false;
    sent();
    for (int i = 0; i < 5; ++i) send(FrameType::data, 2, Buffer::allocate(60'000));
    EXPECT_EQ(server.end.code, Code::protocol);
    EXPECT_EQ(server.data.size(), 240'000U);
    EXPECT_EQ(sent(), (std::vector<FrameType>{FrameType::reset}));
    send(FrameType::data, 2, Buffer::allocate(60'000));
    send(FrameType::reset_ack, 2);
    EXPECT_EQ(closed.code, Code::ok);
    send(FrameType::open, 2, open_body());
    EXPECT_EQ(closed.code, Code::ok);
}

TEST_F(Hostile, DataBeyondTheFirstWindowIsRefusedBeforeTheAccept) {
    attach();
    accepts = false;
    send(FrameType::open, 2, open_body(1000));
    sent();
    send(FrameType::data, 2, Buffer::allocate(1001));
    EXPECT_EQ(server.end.code, Code::protocol);
    EXPECT_EQ(sent(), (std::vector<FrameType>{FrameType::nack}));
    server.stream->accept();
    EXPECT_TRUE(sent().empty());
}

TEST_F(Hostile, TinyFramesBeforeTheAcceptAreBounded) {
    attach();
    accepts = false;
    send(FrameType::open, 2, open_body(wire::first_window));
    std::uint32_t frames = 0;
    while (!server.has("end") && frames < 100'000) {
        send(FrameType::data, 2, Buffer::allocate(1));
        ++frames;
    }
    EXPECT_EQ(server.end.code, Code::protocol);
    EXPECT_LE(frames, wire::first_window + 1);
}

TEST_F(Hostile, MessagesWithoutAByteCostTheirHeadersAndComeWhenTheyAreWanted) {
    attach();
    accepts = false;
    send(FrameType::open, 2, open_body(wire::first_window, true));
    send(FrameType::data, 2, Buffer::copy_of(std::string(wire::first_window, '\0')));
    EXPECT_TRUE(server.messages.empty());
    server.stream->accept();
    timer.run();
    EXPECT_EQ(server.messages.size(), wire::first_window);
}

TEST_F(Hostile, AMessageWhoseHeaderIsWrongEndsItsStream) {
    attach();
    send(FrameType::open, 2, open_body(0, true));
    send(FrameType::data, 2,
         Buffer::copy_of("\x06"
                         "abc"
                         "\xff\xff\xff\xff\xff\xff\xff"));
    EXPECT_EQ(server.messages, (std::vector<std::string>{"abc"}));
    EXPECT_EQ(server.end.code, Code::protocol);
    EXPECT_EQ(closed.code, Code::ok);
}

TEST_F(Hostile, AnEndInTheMiddleOfAMessageIsNoEnd) {
    attach();
    send(FrameType::open, 2, open_body(0, true));
    send(FrameType::data, 2,
         Buffer::copy_of("\x0a"
                         "abc"),
         wire::flag::fin);
    EXPECT_EQ(server.end.code, Code::protocol);
    EXPECT_FALSE(server.has("finish"));
}

TEST_F(Hostile, DataAfterTheEndOfTheStreamEndsIt) {
    attach();
    send(FrameType::open, 2, open_body());
    send(FrameType::data, 2, {}, wire::flag::fin);
    EXPECT_TRUE(server.has("finish"));
    send(FrameType::data, 2, Buffer::copy_of("more"));
    EXPECT_EQ(server.end.code, Code::protocol);
}

TEST_F(Hostile, AnOutcomeThatCannotBeReadEndsTheStream) {
    attach();
    send(FrameType::open, 2, open_body());
    send(FrameType::data, 2, Buffer::copy_of("???"), wire::flag::fin | wire::flag::outcome);
    EXPECT_EQ(server.end.code, Code::protocol);
    EXPECT_EQ(closed.code, Code::ok);
}

TEST_F(Hostile, AWindowForBytesNeverSentClosesTheConnection) {
    attach();
    send(FrameType::open, 2, open_body());
    send(FrameType::window, 2, wire::encode(wire::Window{1'000'000, 1}));
    EXPECT_EQ(closed.code, Code::protocol);
}

TEST_F(Hostile, AWindowBeyondSixteenMebibytesClosesTheConnection) {
    attach();
    send(FrameType::open, 2, open_body());
    send(FrameType::window, 2, wire::encode(wire::Window{16UL * 1024 * 1024, 0}));
    EXPECT_EQ(closed.code, Code::ok);
    send(FrameType::window, 2, wire::encode(wire::Window{~std::uint64_t{0}, 0}));
    EXPECT_EQ(closed.code, Code::protocol);
}

TEST_F(Hostile, LateResetsAreAnsweredAndDoNotPileUp) {
    attach();
    send(FrameType::open, 2, open_body());
    server.stream->reset({Code::io, "x"});
    timer.run();
    send(FrameType::reset_ack, 2);
    sent();
    wire::Reset reset;
    reset.set_code(5);
    // The router does not read: answers wait, and then so do its own frames.
    std::size_t written = 0;
    const Message message{wire::Frame(FrameType::reset, 2, wire::encode(reset)).header.pack(),
                          wire::encode(reset)};
    for (int idle = 0; idle < 3;) {
        Message copy = message;
        if (router->out().write(copy)) {
            ++written;
            idle = 0;
        } else {
            ++idle;
            timer.run();
        }
        ASSERT_LT(written, 10'000U);
    }
    EXPECT_EQ(closed.code, Code::ok);
    std::size_t answered = 0;
    for (auto types = sent(); !types.empty(); types = sent()) answered += types.size();
    EXPECT_EQ(answered, written);
}

TEST_F(Hostile, RandomFramesNeverDoWorseThanCloseTheConnection) {
    SeededRandom random(7);
    for (int round = 0; round < 300; ++round) {
        auto [near, far] = connection_pair(timer, "router");
        session = std::make_unique<Session>(std::move(near), timer, SessionOptions{"victim", 1});
        router = std::move(far);
        offer = session->offer("s", {}, service);
        attach();
        client.stream = session->open(open_to("elsewhere", true), client);
        client.stream->write(Buffer::allocate(random.below(100'000)));
        accepts = random.below(2) == 0;
        for (int i = 0; i < 200; ++i) {
            Buffer body = Buffer::allocate(random.below(40));
            for (std::size_t k = 0; k < body.size(); ++k) {
                body.mutable_data()[k] = static_cast<std::uint8_t>(random.next());
            }
            if (random.below(3) == 0) body = open_body(random.below(2) == 0 ? 0 : 16'000);
            if (random.below(3) == 0) body = wire::encode(wire::Window{random.below(300'000), 0});
            if (random.below(4) == 0) body = {};
            const auto type = static_cast<std::uint8_t>(1 + random.below(9));
            const auto flags = static_cast<std::uint8_t>(type == 4 ? random.below(8) : 0);
            send(wire::FrameHeader{0, type, flags, static_cast<std::uint32_t>(1 + random.below(4))},
                 body);
            if (server.stream && random.below(8) == 0) server.stream->finish();
            if (server.stream && random.below(20) == 0) server.stream.reset();
            while (router->in().read()) {
            }
        }
    }
}

}  // namespace
}  // namespace jetway::stream
