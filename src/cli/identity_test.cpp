#include "cli/identity.hpp"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

namespace jetway::cli {
namespace {

class IdentityTest : public ::testing::Test {
protected:
    IdentityTest() {
        std::string path = ::testing::TempDir() + "identity-XXXXXX";
        folder = mkdtemp(path.data());
    }
    ~IdentityTest() override { std::filesystem::remove_all(folder); }

    void write(const std::string& name, const std::string& text) {
        std::ofstream(folder + "/" + name) << text;
    }

    std::string folder;
};

TEST_F(IdentityTest, TheRouterStaysAndTheEpochGrows) {
    const Identity first = take_identity(folder, "m").value();
    const routing::RouterId router = first.router;
    const std::uint64_t epoch = first.epoch;
    {
        const Identity gone = std::move(const_cast<Identity&>(first));
    }
    const Identity second = take_identity(folder, "m").value();
    EXPECT_EQ(second.router, router);
    EXPECT_GT(second.epoch, epoch);
}

TEST_F(IdentityTest, TheEpochGrowsAlsoWhenTheClockWentBack) {
    write("epoch", "2082758399000\n");  // the end of 2035
    EXPECT_EQ(take_identity(folder, "m")->epoch, 2082758399001U);
}

TEST_F(IdentityTest, AnEpochThatNobodyWouldBelieveIsNotGoneOnWith) {
    write("epoch", "99999999999999\n");
    EXPECT_LT(take_identity(folder, "m")->epoch, 99999999999999U);
}

TEST_F(IdentityTest, ASecondDaemonIsToldThePidOfTheFirst) {
    const Identity first = take_identity(folder, "machine lab").value();
    const auto second = take_identity(folder, "machine lab");
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Code::already_running);
    EXPECT_EQ(second.error().detail,
              "machine lab already runs: process " + std::to_string(getpid()));
}

TEST_F(IdentityTest, FilesWithNonsenseAreMadeAnew) {
    write("router", "not a number");
    write("epoch", std::string(500, '9'));
    write("lock", "old");
    const auto identity = take_identity(folder, "m");
    ASSERT_TRUE(identity);
    EXPECT_NE(identity->router, 0U);
}

TEST_F(IdentityTest, AReservedRouterIdIsNotKept) {
    write("router", "ffffffffffffffff");
    EXPECT_NE(take_identity(folder, "m")->router, ~routing::RouterId{0});
}

TEST_F(IdentityTest, AFolderThatIsNotThereIsAnIoError) {
    EXPECT_EQ(take_identity(folder + "/none", "m").error().code, Code::io);
}

}  // namespace
}  // namespace jetway::cli
