#include "services/gpu/studio.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/log.hpp"
#include "services/gpu/test_driver.hpp"

namespace jetway::gpu {
namespace {

using testing::ExitedWithCode;
using testing::HasSubstr;
using testing::Not;

std::unique_ptr<Studio> studio(Device device) {
    StudioOptions options;
    options.font = default_font;
    options.device = device;
    return Studio::make("gpu-server", options).value();
}

Result<StudioOptions> read(const std::string& key, const std::string& value) {
    Settings settings;
    settings.set(key, value);
    return read_studio_options(settings);
}

std::string refusal(const std::string& key, const std::string& value) {
    const auto options = read(key, value);
    return options ? "accepted" : options.error().line();
}

TEST(StudioOptions, WithoutSettingsAreThoseOfTheManual) {
    const auto options = read_studio_options({});
    ASSERT_TRUE(options);
    EXPECT_EQ(options->font, default_font);
    EXPECT_EQ(options->font_size, 18U);
    EXPECT_EQ(options->format, screen::Format::i420);
    EXPECT_EQ(options->device, Device::any);
}

TEST(StudioOptions, AreReadFromSettings) {
    EXPECT_EQ(read("font", "/a.ttf")->font, "/a.ttf");
    EXPECT_EQ(read("font_size", "96")->font_size, 96U);
    EXPECT_EQ(read("format", "rgba")->format, screen::Format::rgba8);
    EXPECT_EQ(read("device", "opencl")->device, Device::opencl);
    EXPECT_EQ(read("device", "scalar")->device, Device::scalar);
    EXPECT_EQ(read("device", "any")->device, Device::any);
}

TEST(StudioOptions, ABadOneIsNamedWithWhatItMayBe) {
    EXPECT_EQ(refusal("device", "cuda"),
              "E-BAD-FILE device: \"cuda\" is not one of any, opencl, scalar");
    EXPECT_EQ(refusal("format", "yuv"), "E-BAD-FILE format: \"yuv\" is not one of i420, rgba");
    EXPECT_THAT(refusal("font_size", "5"), HasSubstr("E-BAD-FILE font_size"));
    EXPECT_THAT(refusal("font_size", "97"), HasSubstr("E-BAD-FILE font_size"));
    EXPECT_THAT(refusal("font_size", "big"), HasSubstr("E-BAD-FILE font_size"));
}

TEST(Studio, NamesAFontThatCannotBeRead) {
    StudioOptions options;
    options.font = "/none/of/this.ttf";
    const auto made = Studio::make("gpu-server", options);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, Code::io);
    EXPECT_THAT(made.error().line(), HasSubstr("/none/of/this.ttf"));
}

TEST(Studio, HasNoRendererBeforeItStarts) {
    const auto made = studio(Device::any);
    EXPECT_FALSE(made->started());
    ASSERT_TRUE(made->start());
    EXPECT_TRUE(made->started());
}

TEST(Studio, DrawsOnTheDeviceWhereThereIsOne) {
    for (const Device device : {Device::any, Device::opencl}) {
        const auto made = studio(device);
        ASSERT_TRUE(made->start());
        EXPECT_THAT(made->renderer().name(), Not("scalar"));
    }
}

TEST(Studio, FallsBackToTheScalarRendererOnce) {
    const auto made = studio(Device::opencl);
    ASSERT_TRUE(made->start());
    EXPECT_TRUE(made->fall_back({Code::io, "the device is gone"}));
    EXPECT_EQ(made->renderer().name(), "scalar");
    EXPECT_FALSE(made->fall_back({Code::io, "memory is gone, too"}));
}

/// Each is run by a process of its own; its exit status is 0 when all was as it should be.
struct StudioDeathTest : testing::Test {
    StudioDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }

    [[noreturn]] static void scalar_is_chosen() {
        bool loaded = true;
        const auto made = studio(Device::scalar);
        if (made->start() && made->renderer().name() == "scalar") loaded = driver_is_loaded();
        std::_Exit(loaded ? 1 : 0);
    }
    [[noreturn]] static void no_driver_is_there(Device device, const std::string& renderer) {
        log_to_standard_error(log::level::info);
        std::string name;
        {
            const NoDriver here;
            const auto made = studio(device);
            const auto started = made->start();
            name = started ? made->renderer().name() : started.error().line();
            if (!started) log::error("{}", name);
        }
        std::_Exit(name.starts_with(renderer) ? 0 : 1);
    }
};

TEST_F(StudioDeathTest, TheScalarRendererLoadsNoDriver) {
    EXPECT_EXIT(scalar_is_chosen(), ExitedWithCode(0), "");
}

TEST_F(StudioDeathTest, WithoutADeviceTheScalarRendererDrawsAndTheLogSaysSo) {
    EXPECT_EXIT(no_driver_is_there(Device::any, "scalar"), ExitedWithCode(0),
                "warning gpu-server: E-UNSUPPORTED no OpenCL platform is installed.*; draws with "
                "the scalar renderer");
}

TEST_F(StudioDeathTest, WithoutADeviceWhoInsistsOnOpenclIsRefused) {
    EXPECT_EXIT(no_driver_is_there(Device::opencl, "E-UNSUPPORTED"), ExitedWithCode(0),
                "no OpenCL platform is installed");
}

}  // namespace
}  // namespace jetway::gpu
