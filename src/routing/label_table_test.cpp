#include "routing/label_table.hpp"

#include <gtest/gtest.h>

namespace jetway::routing {
namespace {

TEST(LabelTable, FindsWhatWasInsertedUntilItIsErased) {
    LabelTable labels;
    labels.insert(1, 10);
    labels.insert(2, 20);
    labels.insert(7, 70);
    EXPECT_EQ(labels.find(1), 10U);
    EXPECT_EQ(labels.find(2), 20U);
    EXPECT_EQ(labels.find(7), 70U);
    EXPECT_EQ(labels.size(), 3U);
    labels.erase(2);
    EXPECT_EQ(labels.find(2), no_end);
    EXPECT_EQ(labels.size(), 2U);
}

TEST(LabelTable, AnyNumberMayBeLookedUp) {
    LabelTable labels;
    labels.insert(wire::max_label, 1);
    for (const std::uint32_t label : {0U, 1U, 2U, wire::max_label - 1, wire::max_label + 1, ~0U}) {
        EXPECT_EQ(labels.find(label), no_end) << label;
    }
    EXPECT_EQ(labels.find(wire::max_label), 1U);
}

TEST(LabelTable, RemembersWhichLabelsMayStillHaveFramesOnTheirWay) {
    LabelTable labels;
    labels.insert(3, 1);
    labels.erase(3);
    EXPECT_TRUE(labels.known(3));
    EXPECT_FALSE(labels.known(5));
    EXPECT_FALSE(labels.known(4)) << "the other side's labels are counted apart";
}

TEST(OwnLabels, AreOddForTheDiallerAndEvenForTheAcceptor) {
    OwnLabels dialler(true);
    OwnLabels acceptor(false);
    EXPECT_EQ(dialler.pick(), 1U);
    EXPECT_EQ(dialler.pick(), 3U);
    EXPECT_EQ(acceptor.pick(), 2U);
    EXPECT_EQ(acceptor.pick(), 4U);
}

TEST(OwnLabels, AreReusedAtOnceAfterRelease) {
    OwnLabels labels(true);
    EXPECT_EQ(labels.pick(), 1U);
    labels.release(1);
    EXPECT_EQ(labels.pick(), 1U);
}

TEST(OwnLabels, RestUntilAnOpenThatLeftLaterWasAnswered) {
    OwnLabels labels(true);
    EXPECT_EQ(labels.pick(), 1U);
    const auto first = labels.opened();
    labels.heard(first);
    EXPECT_EQ(labels.pick(), 3U);
    const auto before = labels.opened();
    labels.rest(1);
    labels.heard(before);
    EXPECT_EQ(labels.pick(), 5U) << "the answered OPEN left before the end of label 1";
    const auto after = labels.opened();
    labels.heard(after);
    EXPECT_EQ(labels.pick(), 1U);
}

TEST(OwnLabels, RunOutAtTheBoundAndThenTakeWhatRestedLongest) {
    OwnLabels labels(true);
    std::size_t picked = 0;
    while (labels.pick()) ++picked;
    EXPECT_EQ(picked, 65'536U);
    labels.rest(9);
    labels.rest(11);
    EXPECT_EQ(labels.pick(), 9U);
    EXPECT_EQ(labels.pick(), 11U);
    EXPECT_EQ(labels.pick(), std::nullopt);
}

}  // namespace
}  // namespace jetway::routing
