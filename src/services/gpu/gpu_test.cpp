#include "services/gpu/gpu.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/testing.hpp"
#include "screen/diff.hpp"
#include "services/gpu/camera.hpp"
#include "services/gpu/test_driver.hpp"
#include "stream/test_relay.hpp"

namespace jetway::gpu {
namespace {

using screen::Format;
using screen::PictureUpdate;
using testing::ElementsAre;
using testing::ExitedWithCode;
using testing::Not;
using testing::SizeIs;
using Texts = std::map<std::string, std::string>;

Settings to_settings(const Texts& texts) {
    Settings settings;
    for (const auto& [key, value] : texts) settings.set(key, value);
    return settings;
}

/// A pipeline on the left, gpu-server on the right, and a camera of the test's own that draws each
/// screen that is sent.
struct GpuTest : testing::Test {
    void TearDown() override {
        relay.left.reset();
        offer.reset();
        service.reset();
    }
    void serve(const Texts& settings = {{"device", "scalar"}}) {
        auto made = make(
            loop, {*relay.right, "gpu-server", to_settings(settings),
                   [this](const std::string& key, const std::string& text) { notes[key] = text; }});
        ASSERT_TRUE(made) << made.error().line();
        service = std::move(*made);
        bool offered = false;
        offer = relay.right->offer(
            "gpu-server", capabilities(), *service,
            [&offered](const Result<>& answer) { offered = answer.has_value(); });
        ASSERT_TRUE(until([&] { return offered; }));
    }
    bool until(const std::function<bool()>& done) { return io::run_until(loop, done); }
    void open(stream::Witness& end, const Texts& settings = {},
              std::string_view type = screen::screen_content_type) {
        wire::Open request = stream::open_to("gpu-server", true);
        request.set_content_type(std::string(type));
        wire::from_settings(to_settings(settings), *request.mutable_settings());
        end.stream = relay.left->open(request, end);
    }
    /// The refusal of a stream with these settings.
    Error refusal(const Texts& settings) {
        stream::Witness end;
        open(end, settings);
        EXPECT_TRUE(until([&] { return end.has("end"); }));
        return end.end;
    }

    /// Sends the session's next state: the letter in every cell. What write() said.
    bool show(char letter) {
        const screen::Snapshot before = now;
        ++now.state;
        now.stamp.us += 33'333;
        now.stamp.off += 1;
        if (now.state > 1) ++now.stamp.sequence;
        for (screen::Row& row : now.screen.rows) {
            row.cells.assign(now.screen.columns, {static_cast<char32_t>(letter), {}, 1, false});
        }
        hashes.push_back(camera.shoot(now, *renderer)->hash);
        return pipeline.stream->write(
            now.state == 1 ? screen::encode(now) : screen::encode(screen::make_diff(before, now)));
    }
    void show_all(std::string_view letters) {
        for (const char letter : letters) show(letter);
    }
    /// The service has taken every screen that was sent.
    bool all_taken() {
        return until([&] { return pipeline.stream->confirmed() == pipeline.stream->sent(); });
    }
    bool finish() {
        pipeline.stream->finish();
        return until([&] { return pipeline.has("done"); });
    }
    void read_on() {
        pipeline.consumes = true;
        pipeline.stream->consume(pipeline.data.size());
    }

    /// What came out. Each is applied, and must be what its hash says.
    std::vector<PictureUpdate> pictures() {
        std::vector<PictureUpdate> result;
        screen::Picture picture;
        for (const std::string& message : pipeline.messages) {
            auto update = screen::decode_picture(Buffer::copy_of(message));
            EXPECT_TRUE(update);
            EXPECT_TRUE(screen::apply(picture, *update));
            EXPECT_EQ(picture.hash(), update->hash);
            EXPECT_EQ(update->stamp.sequence, result.size());
            result.push_back(std::move(*update));
        }
        return result;
    }
    std::vector<std::uint64_t> seen_hashes() {
        std::vector<std::uint64_t> result;
        for (const PictureUpdate& update : pictures()) result.push_back(update.hash);
        return result;
    }
    std::vector<std::uint64_t> seen_numbers() {
        std::vector<std::uint64_t> result;
        for (const PictureUpdate& update : pictures()) result.push_back(update.n);
        return result;
    }

    io::EventLoop loop;
    Texts notes;
    stream::Witness pipeline;
    std::unique_ptr<stream::Service> service;
    stream::Relay relay{loop};
    Handle offer;
    screen::Snapshot now{{7, 0, 0, 0, 0, false}, 0, screen::Screen(80, 24)};
    std::unique_ptr<Renderer> renderer = make_scalar_renderer();
    Atlas atlas{Font::open(std::string(default_font), 18).value()};
    Camera camera{atlas, Format::i420};
    std::vector<std::uint64_t> hashes;  // of every screen sent
};

TEST_F(GpuTest, DrawsASnapshotAndItsDiffs) {
    serve();
    open(pipeline);
    for (const std::size_t count : {1U, 2U, 3U}) {
        show(static_cast<char>('a' + count));
        ASSERT_TRUE(until([&] { return pipeline.messages.size() == count; }));
    }
    ASSERT_TRUE(finish());
    EXPECT_EQ(pipeline.opened.content_type(), screen::picture_content_type);
    EXPECT_EQ(seen_hashes(), hashes);
    EXPECT_THAT(seen_numbers(), ElementsAre(0, 1, 2));
}

TEST_F(GpuTest, APictureHasTheSizeOfItsCellsAndTheTimeOfItsScreen) {
    serve();
    open(pipeline);
    show_all("x");
    ASSERT_TRUE(finish());
    ASSERT_THAT(pictures(), SizeIs(1));
    const PictureUpdate update = pictures().front();
    EXPECT_EQ(update.width, 80 * atlas.cell().width);
    EXPECT_EQ(update.height, 24 * atlas.cell().height);
    EXPECT_EQ(update.format, Format::i420);
    EXPECT_EQ(update.stamp, now.stamp);
    EXPECT_EQ(update.state, now.state);
}

TEST_F(GpuTest, ASlowReaderOfflineGetsAPictureOfEveryScreenAndHoldsTheScreensBack) {
    serve();
    now.stamp.offline = true;
    pipeline.consumes = false;
    open(pipeline);
    for (char letter = 'a'; show(letter);
         letter = letter == 'z' ? 'a' : static_cast<char>(letter + 1))
        ASSERT_LT(hashes.size(), 1000U);
    ASSERT_TRUE(until([&] { return pipeline.data.size() > stream::window - 64 /* headers */; }));
    io::settle(loop);
    EXPECT_GT(pipeline.stream->unsent(), 0U) << "screens wait where they come from";
    read_on();
    ASSERT_TRUE(finish());
    EXPECT_EQ(seen_hashes(), hashes);
    EXPECT_EQ(seen_numbers().back(), hashes.size() - 1);
}

TEST_F(GpuTest, ASlowReaderLiveGetsTheNewestAndSeesAHoleWhereSomeWereSkipped) {
    serve();
    pipeline.consumes = false;
    open(pipeline);
    show('a');
    ASSERT_TRUE(until([&] { return pipeline.data.size() > stream::window - 64 /* headers */; }));
    show_all("bcdefghij");
    ASSERT_TRUE(all_taken());
    read_on();
    ASSERT_TRUE(until([&] { return pipeline.messages.size() == 2; }));
    ASSERT_TRUE(finish());
    EXPECT_THAT(seen_hashes(), ElementsAre(hashes.front(), hashes.back()));
    EXPECT_THAT(seen_numbers(), ElementsAre(0, 9));
}

TEST_F(GpuTest, FinishOfInputFinishesOutputAfterTheLastPicture) {
    serve();
    pipeline.consumes = false;
    open(pipeline);
    std::size_t before_the_end = 0;
    pipeline.after = [&](const std::string& event) {
        if (event == "finish") before_the_end = pipeline.messages.size();
    };
    show_all("abc");
    pipeline.stream->finish();
    ASSERT_TRUE(until([&] { return pipeline.data.size() > stream::window - 64 /* headers */; }));
    read_on();
    ASSERT_TRUE(until([&] { return pipeline.has("done"); }));
    EXPECT_EQ(pipeline.outcome.code(), 0U);
    ASSERT_GT(before_the_end, 0U);
    EXPECT_EQ(pictures().at(before_the_end - 1).hash, hashes.back());
}

TEST_F(GpuTest, OnlyScreensAreTaken) {
    serve();
    open(pipeline, {}, "text/plain");
    ASSERT_TRUE(until([&] { return pipeline.has("end"); }));
    EXPECT_EQ(pipeline.end.code, Code::type);
}

TEST_F(GpuTest, NonsenseEndsTheStreamWithAReasonAndNoOtherStream) {
    serve();
    open(pipeline);
    stream::Witness other;
    open(other);
    other.stream->write(Buffer::copy_of("nonsense of some length, for it must hold a stamp"));
    ASSERT_TRUE(until([&] { return other.has("finish"); }));
    EXPECT_EQ(static_cast<Code>(other.outcome.code()), Code::version);
    EXPECT_THAT(other.outcome.detail(), Not(""));
    EXPECT_EQ(other.outcome.stage(), "gpu-server@machine-a");
    show_all("a");
    ASSERT_TRUE(finish());
    EXPECT_EQ(seen_hashes(), hashes);
}

TEST_F(GpuTest, ADiffOfAStateThatNeverCameEndsTheStreamWithAReason) {
    serve();
    open(pipeline);
    show_all("a");
    screen::Diff diff;
    diff.base = 5;
    diff.state = 6;
    pipeline.stream->write(screen::encode(diff));
    ASSERT_TRUE(until([&] { return pipeline.has("finish"); }));
    EXPECT_EQ(static_cast<Code>(pipeline.outcome.code()), Code::protocol);
    EXPECT_EQ(pipeline.outcome.detail(), "diff from state 5 met state 1");
}

TEST_F(GpuTest, AReaderThatStopsEndsTheDrawingInOrder) {
    serve();
    open(pipeline);
    show_all("a");
    ASSERT_TRUE(until([&] { return !pipeline.messages.empty(); }));
    pipeline.stream->stop({Code::cancelled, "enough"});
    ASSERT_TRUE(until([&] { return pipeline.has("finish"); }));
    EXPECT_EQ(pipeline.outcome.code(), 0U);
}

TEST_F(GpuTest, DrawsSixtyFourStreamsAndForgetsThoseThatBreakOff) {
    serve();
    std::vector<stream::Witness> ends(64);
    for (stream::Witness& end : ends) open(end);
    ASSERT_TRUE(until([&] { return ends.back().has("opened"); }));
    EXPECT_EQ(refusal({}).code, Code::pressure);
    ends.clear();
    open(pipeline);
    show_all("a");
    ASSERT_TRUE(finish());
    EXPECT_EQ(seen_hashes(), hashes);
}

TEST_F(GpuTest, AStreamMayBringSettingsOfItsOwn) {
    serve({{"device", "scalar"}, {"font_size", "12"}});
    open(pipeline, {{"format", "rgba"}});
    show_all("a");
    ASSERT_TRUE(finish());
    ASSERT_THAT(pictures(), SizeIs(1));
    EXPECT_EQ(pictures().front().format, Format::rgba8);
    EXPECT_LT(pictures().front().width, 80 * atlas.cell().width) << "the service's font size";
    EXPECT_EQ(refusal({{"format", "yuv"}}).code, Code::bad_file);
    EXPECT_EQ(refusal({{"font", "/none.ttf"}}).code, Code::io);
}

TEST_F(GpuTest, BadSettingsOfTheServiceAreSaidWhenItIsMade) {
    const auto error = [this](const std::string& key, const std::string& value) {
        return make(loop, {*relay.right, "gpu-server", to_settings({{key, value}}), {}}).error();
    };
    EXPECT_EQ(error("device", "cuda").code, Code::bad_file);
    EXPECT_EQ(error("font", "/none.ttf").code, Code::io);
}

TEST_F(GpuTest, SaysThatItDrawsWithTheScalarRenderer) {
    serve();
    EXPECT_THAT(notes, SizeIs(0));
    open(pipeline);
    ASSERT_TRUE(until([&] { return pipeline.has("opened"); }));
    EXPECT_EQ(notes["renderer"], "scalar");
}

TEST_F(GpuTest, DrawsTheSamePicturesOnADevice) {
    serve({{"device", "opencl"}});
    now.stamp.offline = true;
    open(pipeline);
    show_all("abc");
    ASSERT_TRUE(finish());
    EXPECT_EQ(seen_hashes(), hashes);
    EXPECT_THAT(notes["renderer"], Not("scalar"));
}

/// Each EXPECT_EXIT is run by a process of its own, which starts the test anew.
struct GpuDeathTest : GpuTest {
    GpuDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }

    [[noreturn]] void look_for_the_device_late() {
        serve({{"device", "opencl"}});
        const bool before = driver_is_loaded();
        open(pipeline);
        const bool opened = until([&] { return pipeline.has("opened"); });
        std::_Exit(!before && opened && driver_is_loaded() ? 0 : 1);
    }
    [[noreturn]] void insist_on_a_device_without_a_driver() {
        Error reason;
        {
            const NoDriver here;
            serve({{"device", "opencl"}});
            reason = refusal({});
        }
        std::fputs(reason.line().c_str(), stderr);
        std::_Exit(reason.code == Code::unsupported ? 0 : 1);
    }
    [[noreturn]] void draw_without_a_driver() {
        bool drawn = false;
        {
            const NoDriver here;
            serve({});
            open(pipeline);
            show_all("a");
            drawn = finish() && seen_hashes() == hashes;
        }
        std::_Exit(drawn && notes["renderer"] == "scalar" ? 0 : 1);
    }
};

TEST_F(GpuDeathTest, IsOfferedBeforeADeviceIsLookedFor) {
    EXPECT_EXIT(look_for_the_device_late(), ExitedWithCode(0), "");
}

TEST_F(GpuDeathTest, WithoutADriverAStreamThatNeedsADeviceIsRefused) {
    EXPECT_EXIT(insist_on_a_device_without_a_driver(), ExitedWithCode(0),
                "E-UNSUPPORTED no OpenCL platform is installed");
}

TEST_F(GpuDeathTest, WithoutADriverItDrawsAllTheSame) {
    EXPECT_EXIT(draw_without_a_driver(), ExitedWithCode(0), "");
}

}  // namespace
}  // namespace jetway::gpu
