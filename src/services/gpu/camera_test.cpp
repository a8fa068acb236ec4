#include "services/gpu/camera.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "screen/random_screen.hpp"
#include "services/gpu/opencl_renderer.hpp"

namespace jetway::gpu {
namespace {

using screen::Format;
using screen::Picture;
using screen::PictureUpdate;
using screen::Snapshot;

Atlas make_atlas(std::uint32_t size = 12) {
    return Atlas(Font::open(std::string(default_font), size).value());
}

std::uint16_t side(Random& random, std::uint64_t most) {
    return static_cast<std::uint16_t>(1 + random.below(most));
}

/// One for all tests: making it compiles the kernels.
Renderer& opencl() {
    static const std::unique_ptr<Renderer> renderer = [] {
        auto made = make_opencl_renderer();
        if (!made) ADD_FAILURE() << made.error().text();
        return std::move(*made);
    }();
    return *renderer;
}

/// The same atlas's picture, drawn anew as a whole.
Picture drawn_whole(const screen::Screen& screen, Format format, Renderer& renderer,
                    std::uint32_t size = 12) {
    Atlas atlas = make_atlas(size);
    Camera camera(atlas, format);
    EXPECT_TRUE(camera.shoot({{}, 1, screen}, renderer));
    return camera.picture();
}

RC_GTEST_PROP(Renderers, WriteTheSameBytes, (std::uint64_t seed)) {
    SeededRandom random(seed);
    const screen::Screen screen = screen::random_screen(random, side(random, 40), side(random, 12));
    const Format format = random.below(2) == 0 ? Format::i420 : Format::rgba8;
    const auto size = static_cast<std::uint32_t>(8 + 9 * random.below(3));
    const auto scalar = make_scalar_renderer();
    RC_ASSERT(drawn_whole(screen, format, *scalar, size) ==
              drawn_whole(screen, format, opencl(), size));
}

RC_GTEST_PROP(Renderers, WriteTheSameTilesAsAScreenChanges, (std::uint64_t seed)) {
    SeededRandom random(seed);
    const auto scalar = make_scalar_renderer();
    Atlas atlas = make_atlas();
    Camera one(atlas, Format::i420);
    Camera other(atlas, Format::i420);
    Picture follower;
    Snapshot screen{{}, 1, screen::random_screen(random, 30, 10)};
    for (int i = 0; i < 8; ++i) {
        const auto update = one.shoot(screen, *scalar);
        const auto same = other.shoot(screen, opencl());
        RC_ASSERT(update.has_value() && same.has_value());
        RC_ASSERT(update->kind == same->kind && update->tiles == same->tiles &&
                  update->hash == same->hash);
        RC_ASSERT(update->data.text() == same->data.text());
        RC_ASSERT(screen::apply(follower, *screen::decode_picture(encode(*update))).has_value());
        RC_ASSERT(follower == drawn_whole(screen.screen, Format::i420, *scalar));
        RC_ASSERT(update->hash == follower.hash());
        for (std::uint64_t row = random.below(4); row > 0; --row) {
            screen.screen.rows[random.below(10)] = screen::random_row(random, 30);
        }
        screen.screen.cursor.column = static_cast<std::uint16_t>(random.below(30));
        if (random.below(6) == 0) screen.screen.resize(30, 10);
    }
}

TEST(Renderers, AgreeWithTheConversionOfPictures) {
    SeededRandom random(5);
    const screen::Screen screen = screen::random_screen(random, 20, 5);
    const auto scalar = make_scalar_renderer();
    EXPECT_EQ(screen::to_i420(drawn_whole(screen, Format::rgba8, *scalar)),
              drawn_whole(screen, Format::i420, *scalar));
}

TEST(Renderers, SayTheirNames) {
    EXPECT_EQ(make_scalar_renderer()->name(), "scalar");
    EXPECT_FALSE(opencl().name().empty());
}

class CameraTest : public testing::Test {
protected:
    PictureUpdate shoot(Camera& camera) {
        auto update = camera.shoot(screen_, *renderer_);
        EXPECT_TRUE(update) << update.error().line();
        return *update;
    }
    void type(std::size_t row, std::string_view text) {
        auto& cells = screen_.screen.rows[row].cells;
        for (const char letter : text)
            cells.push_back({static_cast<char32_t>(letter), {}, 1, false});
    }

    std::unique_ptr<Renderer> renderer_ = make_scalar_renderer();
    Atlas atlas_ = make_atlas();
    Camera camera_{atlas_, Format::i420};
    Snapshot screen_{{7, 1, 9, 33'333, 55, true}, 3, screen::Screen(20, 5)};
};

TEST_F(CameraTest, BeginsWithAWholePictureOfTheScreensTime) {
    const PictureUpdate update = shoot(camera_);
    EXPECT_EQ(update.kind, PictureUpdate::Kind::full);
    EXPECT_EQ(update.width, 20 * atlas_.cell().width);
    EXPECT_EQ(update.height, 5 * atlas_.cell().height);
    EXPECT_EQ(update.stamp.us, 33'333U);
    EXPECT_EQ(update.stamp.off, 55U);
    EXPECT_EQ(update.stamp.session, 7U);
    EXPECT_TRUE(update.stamp.offline);
    EXPECT_EQ(update.state, 3U);
    EXPECT_EQ(update.n, 0U);
}

TEST_F(CameraTest, RepeatsWhatDidNotChange) {
    const PictureUpdate first = shoot(camera_);
    const PictureUpdate second = shoot(camera_);
    EXPECT_EQ(second.kind, PictureUpdate::Kind::repeat);
    EXPECT_EQ(second.data.size(), 0U);
    EXPECT_EQ(second.hash, first.hash);
    EXPECT_EQ(second.n, 1U);
}

TEST_F(CameraTest, SendsOnlyTheCellsThatChanged) {
    shoot(camera_);
    type(2, "hello");
    const PictureUpdate update = shoot(camera_);
    EXPECT_EQ(update.kind, PictureUpdate::Kind::tiles);
    ASSERT_EQ(update.tiles.size(), 1U);
    EXPECT_EQ(update.tiles[0].y, 2 * atlas_.cell().height);
    EXPECT_EQ(update.tiles[0].width, 5 * atlas_.cell().width);
}

TEST_F(CameraTest, DrawsAResizedScreenAsAWhole) {
    shoot(camera_);
    screen_.screen.resize(10, 10);
    EXPECT_EQ(shoot(camera_).kind, PictureUpdate::Kind::full);
    EXPECT_EQ(camera_.picture().width, 10 * atlas_.cell().width);
}

TEST_F(CameraTest, CutsAScreenThatIsLargerThanAnyPicture) {
    screen_.screen = screen::Screen(1000, 1000);
    const PictureUpdate update = shoot(camera_);
    EXPECT_LE(update.width, screen::max_side);
    EXPECT_LE(update.height, screen::max_side);
    EXPECT_TRUE(screen::decode_picture(encode(update)));
}

TEST_F(CameraTest, DrawsTheSameWhateverTheAtlasHeldBefore) {
    type(0, "hello");
    const std::uint64_t hash = shoot(camera_).hash;
    Atlas other = make_atlas();
    other.slot(U"q", {}, false);
    other.slot(U"日", {}, true);
    Camera camera(other, Format::i420);
    EXPECT_EQ(shoot(camera).hash, hash);
    other.clear();
    EXPECT_EQ(shoot(camera).hash, hash);
}

class Broken final : public Renderer {
public:
    std::string name() const override { return "broken"; }
    Result<> draw(const Atlas&, Format, std::span<const Job>, std::span<std::uint8_t>) override {
        return Error(Code::io, "the device is gone");
    }
};

TEST_F(CameraTest, AfterAFailureAnotherRendererDrawsTheWhole) {
    shoot(camera_);
    type(0, "x");
    Broken broken;
    EXPECT_EQ(camera_.shoot(screen_, broken).error().code, Code::io);
    EXPECT_EQ(shoot(camera_).kind, PictureUpdate::Kind::full);
    EXPECT_EQ(camera_.picture(), drawn_whole(screen_.screen, Format::i420, *renderer_));
}

}  // namespace
}  // namespace jetway::gpu
