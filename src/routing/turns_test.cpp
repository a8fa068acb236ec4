#include "routing/turns.hpp"

#include <gtest/gtest.h>
#include <map>

namespace jetway::routing {
namespace {

/// Ends 0, 2, 4... of streams that always have more, unless something else is said of them.
class TurnsTest : public testing::Test {
protected:
    EndRef stream(wire::TrafficClass traffic_class) {
        const std::uint32_t index = crossings.add();
        crossings[index].weight = weight_of(traffic_class);
        return index * 2;
    }
    /// Whose frame left; it had `bytes`.
    EndRef send(std::size_t bytes, bool more = true) {
        const EndRef ref = turns.next(crossings);
        Turns::spend(crossings.end(ref), bytes);
        if (!more) turns.remove(crossings, ref);
        return ref;
    }

    Crossings crossings;
    Turns turns;
};

constexpr auto normal = wire::TrafficClass::normal;
constexpr auto interactive = wire::TrafficClass::interactive;
constexpr auto bulk = wire::TrafficClass::bulk;

TEST_F(TurnsTest, ALinkIsSharedByWeightWhateverTheFrames) {
    const EndRef tall = stream(bulk);
    const EndRef plain = stream(normal);
    const EndRef quick = stream(interactive);
    for (const EndRef ref : {tall, plain, quick}) turns.add(crossings, ref);
    std::map<EndRef, double> sent;
    for (int i = 0; i < 100'000; ++i) {
        const EndRef ref = turns.next(crossings);
        const std::size_t bytes = ref == tall ? 60'000 : ref == plain ? 9'000 : 500;
        sent[send(bytes)] += static_cast<double>(bytes) + wire::header_size;
    }
    EXPECT_NEAR(sent[plain] / sent[tall], 4, 0.1);
    EXPECT_NEAR(sent[quick] / sent[plain], 4, 0.1);
}

TEST_F(TurnsTest, SomethingNewGoesBeforeABacklog) {
    const EndRef tall = stream(normal);
    const EndRef typed = stream(normal);
    turns.add(crossings, tall);
    for (int i = 0; i < 10; ++i) send(60'000);
    for (int i = 0; i < 10'000; ++i) {
        turns.add(crossings, typed);
        EXPECT_EQ(send(64, false), typed) << i;
        EXPECT_EQ(send(1000), tall);
    }
}

TEST_F(TurnsTest, ComingAgainAndAgainGivesNoMoreThanAShare) {
    const EndRef tall = stream(normal);
    const EndRef sly = stream(normal);
    turns.add(crossings, tall);
    std::map<EndRef, double> sent;
    for (int i = 0; i < 100'000; ++i) {
        turns.add(crossings, sly);
        const EndRef ref = turns.next(crossings);
        const std::size_t bytes = ref == sly ? 60'000 : 10'000;
        sent[send(bytes, ref == tall)] += static_cast<double>(bytes);
    }
    EXPECT_NEAR(sent[sly] / sent[tall], 1, 0.1);
}

TEST_F(TurnsTest, ManyWhoComeAndGoLeaveTheBacklogItsShare) {
    const EndRef tall = stream(normal);
    turns.add(crossings, tall);
    std::vector<EndRef> many;
    many.reserve(99);
    for (int i = 0; i < 99; ++i) many.push_back(stream(normal));
    double of_tall = 0;
    double all = 0;
    for (int i = 0; i < 100'000; ++i) {
        for (const EndRef ref : many) turns.add(crossings, ref);
        const EndRef ref = turns.next(crossings);
        const std::size_t bytes = ref == tall ? 10'000 : 30'000;
        send(bytes, ref == tall);
        all += static_cast<double>(bytes);
        if (ref == tall) of_tall += static_cast<double>(bytes);
    }
    EXPECT_NEAR(of_tall / all, 0.01, 0.002);
}

TEST_F(TurnsTest, AnEndThatIsTakenOutHasNoTurn) {
    const EndRef one = stream(normal);
    const EndRef two = stream(normal);
    turns.add(crossings, one);
    turns.add(crossings, two);
    turns.add(crossings, two);
    turns.remove(crossings, one);
    EXPECT_EQ(send(10, false), two);
    EXPECT_TRUE(turns.empty());
    turns.remove(crossings, two);
    EXPECT_TRUE(turns.empty());
}

}  // namespace
}  // namespace jetway::routing
