#include "services/display/display.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/testing.hpp"
#include "screen/diff.hpp"
#include "services/display/test_browser.hpp"
#include "stream/test_relay.hpp"

namespace jetway::display {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// Pipelines on the left, display-server on the right, and a browser that looks.
struct DisplayTest : testing::Test {
    void SetUp() override {
        auto made = make(loop, {*relay.right,
                                "display-server",
                                {},
                                [this](const std::string& key, const std::string& text) {
                                    if (key == "display") url = text;
                                }});
        ASSERT_TRUE(made) << made.error().line();
        service = std::move(*made);
        bool offered = false;
        offer = relay.right->offer(
            "display-server", capabilities(), *service,
            [&offered](const Result<>& answer) { offered = answer.has_value(); });
        ASSERT_TRUE(until([&] { return offered; }));
        const std::size_t slash = url.find('/', 7);
        host = url.substr(7, slash - 7);
        browser = std::make_unique<Browser>(loop, host);
        browser->send("GET " + url.substr(slash) + "events HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
        ASSERT_TRUE(sees("\"shown\":false"));
    }
    void TearDown() override {
        relay.left.reset();
        service.reset();
    }
    bool until(const std::function<bool()>& done) { return io::run_until(loop, done); }
    bool sees(const std::string& text) {
        return until([&] { return browser->received.find(text) != std::string::npos; });
    }
    void open(stream::Witness& pipeline) {
        wire::Open request = stream::open_to("display-server", true);
        request.set_content_type(std::string(screen::screen_content_type));
        pipeline.stream = relay.left->open(request, pipeline);
    }
    static screen::Snapshot snapshot(std::uint64_t session, std::string_view text) {
        screen::Snapshot result;
        result.stamp.session = session;
        result.state = 1;
        for (const char letter : text) {
            result.screen.rows[0].cells.push_back(
                {.text = static_cast<char32_t>(letter), .style = {}});
        }
        return result;
    }

    io::EventLoop loop;
    std::string url;
    std::string host;
    stream::Witness first;
    stream::Witness second;
    std::unique_ptr<stream::Service> service;
    stream::Relay relay{loop};
    Handle offer;
    std::unique_ptr<Browser> browser;
};

TEST_F(DisplayTest, ShowsSnapshotsAndDiffsAndFinishesInOrder) {
    EXPECT_THAT(url, StartsWith("http://127.0.0.1:"));
    open(first);
    const screen::Snapshot before = snapshot(1, "before");
    screen::Snapshot after = snapshot(1, "after");
    after.state = 2;
    first.stream->write(screen::encode(before));
    ASSERT_TRUE(sees("\"before\""));
    first.stream->write(screen::encode(screen::make_diff(before, after)));
    ASSERT_TRUE(sees("\"after\""));
    first.stream->finish();
    EXPECT_TRUE(until([&] { return first.has("done"); }));
    EXPECT_EQ(first.outcome.code(), 0U);
    EXPECT_TRUE(sees("\"running\":false"));
}

TEST_F(DisplayTest, ShowsTheNewestOfSeveralPipelines) {
    open(first);
    first.stream->write(screen::encode(snapshot(1, "older")));
    ASSERT_TRUE(sees("\"older\""));
    open(second);
    second.stream->write(screen::encode(snapshot(2, "newer")));
    ASSERT_TRUE(sees("\"newer\""));
    browser->received.clear();
    first.stream->write(screen::encode(snapshot(1, "older again")));
    first.stream->finish();
    ASSERT_TRUE(until([&] { return first.has("done"); }));
    second.stream->write(screen::encode(snapshot(2, "newest")));
    ASSERT_TRUE(sees("\"newest\""));
    EXPECT_THAT(browser->received, Not(HasSubstr("older again")));
    EXPECT_THAT(browser->received, Not(HasSubstr("\"running\":false")));
}

TEST_F(DisplayTest, APipelineThatBreaksOffIsShownAsEnded) {
    open(first);
    first.stream->write(screen::encode(snapshot(1, "last words")));
    ASSERT_TRUE(sees("last words"));
    first.stream.reset();
    EXPECT_TRUE(sees("\"running\":false"));
}

TEST_F(DisplayTest, NonsenseEndsTheStreamAndNotThePage) {
    open(first);
    first.stream->write(Buffer::copy_of("nonsense"));
    ASSERT_TRUE(until([&] { return first.has("finish"); }));
    EXPECT_NE(first.outcome.code(), 0U);
    open(second);
    second.stream->write(screen::encode(snapshot(2, "fine")));
    EXPECT_TRUE(sees("\"fine\""));
}

TEST_F(DisplayTest, OnlyScreensAreTaken) {
    wire::Open request = stream::open_to("display-server", true);
    request.set_content_type("text/plain");
    first.stream = relay.left->open(request, first);
    ASSERT_TRUE(until([&] { return first.has("end"); }));
    EXPECT_EQ(first.end.code, Code::type);
}

TEST_F(DisplayTest, ASlowBrowserNeverHoldsAPipelineBack) {
    browser->stream().pause_reading();
    open(first);
    screen::Snapshot now = snapshot(1, "");
    first.stream->write(screen::encode(now));
    for (int i = 0; i < 3000; ++i) {
        screen::Snapshot next = snapshot(1, std::string(70, static_cast<char>('a' + i % 26)));
        next.state = now.state + 1;
        first.stream->write(screen::encode(screen::make_diff(now, next)));
        now = next;
    }
    first.stream->finish();
    EXPECT_TRUE(until([&] { return first.has("done"); }));
}

TEST(Display, ListensOnLoopbackOnly) {
    io::EventLoop loop;
    stream::Relay relay(loop);
    Settings settings;
    settings.set("listen", "0.0.0.0:0");
    EXPECT_EQ(make(loop, {*relay.right, "display-server", settings, {}}).error().code,
              Code::bad_file);
}

}  // namespace
}  // namespace jetway::display
