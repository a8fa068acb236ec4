#include "services/recorder/recorder.hpp"

#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

#include "io/testing.hpp"
#include "screen/bytes.hpp"
#include "services/recorder/cast.hpp"
#include "stream/test_relay.hpp"

namespace jetway::recorder {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;
using Body = decltype(screen::PtyMessage::body);

std::string contents(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

void write_file(const std::string& path, const std::string& text) {
    std::ofstream(path) << text;
}

Body out(std::string_view bytes) {
    return screen::PtyOut{Buffer::copy_of(bytes)};
}

/// Messages as somebody made or got them: time, offset and a text for the rest.
std::string describe(const screen::PtyMessage& message) {
    std::ostringstream text;
    text << message.stamp.us << "us @" << message.stamp.off << " ";
    if (const auto* output = std::get_if<screen::PtyOut>(&message.body))
        text << output->bytes.text();
    if (const auto* size = std::get_if<screen::PtySize>(&message.body))
        text << size->columns << "x" << size->rows;
    if (const auto* mark = std::get_if<screen::PtyMark>(&message.body))
        text << "mark " << mark->label;
    if (const auto* end = std::get_if<screen::PtyExit>(&message.body))
        text << "exit " << end->status;
    return text.str();
}

/// A pipeline's beginning on the left, recorder and replayer on the right.
struct RecorderTest : testing::Test {
    void SetUp() override {
        serve_recorder({});
        serve_replayer({});
    }
    void TearDown() override {
        relay.left.reset();
        recorder.reset();
        replayer.reset();
    }
    Handle offer(const std::string& name, stream::Service& service) {
        bool offered = false;
        Handle handle = relay.right->offer(name, {}, service, [&offered](const Result<>& answer) {
            offered = answer.has_value();
        });
        EXPECT_TRUE(until([&] { return offered; }));
        return handle;
    }
    void serve_recorder(Settings settings) {
        recorder_offer.reset();
        auto made = make_recorder(loop, {*relay.right, "recorder", std::move(settings), {}});
        ASSERT_TRUE(made);
        recorder = std::move(*made);
        recorder_offer = offer("recorder", *recorder);
    }
    void serve_replayer(Settings settings) {
        replayer_offer.reset();
        auto made = make_replayer(loop, {*relay.right, "replayer", std::move(settings), {}});
        ASSERT_TRUE(made);
        replayer = std::move(*made);
        replayer_offer = offer("replayer", *replayer);
    }
    bool until(const std::function<bool()>& done) { return io::run_until(loop, done); }
    static bool over(stream::Witness& end) { return end.has("finish") || end.has("end"); }

    static wire::Open opening(const std::string& service,
                              const std::map<std::string, std::string>& settings) {
        wire::Open open = stream::open_to(service, true);
        Settings given;
        for (const auto& [key, value] : settings) given.set(key, value);
        wire::from_settings(given, *open.mutable_settings());
        return open;
    }
    void record_into(const std::string& path) { start(opening("recorder", {{"output", path}})); }
    void start(const wire::Open& open) { source.stream = relay.left->open(open, source); }
    void send(std::uint64_t us, Body body) {
        screen::PtyMessage message{{}, std::move(body)};
        message.stamp.us = us;
        message.stamp.off = off;
        message.stamp.sequence = sequence++;
        if (const auto* output = std::get_if<screen::PtyOut>(&message.body))
            off += output->bytes.size();
        sent.push_back(describe(message));
        source.stream->write(screen::encode(message));
    }
    bool finish() {
        source.stream->finish();
        return until([this] { return over(source); }) && source.has("finish");
    }
    /// What a replay of the file sends, to its end.
    std::vector<std::string> replay(const std::map<std::string, std::string>& settings) {
        sink = {};
        sink.stream = relay.left->open(opening("replayer", settings), sink);
        EXPECT_TRUE(until([this] { return over(sink); }));
        std::vector<std::string> messages;
        for (const std::string& encoded : sink.messages) {
            const auto message = screen::decode_pty(Buffer::copy_of(encoded));
            EXPECT_TRUE(message);
            EXPECT_EQ(message->stamp.sequence, messages.size());
            offline = message->stamp.offline;
            messages.push_back(describe(*message));
        }
        return messages;
    }

    io::EventLoop loop;
    io::TemporaryDirectory folder;
    stream::Witness source;
    stream::Witness sink;
    std::unique_ptr<stream::Service> recorder;
    std::unique_ptr<stream::Service> replayer;
    stream::Relay relay{loop};
    Handle recorder_offer;
    Handle replayer_offer;
    std::vector<std::string> sent;
    std::uint64_t off = 0;
    std::uint64_t sequence = 0;
    bool offline = false;
};

using Lines = std::vector<std::string>;

TEST_F(RecorderTest, AReplaySendsWhatWasRecordedWithItsTimes) {
    record_into(folder / "a.cast");
    send(0, screen::PtySize{100, 30});
    send(1'000, out("hello "));
    send(2'500, screen::PtySize{90, 20});
    send(3'000, screen::PtyMark{"here"});
    send(1'000'007, out("w\xc3\xb6rld\r\n"));
    send(2'000'000, screen::PtyExit{3, 0});
    ASSERT_TRUE(finish());
    EXPECT_EQ(source.outcome.code(), 0U);
    EXPECT_EQ(replay({{"input", folder / "a.cast"}, {"speed", "max"}}), sent);
    EXPECT_TRUE(offline) << "as fast as can be is no live session";
    EXPECT_TRUE(sink.has("finish"));
    EXPECT_FALSE(sink.outcome.has_status()) << "the replay is no program";
}

TEST_F(RecorderTest, TheFileIsAsciicastVersion3) {
    record_into(folder / "a.cast");
    send(0, screen::PtySize{100, 30});
    send(500'000, out("\x1b[1mhi"));
    send(600'000, screen::PtyExit{0, 0});
    ASSERT_TRUE(finish());
    const std::string text = contents(folder / "a.cast");
    EXPECT_THAT(text, StartsWith("{\"version\": 3, \"term\": {\"cols\": 100, \"rows\": 30,"));
    EXPECT_THAT(text,
                HasSubstr("\n[0.500000, \"o\", \"\\u001b[1mhi\"]\n[0.100000, \"x\", \"0\"]\n"));
}

TEST_F(RecorderTest, BytesThatAreNoTextAreKept) {
    record_into(folder / "a.cast");
    std::string bytes;
    for (int i = 0; i < 4096; ++i) bytes += static_cast<char>(i * 7);
    send(0, screen::PtySize{});
    for (std::size_t at = 0; at < bytes.size(); at += 5) send(at, out(bytes.substr(at, 5)));
    ASSERT_TRUE(finish());
    (void)replay({{"input", folder / "a.cast"}, {"speed", "max"}});
    std::string replayed;
    for (const std::string& encoded : sink.messages) {
        const auto message = screen::decode_pty(Buffer::copy_of(encoded));
        if (const auto* output = std::get_if<screen::PtyOut>(&message->body))
            replayed += output->bytes.text();
    }
    EXPECT_TRUE(replayed == bytes);
}

TEST_F(RecorderTest, TheFileIsUpToDateWhileTheSessionRuns) {
    record_into(folder / "a.cast");
    send(0, screen::PtySize{});
    send(1, out("already here"));
    EXPECT_TRUE(io::run_until(
        loop, [&] { return contents(folder / "a.cast").ends_with("already here\"]\n"); }, 1500ms));
}

TEST_F(RecorderTest, ASessionThatBreaksOffIsCompleteUpToThere) {
    record_into(folder / "a.cast");
    send(0, screen::PtySize{});
    send(1, out("some\xc3"));
    ASSERT_TRUE(until([&] { return ::access((folder / "a.cast").c_str(), F_OK) == 0; }));
    source.stream.reset();
    ASSERT_TRUE(
        until([&] { return contents(folder / "a.cast").find("jetway-raw") != std::string::npos; }));
    EXPECT_EQ(replay({{"input", folder / "a.cast"}, {"speed", "max"}}),
              (Lines{"0us @0 80x24", "1us @0 some", "1us @4 \xc3"}));
}

TEST_F(RecorderTest, WithoutANameTheFileIsNamedAfterServiceMachineAndTime) {
    const std::string before = std::filesystem::current_path();
    std::filesystem::current_path(folder.path());
    for (int i = 0; i < 2; ++i) {
        start(opening("recorder", {}));
        send(0, screen::PtySize{});
        ASSERT_TRUE(finish());
        source = {};
        off = 0;
    }
    std::filesystem::current_path(before);
    int files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
        EXPECT_THAT(entry.path().filename().string(), StartsWith("recorder-machine-a-2"));
        ++files;
    }
    EXPECT_EQ(files, 2) << "the second one did not replace the first";
}

TEST_F(RecorderTest, AFullDiskIsToldAtTheEndAndThePipelineGoesOn) {
    record_into("/dev/full");
    send(0, screen::PtySize{});
    for (int i = 0; i < 100; ++i) send(1, out(std::string(10'000, 'x')));
    ASSERT_TRUE(finish());
    EXPECT_EQ(source.outcome.code(), static_cast<std::uint32_t>(Code::io));
    EXPECT_THAT(source.outcome.detail(), HasSubstr("No space left"));
    EXPECT_THAT(source.outcome.detail(), HasSubstr("/dev/full"));
}

TEST_F(RecorderTest, AFileThatCannotBeMadeIsTold) {
    record_into(folder / "none/a.cast");
    send(0, screen::PtySize{});
    ASSERT_TRUE(finish());
    EXPECT_THAT(source.outcome.detail(), HasSubstr("none/a.cast: No such file"));
}

TEST_F(RecorderTest, TwoRecordingsDoNotShareAFile) {
    record_into(folder / "a.cast");
    send(0, screen::PtySize{});
    send(1, out("mine"));
    ASSERT_TRUE(until([&] { return !contents(folder / "a.cast").empty(); }));
    stream::Witness other;
    other.stream = relay.left->open(opening("recorder", {{"output", folder / "a.cast"}}), other);
    other.stream->write(screen::encode(screen::PtyMessage{{}, screen::PtySize{}}));
    other.stream->finish();
    ASSERT_TRUE(until([&] { return over(other); }));
    EXPECT_EQ(other.outcome.code(), static_cast<std::uint32_t>(Code::already_running));
    ASSERT_TRUE(finish());
    EXPECT_THAT(contents(folder / "a.cast"), HasSubstr("mine"));
    other.stream.reset();
}

TEST_F(RecorderTest, ANewRecordingReplacesAnOldFile) {
    write_file(folder / "a.cast", std::string(100'000, 'x'));
    record_into(folder / "a.cast");
    send(0, screen::PtySize{});
    ASSERT_TRUE(finish());
    EXPECT_LT(contents(folder / "a.cast").size(), 200U);
}

TEST_F(RecorderTest, MissingBytesAreAnErrorAndNotARecording) {
    record_into(folder / "a.cast");
    send(0, screen::PtySize{});
    send(1, out("one"));
    off += 10;
    send(2, out("two"));
    ASSERT_TRUE(until([&] { return over(source); }));
    EXPECT_EQ(source.outcome.code(), static_cast<std::uint32_t>(Code::protocol));
    EXPECT_THAT(source.outcome.detail(), HasSubstr("bytes 3 to 13"));
}

TEST_F(RecorderTest, NonsenseEndsTheStream) {
    record_into(folder / "a.cast");
    source.stream->write(Buffer::copy_of("nonsense"));
    ASSERT_TRUE(until([&] { return over(source); }));
    EXPECT_NE(source.outcome.code(), 0U);
}

TEST_F(RecorderTest, OnlyTerminalMessagesAreTaken) {
    wire::Open open = opening("recorder", {});
    open.set_content_type("text/plain");
    start(open);
    ASSERT_TRUE(until([&] { return source.has("end"); }));
    EXPECT_EQ(source.end.code, Code::type);
}

TEST_F(RecorderTest, InTheMiddleOfAPipelineItPassesEverythingOn) {
    stream::Taker next;
    next.take = [&](stream::StreamPtr stream) {
        sink.stream = std::move(stream);
        sink.stream->set_events(&sink);
        sink.stream->accept();
        sink.after = [&](const std::string& event) {
            if (event == "finish") sink.stream->finish();
        };
    };
    bool offered = false;
    const Handle handle = relay.left->offer(
        "next", {}, next, [&](const Result<>& answer) { offered = answer.has_value(); });
    ASSERT_TRUE(until([&] { return offered; }));
    wire::Open open = opening("recorder", {{"output", folder / "a.cast"}});
    open.add_next()->set_address("next");
    start(open);
    send(0, screen::PtySize{});
    for (int i = 0; i < 500; ++i) send(1, out(std::string(5'000, 'x')));
    ASSERT_TRUE(finish());
    ASSERT_EQ(sink.messages.size(), sent.size());
    for (std::size_t i = 0; i < sent.size(); ++i) {
        EXPECT_EQ(describe(*screen::decode_pty(Buffer::copy_of(sink.messages[i]))), sent[i]);
    }
    EXPECT_EQ(replay({{"input", folder / "a.cast"}, {"speed", "max"}}), sent);
    sink.stream.reset();
}

constexpr const char* version_2 =
    "{\"version\": 2, \"width\": 80, \"height\": 24}\n[0.1, \"o\", \"a\"]\n[0.2, \"i\", "
    "\"key\"]\n[5.2, \"o\", \"b\"]\n";

TEST_F(RecorderTest, Version2IsReplayedToo) {
    write_file(folder / "old.cast", version_2);
    EXPECT_EQ(replay({{"input", folder / "old.cast"}, {"speed", "max"}}),
              (Lines{"0us @0 80x24", "100000us @0 a", "5200000us @1 b"}));
}

TEST_F(RecorderTest, PausesAreCutToIdle) {
    write_file(folder / "old.cast", version_2);
    EXPECT_EQ(replay({{"input", folder / "old.cast"}, {"speed", "max"}, {"idle", "500ms"}}),
              (Lines{"0us @0 80x24", "100000us @0 a", "700000us @1 b"}));
}

TEST_F(RecorderTest, AReplayKeepsThePaceThatWasAskedFor) {
    write_file(folder / "old.cast", version_2);
    const Time before = loop.now();
    EXPECT_EQ(replay({{"input", folder / "old.cast"}, {"speed", "10"}}).size(), 3U);
    EXPECT_GE(loop.now() - before, 500ms);
    EXPECT_LT(loop.now() - before, 4s);
    EXPECT_FALSE(offline);
}

TEST_F(RecorderTest, ARecordingThatWasCutEndsInOrder) {
    write_file(folder / "cut.cast", std::string(version_2) + "[6.0, \"o\", \"c");
    EXPECT_EQ(replay({{"input", folder / "cut.cast"}, {"speed", "max"}}).size(), 3U);
    EXPECT_TRUE(sink.has("finish"));
    EXPECT_EQ(sink.outcome.code(), 0U);
}

TEST_F(RecorderTest, AnErrorInARecordingNamesTheFileAndTheLine) {
    write_file(folder / "bad.cast", std::string(version_2) + "[6.0, \"o\"]\n");
    EXPECT_EQ(replay({{"input", folder / "bad.cast"}, {"speed", "max"}}).size(), 3U);
    EXPECT_EQ(sink.outcome.code(), static_cast<std::uint32_t>(Code::bad_file));
    EXPECT_THAT(sink.outcome.detail(), HasSubstr("bad.cast:5: "));
}

TEST_F(RecorderTest, WhatCannotBeReplayedIsRefused) {
    const auto refusal = [this](const std::map<std::string, std::string>& settings) {
        (void)replay(settings);
        EXPECT_TRUE(sink.has("end"));
        return sink.end.code;
    };
    write_file(folder / "no.cast", "hello\n");
    write_file(folder / "empty.cast", "");
    write_file(folder / "long.cast", std::string(5'000'000, ' '));
    write_file(folder / "ok.cast", version_2);
    EXPECT_EQ(refusal({}), Code::usage);
    EXPECT_EQ(refusal({{"input", folder / "missing.cast"}}), Code::io);
    EXPECT_EQ(refusal({{"input", folder / "no.cast"}}), Code::bad_file);
    EXPECT_EQ(refusal({{"input", folder / "empty.cast"}}), Code::bad_file);
    EXPECT_EQ(refusal({{"input", folder / "long.cast"}}), Code::bad_file);
    EXPECT_EQ(refusal({{"input", "/dev/zero"}}), Code::bad_file);
    EXPECT_EQ(refusal({{"input", folder.path()}}), Code::bad_file);
    EXPECT_EQ(refusal({{"input", folder / "ok.cast"}, {"speed", "0"}}), Code::bad_file);
    EXPECT_EQ(refusal({{"input", folder / "ok.cast"}, {"speed", "fast"}}), Code::bad_file);
}

TEST_F(RecorderTest, ASlowReaderHoldsTheReplayBack) {
    std::string text = "{\"version\": 2, \"width\": 80, \"height\": 24}\n";
    for (int i = 0; i < 2000; ++i) text += "[0.1, \"o\", \"" + std::string(4'000, 'x') + "\"]\n";
    write_file(folder / "long.cast", text);
    sink.consumes = false;
    sink.stream = relay.left->open(
        opening("replayer", {{"input", folder / "long.cast"}, {"speed", "max"}}), sink);
    ASSERT_TRUE(until([&] { return sink.data.size() >= stream::window / 2; }));
    io::settle(loop);
    EXPECT_LE(sink.data.size(), 2 * stream::window);
    sink.consumes = true;
    sink.stream->consume(sink.data.size());
    ASSERT_TRUE(until([&] { return over(sink); }));
    EXPECT_EQ(sink.messages.size(), 2001U);
}

TEST_F(RecorderTest, AReaderThatStopsEndsTheReplay) {
    write_file(folder / "old.cast", version_2);
    sink.stream = relay.left->open(opening("replayer", {{"input", folder / "old.cast"}}), sink);
    ASSERT_TRUE(until([&] { return !sink.messages.empty(); }));
    sink.stream->stop({Code::cancelled, "enough"});
    EXPECT_TRUE(until([&] { return over(sink); }));
}

}  // namespace
}  // namespace jetway::recorder
