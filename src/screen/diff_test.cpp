#include "screen/diff.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "screen/random_screen.hpp"

namespace jetway::screen {
namespace {

Row line(std::string_view text) {
    Row row;
    for (const char letter : text)
        row.cells.push_back({static_cast<char32_t>(letter), {}, 1, false});
    row.trim();
    return row;
}

Screen lines(std::uint16_t columns, const std::vector<std::string>& texts) {
    Screen screen(columns, static_cast<std::uint16_t>(texts.size()));
    for (std::size_t i = 0; i < texts.size(); ++i) screen.rows[i] = line(texts[i]);
    return screen;
}

Screen after(Screen screen, const std::vector<Op>& ops) {
    for (const Op& op : ops) EXPECT_TRUE(apply(screen, op));
    return screen;
}

std::uint16_t side(Random& random) {
    return static_cast<std::uint16_t>(1 + random.below(40));
}

/// Something a program might do to a screen: scroll it, write over it, resize it.
Screen changed(Screen screen, Random& random) {
    const std::size_t height = screen.rows.size();
    if (random.below(4) == 0) screen.resize(side(random), side(random));
    if (random.below(2) == 0) {
        const auto by = static_cast<std::ptrdiff_t>(random.below(screen.rows.size()));
        std::rotate(screen.rows.begin(), screen.rows.begin() + by, screen.rows.end());
    }
    for (std::size_t i = random.below(height); i > 0; --i) {
        screen.rows[random.below(screen.rows.size())] = random_row(random, screen.columns);
    }
    return screen;
}

RC_GTEST_PROP(Diff, AppliedToTheFirstScreenGivesTheSecond, (std::uint64_t seed)) {
    SeededRandom random(seed);
    const Screen from = random_screen(random, side(random), side(random));
    const Screen to = random.below(3) == 0 ? random_screen(random, side(random), side(random))
                                           : changed(from, random);
    RC_ASSERT(after(from, make_ops(from, to)) == to);
    RC_ASSERT(make_ops(to, to).empty());
}

RC_GTEST_PROP(Diff, AndSnapshotComeBackFromTheirBytes, (std::uint64_t seed)) {
    SeededRandom random(seed);
    const Snapshot from{
        {1, 2, 3, 4, 5, true}, 6, random_screen(random, side(random), side(random))};
    const Snapshot to{{1, 2, 4, 5, 6, true}, 7, changed(from.screen, random)};
    const auto snapshot = decode_screen(encode(from).bytes());
    RC_ASSERT(snapshot.has_value());
    RC_ASSERT(std::get<Snapshot>(*snapshot) == from);
    const auto diff = decode_screen(encode(make_diff(from, to)).bytes());
    RC_ASSERT(diff.has_value());
    Snapshot follower = from;
    RC_ASSERT(apply(follower, std::get<Diff>(*diff)).has_value());
    RC_ASSERT(follower == to);
}

RC_GTEST_PROP(Diff, CutOrChangedAnywhereNeverDoesHarm, (std::uint64_t seed)) {
    SeededRandom random(seed);
    const Snapshot from{{}, 1, random_screen(random, 12, 6)};
    const Snapshot to{{}, 2, changed(from.screen, random)};
    for (const Buffer& whole : {encode(from), encode(make_diff(from, to))}) {
        RC_ASSERT(!decode_screen(whole.slice(0, random.below(whole.size())).bytes()).has_value());
        Buffer bad = Buffer::copy_of(whole.bytes());
        bad.mutable_data()[random.below(bad.size())] = static_cast<std::uint8_t>(random.next());
        auto decoded = decode_screen(bad.bytes());
        Snapshot follower = from;
        if (decoded && std::holds_alternative<Diff>(*decoded)) {
            const bool applied = apply(follower, std::get<Diff>(*decoded)).has_value();
            RC_ASSERT(applied || follower.state == from.state);
        }
    }
}

TEST(Diff, SendsAScrollInsteadOfTheRows) {
    const Screen from = lines(10, {"one", "two", "three", "four", "five"});
    const Screen to = lines(10, {"two", "three", "four", "five", "six"});
    const auto ops = make_ops(from, to);
    ASSERT_EQ(ops.size(), 2U);
    EXPECT_EQ(std::get<ScrollOp>(ops[0]), (ScrollOp{0, 5, 1}));
    EXPECT_EQ(std::get<RowOp>(ops[1]).row, 4);
}

TEST(Diff, SendsAScrollOfARegionBothWays) {
    const Screen from = lines(10, {"top", "one", "two", "three", "four", "bottom"});
    const Screen down = lines(10, {"top", "", "one", "two", "three", "bottom"});
    ASSERT_EQ(make_ops(from, down).size(), 1U);
    EXPECT_EQ(std::get<ScrollOp>(make_ops(from, down)[0]), (ScrollOp{1, 5, -1}));
}

TEST(Diff, SendsOnlyTheCellsThatChanged) {
    const auto ops = make_ops(lines(40, {"count: 41 of 99"}), lines(40, {"count: 42 of 99"}));
    ASSERT_EQ(ops.size(), 1U);
    const auto& op = std::get<RowOp>(ops[0]);
    EXPECT_EQ(op.column, 8);
    EXPECT_EQ(op.part.cells.size(), 1U);
    EXPECT_FALSE(op.to_end);
}

TEST(Diff, OfAnotherBaseIsRefused) {
    Snapshot screen{{}, 5, Screen(4, 2)};
    EXPECT_EQ(apply(screen, Diff{{}, 4, 6, {}}).error().code, Code::protocol);
    EXPECT_TRUE(apply(screen, Diff{{}, 5, 6, {}}));
    EXPECT_EQ(screen.state, 6U);
}

TEST(Diff, OpsOutsideTheScreenAreRefused) {
    Screen screen(10, 5);
    EXPECT_FALSE(apply(screen, SizeOp{0, 5}));
    EXPECT_FALSE(apply(screen, SizeOp{max_columns + 1, 5}));
    EXPECT_FALSE(apply(screen, ScrollOp{0, 6, 1}));
    EXPECT_FALSE(apply(screen, ScrollOp{3, 3, 1}));
    EXPECT_FALSE(apply(screen, ScrollOp{4, 2, 1}));
    EXPECT_FALSE(apply(screen, ScrollOp{0, 5, 6}));
    EXPECT_FALSE(apply(screen, ScrollOp{0, 5, -32768}));
    EXPECT_FALSE(apply(screen, RowOp{5, 0, false, {}}));
    EXPECT_FALSE(apply(screen, RowOp{0, 8, false, line("abc")}));
    EXPECT_FALSE(apply(screen, CursorOp{{5, 0}}));
    EXPECT_FALSE(apply(screen, CursorOp{{0, 10}}));
    EXPECT_EQ(screen, Screen(10, 5));
}

TEST(Diff, AShortMessageCannotAskForAGreatScreen) {
    Buffer bytes = encode(Snapshot{{}, 1, Screen(80, 24)});
    const std::uint16_t large = 1000;
    std::memcpy(bytes.mutable_data() + stamp_size + 10, &large, 2);
    EXPECT_FALSE(decode_screen(bytes.bytes()));
}

TEST(Snapshot, OfAnOrdinaryScreenIsAboutAByteACell) {
    Snapshot snapshot{{}, 1, Screen(80, 24)};
    for (Row& row : snapshot.screen.rows) row = line(std::string(80, 'x'));
    EXPECT_LT(encode(snapshot).size(), 80U * 24U + 24U * 8U + 100U);
}

TEST(Screen, SaysItsTextAsPeopleReadIt) {
    Screen screen(10, 2);
    screen.rows[0].cells = {
        {U'e', {}, 1, true}, {U'日', {}, 2, false}, {U'\0', {}, 0, false}, {U'x', {}, 1, false}};
    screen.rows[0].clusters = {{0, U"e\u0301"}};
    EXPECT_EQ(screen.text(), "e\u0301日x\n\n");
}

TEST(Screen, ResizedKeepsTheCursorInside) {
    Screen screen(10, 5);
    screen.cursor.row = 4;
    screen.cursor.column = 9;
    screen.resize(3, 2);
    EXPECT_EQ(screen.cursor.row, 1);
    EXPECT_EQ(screen.cursor.column, 2);
    EXPECT_EQ(screen.height(), 2);
}

}  // namespace
}  // namespace jetway::screen
