#include "services/display/live_screen.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace jetway::display {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

screen::Row row_of(std::u32string_view text) {
    screen::Row row;
    for (const char32_t letter : text) row.cells.push_back({.text = letter, .style = {}});
    return row;
}

screen::Snapshot snapshot(std::uint64_t session, std::u32string_view text, std::uint64_t us = 0) {
    screen::Snapshot result;
    result.stamp.session = session;
    result.stamp.us = us;
    result.state = 1;
    result.screen = screen::Screen(10, 3);
    result.screen.rows[0] = row_of(text);
    return result;
}

/// The live screen with one session in it, and the words to change it.
struct Fixture : testing::Test {
    LiveScreen live;
    screen::Snapshot now = snapshot(1, U"first");
    Time time{};

    void SetUp() override { ASSERT_TRUE(live.take(now, time)); }
    void change(const std::function<void(screen::Screen&)>& edit) {
        screen::Snapshot next = now;
        next.state += 1;
        edit(next.screen);
        ASSERT_TRUE(live.take(screen::make_diff(now, next), time));
        now = next;
        ASSERT_EQ(live.screen(), now.screen);
    }
    std::vector<std::int64_t> rows_since(std::uint64_t seen) const {
        std::vector<std::int64_t> rows;
        const json::value update = json::parse(live.update(seen));
        for (const json::value& line : update.at("lines").as_array())
            rows.push_back(line.at(0).as_int64());
        return rows;
    }
    json::value since(std::uint64_t seen) const { return json::parse(live.update(seen)); }
};

using Rows = std::vector<std::int64_t>;
using LiveScreenTest = Fixture;

TEST(EmptyLiveScreen, SaysThatNothingIsShown) {
    const json::value update = json::parse(LiveScreen().update(0));
    EXPECT_FALSE(update.at("shown").as_bool());
    EXPECT_TRUE(update.at("lines").as_array().empty());
}

TEST(EmptyLiveScreen, TakesNoDiffBeforeASnapshot) {
    LiveScreen live;
    EXPECT_EQ(live.take(screen::Diff{}, Time{}).error().code, Code::protocol);
}

TEST_F(LiveScreenTest, ALateViewerGetsEveryRow) {
    change([](screen::Screen& screen) { screen.rows[2] = row_of(U"third"); });
    EXPECT_EQ(rows_since(0), (Rows{0, 1, 2}));
    EXPECT_TRUE(since(0).at("whole").as_bool());
}

TEST_F(LiveScreenTest, AViewerGetsTheRowsThatChangedSinceItLooked) {
    const std::uint64_t seen = live.revision();
    change([](screen::Screen& screen) { screen.rows[2] = row_of(U"third"); });
    const std::uint64_t later = live.revision();
    change([](screen::Screen& screen) { screen.rows[1] = row_of(U"second"); });
    EXPECT_EQ(rows_since(later), (Rows{1}));
    EXPECT_EQ(rows_since(seen), (Rows{1, 2})) << "a slow one gets both at once";
    EXPECT_EQ(rows_since(live.revision()), Rows{});
}

TEST_F(LiveScreenTest, AScrollChangesAllItsRows) {
    const std::uint64_t seen = live.revision();
    const screen::Diff diff{now.stamp, 1, 2, {screen::ScrollOp{0, 3, 1}}};
    ASSERT_TRUE(live.take(diff, time));
    EXPECT_EQ(rows_since(seen), (Rows{0, 1, 2}));
}

TEST_F(LiveScreenTest, AnotherSizeSendsEverythingThereIs) {
    const std::uint64_t seen = live.revision();
    change([](screen::Screen& screen) { screen.resize(20, 5); });
    EXPECT_EQ(rows_since(seen), (Rows{0, 1, 2, 3, 4}));
    EXPECT_EQ(since(seen).at("rows").as_int64(), 5);
    change([](screen::Screen& screen) { screen.resize(20, 2); });
    EXPECT_EQ(rows_since(seen), (Rows{0, 1}));
}

TEST_F(LiveScreenTest, TheNewestSessionIsShownWholeToEveryone) {
    const std::uint64_t seen = live.revision();
    ASSERT_TRUE(live.take(snapshot(2, U"other"), time));
    EXPECT_TRUE(since(seen).at("whole").as_bool());
    EXPECT_EQ(live.session(), 2U);
}

TEST_F(LiveScreenTest, TheLastScreenOfASessionStaysAndSaysThatItEnded) {
    const std::uint64_t seen = live.revision();
    live.end();
    EXPECT_GT(live.revision(), seen);
    EXPECT_FALSE(since(seen).at("running").as_bool());
    EXPECT_EQ(live.screen().text().substr(0, 5), "first");
}

TEST_F(LiveScreenTest, ADiffThatDoesNotFitEndsTheSession) {
    screen::Diff diff{now.stamp, 7, 8, {}};
    EXPECT_EQ(live.take(diff, time).error().code, Code::protocol);
    EXPECT_FALSE(since(0).at("running").as_bool());
}

TEST_F(LiveScreenTest, BehindIsWhatAMessageTookLongerThanTheFastest) {
    screen::Snapshot next = snapshot(1, U"a", 1'000'000);
    ASSERT_TRUE(live.take(next, time + 1s));
    EXPECT_EQ(since(0).at("behind_us").as_int64(), 0);
    next.stamp.us = 2'000'000;
    ASSERT_TRUE(live.take(next, time + 2250ms));
    EXPECT_EQ(since(0).at("behind_us").as_int64(), 250'000);
}

TEST_F(LiveScreenTest, CellsThatLookAlikeTravelAsOneRun) {
    change([](screen::Screen& screen) {
        screen.rows[0] = row_of(U"ab c");
        screen.rows[0].cells[3].style = {screen::Colour::index(1), screen::Colour::rgb(1, 2, 255),
                                         screen::bold};
    });
    EXPECT_EQ(since(0).at("lines").at(0).at(1),
              json::parse(R"([[0,3,null,null,0,"ab "],[3,1,1,"#0102ff",1,"c"]])"));
}

TEST_F(LiveScreenTest, AWideCharacterAndAClusterAreRunsOfTheirOwn) {
    change([](screen::Screen& screen) {
        screen::Row row = row_of(U"a\u4e16_");
        row.cells[1].width = 2;
        row.cells[2] = {.text = 0, .style = {}, .width = 0};
        row.cells.push_back({.text = U'e', .style = {}, .width = 1, .clustered = true});
        row.clusters.push_back({3, U"e\u0301"});
        screen.rows[0] = row;
    });
    EXPECT_EQ(since(0).at("lines").at(0).at(1),
              json::parse("[[0,1,null,null,0,\"a\"],[1,2,null,null,0,[\"\u4e16\"]],[3,1,null,null,"
                          "0,[\"e\u0301\"]]]"));
}

TEST_F(LiveScreenTest, TextCannotLeaveItsJson) {
    change([](screen::Screen& screen) {
        screen.title = "\"}\n\ndata: evil</script>";
        screen.rows[0] = row_of(U"\"\\\n\r");
    });
    const std::string update = live.update(0);
    EXPECT_EQ(update.find('\n'), std::string::npos);
    EXPECT_EQ(since(0).at("title").as_string(), "\"}\n\ndata: evil</script>");
}

}  // namespace
}  // namespace jetway::display
