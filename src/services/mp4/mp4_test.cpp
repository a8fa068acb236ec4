#include "services/mp4/mp4.hpp"

#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/testing.hpp"
#include "services/mp4/test_video.hpp"
#include "stream/test_relay.hpp"

namespace jetway::mp4 {
namespace {

using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::SizeIs;
using testing::StartsWith;
using Texts = std::map<std::string, std::string>;

Settings to_settings(const Texts& texts) {
    Settings settings;
    for (const auto& [key, value] : texts) settings.set(key, value);
    return settings;
}

/// Runs in a folder until it goes.
class Inside {
public:
    explicit Inside(const std::string& folder) : before_(std::filesystem::current_path()) {
        std::filesystem::current_path(folder);
    }
    ~Inside() { std::filesystem::current_path(before_); }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

private:
    std::filesystem::path before_;
};

/// Root may write everywhere; nobody may not.
class AsNobody {
public:
    AsNobody() : before_(::geteuid()) {
        if (before_ == 0) EXPECT_EQ(::seteuid(65534), 0);
    }
    ~AsNobody() { EXPECT_EQ(::seteuid(before_), 0); }
    AsNobody(const AsNobody&) = delete;
    AsNobody& operator=(const AsNobody&) = delete;

private:
    uid_t before_;
};

/// Pipelines on the left, mp4-encoder on the right, which writes to out.mp4 unless told otherwise.
struct Mp4Test : testing::Test {
    void SetUp() override { serve({{"output", folder / "out.mp4"}, {"preset", "ultrafast"}}); }
    void TearDown() override {
        relay.left.reset();
        offer.reset();
        service.reset();
    }
    void serve(const Texts& settings) {
        offer.reset();
        auto made = make(loop, {*relay.right, "mp4-encoder", to_settings(settings), {}});
        ASSERT_TRUE(made) << made.error().line();
        service = std::move(*made);
        bool offered = false;
        offer = relay.right->offer(
            "mp4-encoder", capabilities(), *service,
            [&offered](const Result<>& answer) { offered = answer.has_value(); });
        ASSERT_TRUE(until([&] { return offered; }));
    }
    bool until(const std::function<bool()>& done) { return io::run_until(loop, done); }
    void open(stream::Witness& end, const Texts& settings = {},
              std::string_view type = screen::picture_content_type) {
        wire::Open request = stream::open_to("mp4-encoder", true);
        request.set_content_type(std::string(type));
        wire::from_settings(to_settings(settings), *request.mutable_settings());
        end.stream = relay.left->open(request, end);
    }
    /// Films `count` pictures, ten a second, and waits until the service has them all.
    void film(stream::Witness& end, std::uint64_t count) {
        for (std::uint64_t i = 0; i < count; ++i) {
            const screen::Picture picture = bar(320, 200, static_cast<std::uint32_t>(i));
            screen::PictureUpdate update;
            update.stamp.sequence = update.n = i;
            update.stamp.us = i * 100'000;
            update.width = picture.width;
            update.height = picture.height;
            update.hash = picture.hash();
            update.data = Buffer::copy_of(Bytes(picture.pixels));
            end.stream->write(screen::encode(update));
        }
        EXPECT_TRUE(until([&] {
            return over(end) ||
                   (end.stream->unsent() == 0 && end.stream->confirmed() == end.stream->sent());
        }));
    }
    bool finish(stream::Witness& end) {
        end.stream->finish();
        return until([&] { return over(end); }) && end.outcome.code() == 0;
    }
    static bool over(const stream::Witness& end) { return end.has("finish") || end.has("end"); }
    static Code code(const stream::Witness& end) { return static_cast<Code>(end.outcome.code()); }
    Code refusal(const Texts& settings) {
        stream::Witness end;
        open(end, settings);
        EXPECT_TRUE(until([&] { return end.has("end"); }));
        return end.end.code;
    }
    std::vector<std::string> files() const {
        std::vector<std::string> names;
        for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
            names.push_back(entry.path().filename());
        return names;
    }
    bool grows_beyond(const std::string& path, std::uintmax_t size) {
        return until([&] { return std::filesystem::file_size(path) > size; });
    }

    io::EventLoop loop;
    io::TemporaryDirectory folder;
    stream::Witness first;
    stream::Witness second;
    std::unique_ptr<stream::Service> service;
    stream::Relay relay{loop};
    Handle offer;
};

TEST_F(Mp4Test, FinishingClosesTheFileAndItPlays) {
    open(first);
    film(first, 11);
    ASSERT_TRUE(finish(first));
    EXPECT_EQ(first.outcome.detail(), folder / "out.mp4" + ": 1.0 s, 31 pictures");
    EXPECT_EQ(decoded_pictures(folder / "out.mp4"), 31);
    EXPECT_NEAR(duration_of(folder / "out.mp4"), 31 / 30.0, 0.01);
    EXPECT_EQ(stream_of(folder / "out.mp4"), "h264,320,200,yuv420p\n");
    EXPECT_THAT(files(), ElementsAre("out.mp4"));
}

TEST_F(Mp4Test, ThereIsNoFileBeforeTheFirstPicture) {
    open(first);
    ASSERT_TRUE(until([&] { return first.has("opened"); }));
    io::settle(loop);
    EXPECT_THAT(files(), IsEmpty());
    film(first, 1);
    EXPECT_THAT(files(), ElementsAre("out.mp4"));
}

TEST_F(Mp4Test, WithoutAPictureThereIsNoFileAndThatIsSaid) {
    open(first);
    ASSERT_TRUE(finish(first));
    EXPECT_EQ(first.outcome.detail(), "no picture came, no file was written");
    EXPECT_THAT(files(), IsEmpty());
}

TEST_F(Mp4Test, WithoutANameTheFileIsNamedAfterServiceMachineAndTime) {
    const Inside here(folder.path());
    serve({});
    open(first);
    film(first, 1);
    ASSERT_TRUE(finish(first));
    EXPECT_THAT(files(),
                ElementsAre(MatchesRegex("mp4-encoder-machine-a-2[0-9]{7}-[0-9]{6}\\.mp4")));
}

TEST_F(Mp4Test, AMadeUpNameNeverReplacesAFile) {
    const Inside here(folder.path());
    serve({});
    std::vector<stream::Witness> ends(3);
    open(ends[0]);
    open(ends[1]);
    film(ends[0], 1);
    film(ends[1], 1);
    EXPECT_TRUE(finish(ends[0])) << ends[0].outcome.detail();
    EXPECT_TRUE(finish(ends[1])) << ends[1].outcome.detail();
    open(ends[2]);
    film(ends[2], 1);
    EXPECT_TRUE(finish(ends[2])) << ends[2].outcome.detail();
    EXPECT_THAT(files(), AllOf(SizeIs(3), Each(StartsWith("mp4-encoder-machine-a-2"))));
    for (const std::string& name : files()) EXPECT_EQ(decoded_pictures(name), 1) << name;
}

TEST_F(Mp4Test, AStreamMayNameItsOwnFile) {
    open(first, {{"output", folder / "own.mp4"}, {"fps", "10"}});
    film(first, 5);
    ASSERT_TRUE(finish(first));
    EXPECT_THAT(files(), ElementsAre("own.mp4"));
    EXPECT_EQ(decoded_pictures(folder / "own.mp4"), 5) << "the stream's fps";
}

TEST_F(Mp4Test, AnOldFileOfThatNameIsReplaced) {
    std::ofstream(folder / "out.mp4") << "old";
    for (stream::Witness* end : {&first, &second}) {
        open(*end);
        film(*end, 4);
        ASSERT_TRUE(finish(*end)) << "the name is free again";
        EXPECT_EQ(decoded_pictures(folder / "out.mp4"), 10);
    }
}

TEST_F(Mp4Test, TheSecondStreamIntoAFileEndsWithAReasonAndTheFirstGoesOn) {
    open(first);
    film(first, 2);
    open(second);
    film(second, 1);
    ASSERT_TRUE(until([&] { return over(second); }));
    EXPECT_EQ(code(second), Code::already_running);
    EXPECT_THAT(second.outcome.detail(),
                StartsWith(folder / "out.mp4" + " is being written for another stream"));
    ASSERT_TRUE(finish(first));
    EXPECT_EQ(decoded_pictures(folder / "out.mp4"), 4);
}

TEST_F(Mp4Test, AnotherSpellingOfANameIsTheSameFile) {
    ASSERT_EQ(::symlink(folder.path().c_str(), (folder / "link").c_str()), 0);
    open(first);
    film(first, 1);
    for (const char* name : {"./out.mp4", "link/out.mp4"}) {
        stream::Witness end;
        open(end, {{"output", folder / name}});
        film(end, 1);
        ASSERT_TRUE(until([&] { return over(end); })) << name;
        EXPECT_EQ(code(end), Code::already_running) << name;
    }
}

TEST_F(Mp4Test, AResetInTheMiddleLeavesAFileThatPlays) {
    open(first);
    film(first, 5);
    const auto size = std::filesystem::file_size(folder / "out.mp4");
    first.stream.reset();
    ASSERT_TRUE(grows_beyond(folder / "out.mp4", size));
    EXPECT_EQ(decoded_pictures(folder / "out.mp4"), 13);
    EXPECT_THAT(files(), ElementsAre("out.mp4"));
}

TEST_F(Mp4Test, NonsenseInTheMiddleEndsTheStreamAndLeavesAFileThatPlays) {
    open(first);
    film(first, 5);
    first.stream->write(Buffer::copy_of("nonsense"));
    ASSERT_TRUE(until([&] { return over(first); }));
    EXPECT_EQ(code(first), Code::protocol);
    EXPECT_EQ(first.outcome.stage(), "mp4-encoder@machine-a");
    EXPECT_EQ(decoded_pictures(folder / "out.mp4"), 13);
}

TEST_F(Mp4Test, TilesOfAPictureThatNeverCameEndTheStreamWithAReasonAndNoFile) {
    open(first);
    screen::PictureUpdate update;
    update.kind = screen::PictureUpdate::Kind::repeat;
    update.width = update.height = 100;
    first.stream->write(screen::encode(update));
    ASSERT_TRUE(until([&] { return over(first); }));
    EXPECT_EQ(code(first), Code::protocol);
    EXPECT_FALSE(first.outcome.detail().empty());
    EXPECT_THAT(files(), IsEmpty());
}

TEST_F(Mp4Test, AFolderThatMayNotBeWrittenEndsTheStreamWithTheNameOfTheFile) {
    const std::string locked = folder / "locked";
    ASSERT_EQ(::mkdir(locked.c_str(), 0500), 0);
    open(first, {{"output", locked + "/a.mp4"}});
    {
        const AsNobody me;
        film(first, 1);
        ASSERT_TRUE(until([&] { return over(first); }));
    }
    EXPECT_EQ(code(first), Code::io);
    EXPECT_EQ(first.outcome.detail(), "cannot write " + locked + "/a.mp4: Permission denied");
}

TEST_F(Mp4Test, AFolderThatIsNotThereEndsTheStreamWithTheNameOfTheFile) {
    open(first, {{"output", folder / "none/a.mp4"}});
    film(first, 1);
    ASSERT_TRUE(until([&] { return over(first); }));
    EXPECT_EQ(code(first), Code::io);
    EXPECT_THAT(first.outcome.detail(), HasSubstr(folder / "none/a.mp4"));
}

TEST_F(Mp4Test, OnlyPicturesAreTaken) {
    open(first, {}, "text/plain");
    ASSERT_TRUE(until([&] { return first.has("end"); }));
    EXPECT_EQ(first.end.code, Code::type);
}

TEST_F(Mp4Test, ABadSettingIsRefused) {
    EXPECT_EQ(refusal({{"fps", "0"}}), Code::bad_file);
    EXPECT_EQ(refusal({{"crf", "52"}}), Code::bad_file);
    const auto made = make(loop, {*relay.right, "mp4-encoder", to_settings({{"fps", "fast"}}), {}});
    EXPECT_EQ(made.error().code, Code::bad_file);
}

TEST_F(Mp4Test, WritesSixteenFilesAtATimeAndForgetsThoseThatBreakOff) {
    std::vector<stream::Witness> ends(16);
    for (stream::Witness& end : ends) open(end);
    ASSERT_TRUE(until([&] { return ends.back().has("opened"); }));
    EXPECT_EQ(refusal({}), Code::pressure);
    ends.clear();
    open(first);
    film(first, 1);
    EXPECT_TRUE(finish(first));
}

}  // namespace
}  // namespace jetway::mp4
