#include "services/display/page_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/display/page_connection.hpp"
#include "services/display/test_browser.hpp"

namespace jetway::display {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

struct PageServerTest : testing::Test {
    io::EventLoop loop;
    LiveScreen screen;
    PageServer server{loop, screen};
    std::string host;
    std::string path;  // with the token
    screen::Snapshot now;

    void SetUp() override {
        ASSERT_TRUE(server.listen("127.0.0.1:0"));
        const std::string url = server.url();
        host = url.substr(7, url.find('/', 7) - 7);
        path = url.substr(url.find('/', 7));
        now.state = 1;
        now.screen = screen::Screen(40, 10);
        show("hello");
    }
    /// The screen's first line becomes `text`.
    void show(const std::string& text) {
        screen::Row row;
        for (const char letter : text)
            row.cells.push_back({.text = static_cast<char32_t>(letter), .style = {}});
        now.screen.rows[0] = row;
        now.state += 1;
        ASSERT_TRUE(screen.take(now, loop.now()));
        server.changed();
    }
    std::string get(const std::string& target, const std::string& fields = "") const {
        return "GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n" + fields + "\r\n";
    }
    bool until(const std::function<bool()>& done) { return loop.run_until(done, loop.now() + 10s); }
    /// The whole answer to one request, after which the server closes.
    std::string answer(const std::string& request) {
        Browser browser(loop, host);
        browser.send(request);
        EXPECT_TRUE(until([&] { return browser.ended; })) << "no end after: " << browser.received;
        return browser.received;
    }
    std::string answer_to(const std::string& target) {
        return answer(get(target, "Connection: close\r\n"));
    }
};

TEST_F(PageServerTest, ServesThePageAndItsFiles) {
    EXPECT_THAT(answer_to(path), StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(answer_to(path), HasSubstr("<canvas"));
    EXPECT_THAT(answer_to(path + "screen.js"), HasSubstr("EventSource"));
    EXPECT_THAT(answer_to(path + "screen.css"), HasSubstr("Content-Type: text/css"));
}

TEST_F(PageServerTest, SaysWhatThePageMayDo) {
    const std::string page = answer_to(path);
    EXPECT_THAT(page, HasSubstr("Content-Security-Policy: default-src 'none'"));
    EXPECT_THAT(page, HasSubstr("Cache-Control: no-store\r\n"));
    EXPECT_THAT(page, HasSubstr("X-Content-Type-Options: nosniff\r\n"));
    EXPECT_THAT(page, HasSubstr("Referrer-Policy: no-referrer\r\n"));
    EXPECT_THAT(page, Not(HasSubstr("Access-Control")));
}

TEST_F(PageServerTest, LetsNobodyInWithoutTheToken) {
    EXPECT_THAT(answer_to("/"), StartsWith("HTTP/1.1 404"));
    EXPECT_THAT(answer_to("/events"), StartsWith("HTTP/1.1 404"));
    std::string wrong = path;
    wrong[1] = wrong[1] == 'a' ? 'b' : 'a';
    EXPECT_THAT(answer_to(wrong), StartsWith("HTTP/1.1 404"));
    EXPECT_THAT(answer_to(path + "../screen.js"), StartsWith("HTTP/1.1 404"));
}

TEST_F(PageServerTest, AnswersOnlyUnderItsOwnName) {
    const std::string rebound =
        "GET " + path + " HTTP/1.1\r\nHost: evil.example:80\r\nConnection: close\r\n\r\n";
    EXPECT_THAT(answer(rebound), StartsWith("HTTP/1.1 421"));
    const std::string local = "GET " + path + " HTTP/1.1\r\nHost: localhost" +
                              host.substr(host.find(':')) + "\r\nConnection: close\r\n\r\n";
    EXPECT_THAT(answer(local), StartsWith("HTTP/1.1 200"));
}

TEST_F(PageServerTest, RefusesWhatIsNoGetAndCloses) {
    EXPECT_THAT(
        answer("POST " + path + " HTTP/1.1\r\nHost: " + host + "\r\nContent-Length: 3\r\n\r\nabc"),
        StartsWith("HTTP/1.1 405"));
    EXPECT_THAT(answer("\x16\x03\x01\r\n\r\n"), StartsWith("HTTP/1.1 400"));
    EXPECT_THAT(answer(std::string(20'000, 'x')), StartsWith("HTTP/1.1 431"));
}

TEST_F(PageServerTest, AnswersRequestsOfOneConnectionInOrder) {
    Browser browser(loop, host);
    browser.send(get(path + "nothing") + get(path + "screen.css") +
                 get(path, "Connection: close\r\n"));
    ASSERT_TRUE(until([&] { return browser.ended; }));
    const std::string& received = browser.received;
    const std::size_t first = received.find("404");
    const std::size_t second = received.find("text/css");
    const std::size_t third = received.find("text/html");
    EXPECT_LT(first, second);
    EXPECT_LT(second, third);
    EXPECT_NE(third, std::string::npos);
}

TEST_F(PageServerTest, ALateViewerSeesTheWholeScreenAtOnce) {
    Browser browser(loop, host);
    browser.send(get(path + "events"));
    ASSERT_TRUE(until([&] { return browser.received.ends_with("\n\n"); }));
    EXPECT_THAT(browser.received, HasSubstr("Content-Type: text/event-stream"));
    EXPECT_THAT(browser.received, HasSubstr("event: hello\ndata: {\"viewer\":1}\n\n"));
    EXPECT_THAT(browser.received, HasSubstr("\"whole\":true"));
    EXPECT_THAT(browser.received, HasSubstr("\"hello\""));
}

TEST_F(PageServerTest, AViewerIsSentWhatChanges) {
    Browser browser(loop, host);
    browser.send(get(path + "events"));
    ASSERT_TRUE(until([&] { return browser.received.find("\"hello\"") != std::string::npos; }));
    show("changed");
    EXPECT_TRUE(until([&] { return browser.received.find("\"changed\"") != std::string::npos; }));
}

TEST_F(PageServerTest, AViewerThatDrawsSlowlySkipsStates) {
    Browser browser(loop, host);
    browser.send(get(path + "events"));
    ASSERT_TRUE(until([&] { return browser.received.find("\"hello\"") != std::string::npos; }));
    for (int i = 0; i < 100; ++i) {
        show("state " + std::to_string(i) + ".");
        loop.run_until([] { return false; }, loop.now() + 1ms);
    }
    EXPECT_THAT(browser.received, Not(HasSubstr("state 99.")))
        << "two are on their way, and none was drawn";
    Browser other(loop, host);
    other.send(get(path + "drawn?viewer=1&revision=" + std::to_string(screen.revision() - 99)));
    EXPECT_TRUE(until([&] { return browser.received.find("state 99.") != std::string::npos; }));
    EXPECT_THAT(browser.received, Not(HasSubstr("state 50.")));
    EXPECT_THAT(other.received, StartsWith("HTTP/1.1 204 No Content\r\n"));
}

TEST_F(PageServerTest, AViewerThatSaysNothingStillGetsAnUpdateNowAndThen) {
    Browser browser(loop, host);
    browser.send(get(path + "events"));
    ASSERT_TRUE(until([&] { return browser.received.find("\"hello\"") != std::string::npos; }));
    show("one.");
    ASSERT_TRUE(until([&] { return browser.received.find("one.") != std::string::npos; }));
    show("two.");
    EXPECT_TRUE(until([&] { return browser.received.find("two.") != std::string::npos; }));
}

TEST_F(PageServerTest, AViewerThatReadsNothingHoldsNothingButItsLastUpdate) {
    Browser browser(loop, host);
    browser.send(get(path + "events"));
    ASSERT_TRUE(until([&] { return browser.received.find("\"hello\"") != std::string::npos; }));
    browser.stream().pause_reading();
    for (int i = 0; i < 20'000; ++i) show(std::to_string(i));
    browser.stream().start_reading();
    EXPECT_TRUE(until([&] { return browser.received.find("\"19999\"") != std::string::npos; }));
    EXPECT_LT(browser.received.size(), 100'000U);
}

TEST_F(PageServerTest, ForgetsAConnectionThatIsGone) {
    {
        Browser browser(loop, host);
        browser.send(get(path + "events"));
        ASSERT_TRUE(until([&] { return browser.received.find("\"hello\"") != std::string::npos; }));
        EXPECT_EQ(server.connections(), 1U);
    }
    EXPECT_TRUE(until([&] { return server.connections() == 0; }));
    show("nobody looks");
}

TEST_F(PageServerTest, HasALimitOfViewers) {
    std::vector<std::unique_ptr<Browser>> browsers;
    for (int i = 0; i < 16; ++i) {
        browsers.push_back(std::make_unique<Browser>(loop, host));
        browsers.back()->send(get(path + "events"));
        ASSERT_TRUE(until(
            [&] { return browsers.back()->received.find("\"hello\"") != std::string::npos; }));
    }
    EXPECT_THAT(answer_to(path + "events"), StartsWith("HTTP/1.1 503"));
    EXPECT_THAT(answer_to(path), StartsWith("HTTP/1.1 200"));
}

TEST_F(PageServerTest, ListensOnLoopbackOnly) {
    PageServer other(loop, screen);
    EXPECT_EQ(other.listen("0.0.0.0:0").error().code, Code::bad_file);
    EXPECT_EQ(other.listen("unix:/tmp/page").error().code, Code::bad_file);
    EXPECT_FALSE(other.listen("nonsense"));
    EXPECT_EQ(other.listen(host).error().code, Code::address_in_use);
    EXPECT_TRUE(other.listen("[::1]:0"));
    EXPECT_THAT(other.url(), StartsWith("http://[::1]:"));
}

TEST_F(PageServerTest, EveryServerHasATokenOfItsOwn) {
    PageServer other(loop, screen);
    ASSERT_TRUE(other.listen("127.0.0.1:0"));
    EXPECT_NE(other.url().substr(other.url().size() - 34),
              server.url().substr(server.url().size() - 34));
}

}  // namespace
}  // namespace jetway::display
