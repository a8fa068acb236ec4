// Does the storm find what it is there to find? Each mistake is made on purpose (routing/flaw.hpp),
// and the same run that finds nothing otherwise must find it.
#include <gtest/gtest.h>

#include "routing/flaw.hpp"
#include "simulate/storm.hpp"

namespace jetway::simulate {
namespace {

using routing::Flaw;

/// What the first of so many storms finds that finds anything, or nothing.
std::string found_with(Flaw flaw, std::size_t storms) {
    routing::planted = flaw;
    std::string found;
    for (std::uint64_t seed = 1; seed <= storms && found.empty(); ++seed) {
        const Outcome outcome = run(random_script(seed, 50, 30));
        if (outcome.wrong.empty()) continue;
        found = "seed " + std::to_string(seed) + ": " + outcome.wrong.front();
    }
    routing::planted = Flaw::none;
    return found;
}

void expect_found(Flaw flaw) {
    const std::string found = found_with(flaw, 200);
    EXPECT_NE(found, "");
    std::cout << found << "\n";
}

TEST(Flaws, NothingIsFoundWhereNothingIsWrong) {
    EXPECT_EQ(found_with(Flaw::none, 10), "");
}
TEST(Flaws, AForgottenDirtyBitIsFound) {
    expect_found(Flaw::forget_dirty_bit);
}
TEST(Flaws, AnUpdateAcceptedAcrossAGapIsFound) {
    expect_found(Flaw::accept_across_gap);
}
TEST(Flaws, ALinkToAnEarlierLifeIsFound) {
    expect_found(Flaw::skip_peer_epoch);
}
TEST(Flaws, AReusedGenerationIsFound) {
    expect_found(Flaw::reuse_generation);
}

}  // namespace
}  // namespace jetway::simulate
