#include "services/mp4/video_file.hpp"

#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "services/mp4/test_video.hpp"

namespace jetway::mp4 {
namespace {

struct VideoFileTest : testing::Test {
    VideoFileTest() {
        std::string name = "/tmp/jetway-mp4-XXXXXX";
        folder = ::mkdtemp(name.data());
    }
    ~VideoFileTest() override { std::filesystem::remove_all(folder); }

    /// `pictures` at 10 a second, in the file, not closed.
    std::unique_ptr<VideoFile> filled(const std::string& path, std::uint32_t pictures) {
        auto file = VideoFile::create(path, 320, 200, {});
        EXPECT_TRUE(file) << (file ? "" : file.error().line());
        for (std::uint32_t i = 0; i < pictures; ++i)
            EXPECT_TRUE((*file)->add(bar(320, 200, i), i * 100'000UL));
        return std::move(*file);
    }

    std::string folder;
};

TEST_F(VideoFileTest, LastsAsLongAsTheSessionAndHasEveryPictureOfTheGrid) {
    const std::string path = folder + "/a.mp4";
    auto file = filled(path, 40);
    const auto summary = file->close(4'000'000);
    ASSERT_TRUE(summary) << summary.error().line();
    EXPECT_EQ(summary->pictures, 120U);
    EXPECT_NEAR(summary->seconds, 4.0, 0.001);
    EXPECT_NEAR(duration_of(path), 4.0, 0.01);
    EXPECT_EQ(decoded_pictures(path), 120);
    EXPECT_EQ(stream_of(path), "h264,320,200,yuv420p\n");
    EXPECT_FALSE(std::filesystem::exists(path + ".tmp"));
}

TEST_F(VideoFileTest, IsSeekableAfterClose) {
    const std::string path = folder + "/a.mp4";
    ASSERT_TRUE(filled(path, 20)->close(2'000'000));
    const std::string atoms = output_of(
        "ffprobe -v trace " + path + " 2>&1 | grep -oE \"type:'(ftyp|moov|moof|mdat)'\" | head -3");
    EXPECT_EQ(atoms.substr(0, 26), "type:'ftyp'\ntype:'moov'\n" + atoms.substr(24, 2));
    EXPECT_EQ(atoms.find("moof"), std::string::npos);
}

TEST_F(VideoFileTest, ShowsTheBrightBar) {
    const std::string path = folder + "/a.mp4";
    ASSERT_TRUE(filled(path, 10)->close(1'000'000));
    const std::string levels = output_of(
        "ffmpeg -v error -i " + path +
        " -frames:v 1 -vf signalstats,metadata=print:file=- -f null - | grep -E 'YMIN|YMAX'");
    const auto value = [&levels](const std::string& key) {
        const auto at = levels.find(key + "=");
        return at == std::string::npos ? -1 : std::stoi(levels.substr(at + key.size() + 1));
    };
    EXPECT_NEAR(value("YMIN"), 60, 12);
    EXPECT_NEAR(value("YMAX"), 230, 15);
}

TEST_F(VideoFileTest, PlaysAfterItsWriterWasKilled) {
    const std::string path = folder + "/a.mp4";
    int ready[2];
    ASSERT_EQ(::pipe(ready), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        auto file = filled(path, 80);
        const char done = 'x';
        if (::write(ready[1], &done, 1) != 1) std::_Exit(1);
        for (;;) ::pause();
    }
    char done = 0;
    ASSERT_EQ(::read(ready[0], &done, 1), 1);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ::close(ready[0]);
    ::close(ready[1]);
    EXPECT_GE(decoded_pictures(path), 120);
    EXPECT_EQ(stream_of(path), "h264,320,200,yuv420p\n");
}

TEST_F(VideoFileTest, StopsAndPlaysWhenNoMoreCanBeWritten) {
    const std::string path = folder + "/a.mp4";
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        // A file of limited size stands for a disk of limited size.
        std::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{40'000, 40'000};
        ::setrlimit(RLIMIT_FSIZE, &limit);
        auto file = VideoFile::create(path, 320, 200, {});
        if (!file) std::_Exit(2);
        for (std::uint32_t i = 0; i < 3000; ++i) {
            const auto added = (*file)->add(bar(320, 200, i * 7), i * 100'000UL);
            if (!added) std::_Exit(added.error().code == Code::io ? 0 : 3);
        }
        std::_Exit(4);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    EXPECT_LE(std::filesystem::file_size(path), 40'000U);
    EXPECT_GE(decoded_pictures(path), 30);
}

TEST_F(VideoFileTest, AFullDeviceIsSaidAtOnce) {
    const auto file = VideoFile::create("/dev/full", 320, 200, {});
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().code, Code::io);
    EXPECT_NE(file.error().detail.find("disk is full"), std::string::npos) << file.error().detail;
}

TEST_F(VideoFileTest, AFolderThatIsNotThereIsNamed) {
    const auto file = VideoFile::create(folder + "/none/a.mp4", 320, 200, {});
    ASSERT_FALSE(file);
    EXPECT_NE(file.error().detail.find("/none/a.mp4"), std::string::npos);
}

TEST_F(VideoFileTest, APresetThatX264DoesNotKnowIsRefusedBeforeTheFileIsMade) {
    VideoOptions options;
    options.preset = "quickest";
    const auto file = VideoFile::create(folder + "/a.mp4", 320, 200, options);
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().code, Code::usage);
    EXPECT_FALSE(std::filesystem::exists(folder + "/a.mp4"));
}

TEST_F(VideoFileTest, PicturesOfOtherSizesAreFittedIntoTheFirst) {
    const std::string path = folder + "/a.mp4";
    auto file = VideoFile::create(path, 321, 201, {});
    ASSERT_TRUE(file);
    const std::array<std::pair<std::uint32_t, std::uint32_t>, 4> sizes{
        {{322, 202}, {80, 60}, {640, 480}, {2, 2}}};
    std::uint64_t us = 0;
    for (const auto& [width, height] : sizes) {
        ASSERT_TRUE((*file)->add(bar(width, height, 1), us));
        us += 100'000;
    }
    ASSERT_TRUE((*file)->add(screen::Picture(screen::Format::rgba8, 99, 33), us));
    ASSERT_TRUE((*file)->close(us));
    EXPECT_EQ(stream_of(path), "h264,322,202,yuv420p\n");
}

TEST_F(VideoFileTest, ATimeThatGoesBackReplacesThePicture) {
    const std::string path = folder + "/a.mp4";
    auto file = VideoFile::create(path, 320, 200, {});
    ASSERT_TRUE(file);
    ASSERT_TRUE((*file)->add(bar(320, 200, 0), 1'000'000));
    ASSERT_TRUE((*file)->add(bar(320, 200, 1), 500'000));
    const auto summary = (*file)->close(1'000'000);
    ASSERT_TRUE(summary);
    EXPECT_EQ(summary->pictures, 30U);
}

}  // namespace
}  // namespace jetway::mp4
