#include "cli/transports.hpp"

#include <gtest/gtest.h>

namespace jetway::cli {
namespace {

std::size_t threads_on(std::size_t cores) {
    return threads_of({}, cores);
}

TEST(TransportsTest, AMachineHasAsManyThreadsAsFitItsHost) {
    EXPECT_EQ(threads_on(0), 1U) << "not known";
    EXPECT_EQ(threads_on(1), 1U);
    EXPECT_EQ(threads_on(3), 1U);
    EXPECT_EQ(threads_on(4), 2U);
    EXPECT_EQ(threads_on(6), 3U);
    EXPECT_EQ(threads_on(128), 4U);
}

TEST(TransportsTest, AMachineHasTheThreadsThatItsFileSays) {
    deployment::Machine machine;
    machine.threads = 16;
    EXPECT_EQ(threads_of(machine, 1), 16U);
}

}  // namespace
}  // namespace jetway::cli
