// A session whose router says anything at all. The first bytes of the input steer what the
// application does meanwhile.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernel/manual_timer.hpp"
#include "stream/session.hpp"
#include "stream/stage.hpp"
#include "wire/frame.hpp"

namespace jetway::stream {
namespace {

struct Echo final : StageEvents {
    void on_input(Buffer bytes, bool end_of_message) override {
        stage->write(bytes, end_of_message);
        stage->consume(bytes.size());
    }
    void on_input_finish(const wire::Outcome& outcome) override { stage->finish(outcome); }
    void on_end(const std::optional<Error>&) override { stage.reset(); }
    std::unique_ptr<Stage> stage;
};

/// Keeps a few streams, each with a stage of its own.
struct Echoes final : Service {
    void on_open(StreamPtr stream) override {
        Echo& echo = echoes[next++ % std::size(echoes)];
        echo.stage = std::make_unique<Stage>(*session, std::move(stream), echo, "s");
        if ((mood & 1) != 0) echo.stage->start("text/plain", wire::Shape::messages);
    }
    Session* session = nullptr;
    std::uint8_t mood = 0;
    Echo echoes[4];
    std::size_t next = 0;
};

struct Client final : StreamEvents {
    void on_data(Buffer bytes, bool /*end_of_message*/) override { stream->consume(bytes.size()); }
    void on_stop(const Error& /*reason*/) override { stream->finish(); }
    void on_end(const Error& /*reason*/) override { stream.reset(); }
    void on_done() override { stream.reset(); }
    StreamPtr stream;
};

Message attached() {
    wire::Attached body;
    body.set_version(wire::protocol_version);
    body.set_mesh("home");
    body.set_machine("m");
    body.set_pool(64 * 1024);
    wire::Frame frame(wire::FrameType::attached, 0, wire::encode(body));
    return {frame.header.pack(), std::move(frame.body)};
}

void run(Bytes input) {
    const std::uint8_t mood = input[0];
    ManualTimer timer;
    auto [near, router] = connection_pair(timer, "fuzz");
    Echoes echoes;
    Client clients[2];
    auto session = std::make_unique<Session>(std::move(near), timer, SessionOptions{"fuzz", 1});
    echoes.session = session.get();
    echoes.mood = mood;
    const Handle offer = session->offer("s", {}, echoes);
    if ((mood & 2) != 0) router->out().write(attached());
    for (Client& client : clients) {
        wire::Open open;
        open.set_destination("elsewhere");
        open.set_shape(1);
        client.stream = session->open(std::move(open), client);
        client.stream->write(Buffer::allocate(mood * 1000UL));
    }
    timer.run();
    wire::FrameSplitter splitter;
    splitter.push(Buffer::copy_of(input.subspan(1)));
    while (auto frame = splitter.next()) {
        router->out().write(Message{frame->header.pack(), std::move(frame->body)});
        if ((mood & 4) != 0) {
            while (router->in().read()) {
            }
        }
        timer.run(1 + mood % 8);
        if (frame->header.label == 0xFF && clients[0].stream) clients[0].stream.reset();
        if (frame->header.label == 0xFE && clients[1].stream) clients[1].stream->finish();
    }
    timer.run();
    timer.advance(std::chrono::seconds(1));
    if ((mood & 8) != 0) router.reset();
    timer.run();
    for (Echo& echo : echoes.echoes) echo.stage.reset();
    session.reset();
    timer.run();
}

}  // namespace
}  // namespace jetway::stream

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size > 0) jetway::stream::run(jetway::Bytes(data, size));
    return 0;
}
