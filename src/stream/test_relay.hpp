// Two Sessions face to face, for tests: what one sends on a label the other gets on the same label,
// which works because one dialled and the other accepted. Label 0 is answered here. The relay also
// keeps the books of both directions of each label, and so notices when somebody sends beyond what
// was granted.
#pragma once

#include <functional>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kernel/manual_timer.hpp"
#include "stream/session.hpp"
#include "wire/frame.hpp"

namespace jetway::stream {

class Relay {
public:
    explicit Relay(Timer& timer) {
        auto dialled = connection_pair(timer, "left");
        auto accepted = connection_pair(timer, "right");
        ends_[0].connection = std::move(dialled.second);
        ends_[1].connection = std::move(accepted.first);
        left =
            std::make_unique<Session>(std::move(dialled.first), timer, SessionOptions{"left", 1});
        right = std::make_unique<Session>(std::move(accepted.second), timer,
                                          SessionOptions{"right", 2});
        for (int side = 0; side < 2; ++side) ends_[side].start(*this, side);
    }
    ~Relay() {
        left.reset();
        right.reset();
    }

    /// Called for each frame on its way; false swallows it.
    std::function<bool(int side, const wire::FrameHeader&, const Buffer&)> filter;
    std::uint32_t pool = 1024 * 1024;  // of ATTACHED
    bool answers = true;               // ATTACH and OFFER
    std::vector<std::string> frames;   // "0>OPEN 1" and so on, when `tracing`
    bool tracing = false;
    std::unique_ptr<Session> left;
    std::unique_ptr<Session> right;

    Connection& connection(int side) { return *ends_[side].connection; }
    void inject(int side, wire::FrameType type, std::uint32_t label, Buffer body = {},
                std::uint8_t flags = 0) {
        wire::Frame frame(type, label, std::move(body), flags);
        ends_[side].connection->out().write(Message{frame.header.pack(), std::move(frame.body)});
    }

private:
    struct Books {
        std::uint64_t granted = 0;
        std::uint64_t sent = 0;
    };
    struct Side final : PipeReader, PipeWriter {
        void start(Relay& owner, int number) {
            relay = &owner;
            side = number;
            connection->in().set_reader(this);
            connection->out().set_writer(this);
        }
        bool on_message(Message& message) override { return relay->pass(side, message); }
        void on_space() override { relay->ends_[1 - side].connection->in().resume(); }
        Relay* relay = nullptr;
        int side = 0;
        ConnectionPtr connection;
    };

    bool pass(int side, Message& message) {
        const auto header = wire::FrameHeader::unpack(message.header);
        if (filter && !filter(side, header, message.body)) return true;
        if (header.label == 0) return answer(side, header, message.body);
        Pipe& out = ends_[1 - side].connection->out();
        if (!out.has_room(message)) return out.write(message);
        book(side, header, message.body);
        return out.write(message);
    }

    bool answer(int side, const wire::FrameHeader& header, const Buffer& body) {
        if (!answers) return true;
        if (header.is(wire::FrameType::attach)) {
            wire::Attached attached;
            attached.set_version(wire::protocol_version);
            attached.set_mesh("home");
            attached.set_machine("machine-a");
            attached.set_pool(pool);
            attached.set_pid(99);
            inject(side, wire::FrameType::attached, 0, wire::encode(attached));
        } else if (header.is(wire::FrameType::offer)) {
            wire::Offered offered;
            offered.set_request(wire::decode<wire::Offer>(body.bytes())->request());
            inject(side, wire::FrameType::offered, 0, wire::encode(offered));
        }
        return true;
    }

    void book(int side, const wire::FrameHeader& header, const Buffer& body) {
        using wire::FrameType;
        if (tracing) note(side, header);
        Books& own = books_[{header.label, side}];
        if (header.is(FrameType::open)) {
            books_[{header.label, 1 - side}] = {};
            own = {wire::decode<wire::Open>(body.bytes())->first_window(), 0};
        } else if (header.is(FrameType::window)) {
            Books& sender = books_[{header.label, 1 - side}];
            sender.granted = std::max(sender.granted, wire::decode_window(body.bytes())->up_to);
        } else if (header.is(FrameType::data) && (header.flags & wire::flag::outcome) == 0) {
            own.sent += body.size();
            EXPECT_LE(own.sent, own.granted) << "label " << header.label;
        }
    }

    void note(int side, const wire::FrameHeader& header) {
        static const char* const names[] = {"",       "OPEN", "OPENED", "NACK",     "DATA",
                                            "WINDOW", "STOP", "RESET",  "RESET_ACK"};
        std::string line =
            std::to_string(side) + ">" + names[header.type] + " " + std::to_string(header.label);
        if (header.is(wire::FrameType::data)) line += " " + std::to_string(header.length);
        if ((header.flags & wire::flag::fin) != 0) line += " FIN";
        if ((header.flags & wire::flag::outcome) != 0) line += " OUTCOME";
        frames.push_back(line);
    }

    Side ends_[2];
    std::map<std::pair<std::uint32_t, int>, Books> books_;
};

/// What a router that is played by a test says first.
inline Buffer attached_body() {
    wire::Attached attached;
    attached.set_version(1);
    attached.set_mesh("home");
    attached.set_machine("m");
    attached.set_pool(1024 * 1024);
    return wire::encode(attached);
}

/// An end of a stream that writes down what happens to it.
struct Witness final : StreamEvents {
    void on_opened(const wire::Opened& answer) override {
        opened = answer;
        events.emplace_back("opened");
    }
    void on_data(Buffer bytes, bool end_of_message) override {
        data += bytes.text();
        partial += bytes.text();
        if (end_of_message) messages.push_back(std::exchange(partial, {}));
        if (consumes) stream->consume(bytes.size());
        if (on_bytes) on_bytes();
    }
    void on_finish(const wire::Outcome& finished) override {
        outcome = finished;
        events.emplace_back("finish");
        if (after) after("finish");
    }
    void on_stop(const Error& reason) override {
        stop = reason;
        events.emplace_back("stop");
        if (after) after("stop");
    }
    void on_end(const Error& reason) override {
        end = reason;
        events.emplace_back("end");
        if (after) after("end");
    }
    void on_writable() override {
        events.emplace_back("writable");
        if (after) after("writable");
    }
    void on_done() override {
        events.emplace_back("done");
        if (after) after("done");
    }
    bool has(const std::string& name) const {
        return std::find(events.begin(), events.end(), name) != events.end();
    }

    StreamPtr stream;
    bool consumes = true;
    std::function<void()> on_bytes;
    std::function<void(const std::string&)> after;
    std::string data;
    std::string partial;
    std::vector<std::string> messages;
    std::vector<std::string> events;
    wire::Opened opened;
    wire::Outcome outcome;
    Error stop;
    Error end;
};

/// A service that hands each stream to the test.
struct Taker final : Service {
    void on_open(StreamPtr stream) override { take(std::move(stream)); }
    std::function<void(StreamPtr)> take;
};

inline wire::Open open_to(const std::string& destination, bool messages = false) {
    wire::Open open;
    open.set_destination(destination);
    open.set_shape(messages ? 1 : 0);
    return open;
}

}  // namespace jetway::stream
