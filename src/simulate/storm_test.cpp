// Twenty thousand faults, one after the other, over meshes of every shape.
#include "simulate/storm.hpp"

#include <gtest/gtest.h>

namespace jetway::simulate {
namespace {

/// Runs storms of this many faults in all; the first that finds something is made short and shown.
void rage(std::uint64_t seed, std::size_t faults, std::uint32_t most_machines) {
    constexpr std::size_t each = 50;
    for (std::size_t done = 0; done < faults; done += each, ++seed) {
        const Script script = random_script(seed, each, most_machines);
        const Outcome outcome = run(script);
        if (outcome.wrong.empty()) continue;
        const Script less = shrink(script);
        std::string found;
        for (const std::string& wrong : run(less).wrong) found += wrong + "\n";
        FAIL() << "seed " << seed << ":\n" << found << "with\n" << to_text(less);
    }
}

class Storms : public testing::TestWithParam<std::uint64_t> {};

TEST_P(Storms, OfTwoThousandFaults) {
    rage(GetParam() * 1'000, 2'000, GetParam() == 10 ? 60 : 30);
}
INSTANTIATE_TEST_SUITE_P(Ten, Storms, testing::Range<std::uint64_t>(1, 11));

TEST(Storm, TheSameScriptIsTheSameRun) {
    const Script script = random_script(7, 60, 20);
    EXPECT_EQ(run(script).trace, run(script).trace);
    EXPECT_NE(run(script).trace, run(random_script(8, 60, 20)).trace);
}

TEST(Storm, AScriptCanBeWrittenDown) {
    const Script script = random_script(9, 100, 20);
    const auto read = parse_script(to_text(script));
    ASSERT_TRUE(read);
    EXPECT_EQ(to_text(*read), to_text(script));
    EXPECT_EQ(run(*read).trace, run(script).trace);
    for (const char* text : {"", "seed x", "seed 1\ncube 7", "seed 1\nring 1",
                             "seed 1\nring 5\nexplode 1 2 3", "seed 1\nring 5\ncut 1 2"}) {
        EXPECT_FALSE(parse_script(text)) << text;
    }
}

}  // namespace
}  // namespace jetway::simulate
