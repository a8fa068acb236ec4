// The page in a real browser, asked over its debugging port. Needs Chromium; skipped where there is
// none.
#include <boost/json.hpp>
#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

#include "io/child.hpp"
#include "io/testing.hpp"
#include "services/display/page_server.hpp"

namespace jetway::display {
namespace {

using namespace std::chrono_literals;

constexpr const char* chromium = "/usr/bin/chromium";

struct Ignored final : io::ByteStreamEvents {
    void on_read(Buffer /*bytes*/) override {}
    void on_read_end() override {}
    void on_failed(const Error& /*error*/) override {}
};

/// A connection to the debugging port: HTTP, and after upgrade() WebSocket messages (RFC 6455).
class DebugPort final : io::ByteStreamEvents {
public:
    DebugPort(io::EventLoop& loop, std::string address)
        : loop_(loop), address_(std::move(address)) {
        dial_ = io::dial(loop, address_, 10s, [this](Result<io::ByteStreamPtr> connected) {
            if (!connected) return;
            stream_ = std::move(*connected);
            stream_->set_events(this);
            stream_->start_reading();
        });
        until([this] { return stream_ != nullptr; });
    }

    /// The answer's body; empty when none comes.
    std::string get(const std::string& path) {
        write("GET " + path + " HTTP/1.1\r\nHost: " + address_ + "\r\n\r\n");
        std::size_t length = 0;
        std::size_t head = std::string::npos;
        until([&] {
            head = input_.find("\r\n\r\n");
            const std::size_t field = input_.find("Content-Length:");
            if (head == std::string::npos || field == std::string::npos) return false;
            length = std::stoul(input_.substr(field + 15));
            return input_.size() >= head + 4 + length;
        });
        if (head == std::string::npos) return {};
        const std::string body = input_.substr(head + 4, length);
        input_.clear();
        return body;
    }

    bool upgrade(const std::string& path) {
        write("GET " + path + " HTTP/1.1\r\nHost: " + address_ +
              "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
              "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n");
        const bool upgraded =
            until([this] { return input_.find("\r\n\r\n") != std::string::npos; });
        input_.erase(0, upgraded ? input_.find("\r\n\r\n") + 4 : 0);
        return upgraded;
    }

    /// What `expression` is in the page, as text.
    std::string evaluate(const std::string& expression) {
        namespace json = boost::json;
        const json::object request{{"id", ++request_},
                                   {"method", "Runtime.evaluate"},
                                   {"params", {{"expression", "String(" + expression + ")"}}}};
        send_message(json::serialize(request));
        std::string answer;
        until([&] {
            return take_message(answer) &&
                   answer.find("\"id\":" + std::to_string(request_)) != std::string::npos;
        });
        const json::value value = answer.empty() ? json::value() : json::parse(answer);
        const auto* result = value.is_object() ? value.get_object().if_contains("result") : nullptr;
        const auto* inner = result != nullptr ? result->as_object().if_contains("result") : nullptr;
        const auto* text = inner != nullptr ? inner->as_object().if_contains("value") : nullptr;
        return text != nullptr && text->is_string() ? std::string(text->get_string())
                                                    : "(" + answer + ")";
    }

private:
    void on_read(Buffer bytes) override { input_ += bytes.text(); }
    void on_read_end() override {}
    void on_failed(const Error& /*error*/) override {}

    bool until(const std::function<bool()>& done) {
        return loop_.run_until(done, loop_.now() + 30s);
    }
    void write(const std::string& bytes) {
        if (stream_) stream_->write(Buffer::copy_of(bytes));
    }
    /// A text frame with a mask of zeros.
    void send_message(const std::string& text) {
        const auto size = static_cast<unsigned>(text.size());
        write(std::string{'\x81', static_cast<char>(0xfe), static_cast<char>(size >> 8U),
                          static_cast<char>(size), 0, 0, 0, 0} +
              text);
    }
    bool take_message(std::string& text) {
        if (input_.size() < 2) return false;
        std::size_t length = static_cast<unsigned char>(input_[1]) & 0x7fU;
        const std::size_t extra = length == 126 ? 2 : length == 127 ? 8 : 0;
        if (input_.size() < 2 + extra) return false;
        if (extra > 0) length = 0;
        for (std::size_t i = 0; i < extra; ++i)
            length = length << 8U | static_cast<unsigned char>(input_[2 + i]);
        if (input_.size() < 2 + extra + length) return false;
        text = input_.substr(2 + extra, length);
        input_.erase(0, 2 + extra + length);
        return true;
    }

    io::EventLoop& loop_;
    std::string address_;
    Handle dial_;
    io::ByteStreamPtr stream_;
    std::string input_;
    std::uint64_t request_ = 0;
};

/// Chromium with one page.
struct BrowserTest : testing::Test {
    io::EventLoop loop;
    LiveScreen screen;
    PageServer server{loop, screen};
    io::TemporaryDirectory folder;
    Ignored ignored;
    std::unique_ptr<io::Child> browser;
    std::unique_ptr<DebugPort> page;
    screen::Snapshot now;

    void SetUp() override {
        if (::access(chromium, X_OK) != 0) GTEST_SKIP() << "there is no " << chromium;
        now.state = 1;
        now.screen = screen::Screen(40, 5);
        ASSERT_TRUE(server.listen("127.0.0.1:0"));
    }
    bool until(const std::function<bool()>& done) { return loop.run_until(done, loop.now() + 30s); }

    void open_page() {
        io::ChildOptions options;
        options.argv = {chromium,
                        "--headless",
                        "--no-sandbox",
                        "--disable-gpu",
                        "--disable-dev-shm-usage",
                        "--no-first-run",
                        "--user-data-dir=" + folder.path(),
                        "--remote-debugging-port=0",
                        "--window-size=800,400",
                        server.url()};
        options.environment = {{"HOME", folder.path()}};
        auto started = io::start_child(loop, options);
        ASSERT_TRUE(started) << started.error().line();
        browser = std::move(*started);
        for (io::ByteStream* stream : {browser->output(), browser->errors()}) {
            stream->set_events(&ignored);
            stream->start_reading();
        }
        // The page is asked for before its debugging port is of use.
        ASSERT_TRUE(until([&] { return server.connections() > 0 && !debugging_port().empty(); }));
        connect("127.0.0.1:" + debugging_port());
    }
    std::string debugging_port() const {
        std::ifstream file(folder / "DevToolsActivePort");
        std::string port;
        std::getline(file, port);
        return file.eof() ? "" : port;
    }
    void connect(const std::string& address) {
        const std::string targets = DebugPort(loop, address).get("/json/list");
        const std::string before = "ws://" + address;
        const std::size_t begin = targets.find(before + "/devtools/page/");
        ASSERT_NE(begin, std::string::npos) << targets;
        const std::string url = targets.substr(begin, targets.find('"', begin) - begin);
        page = std::make_unique<DebugPort>(loop, address);
        ASSERT_TRUE(page->upgrade(url.substr(before.size())));
    }
    void write_line(std::size_t row, std::u32string_view text) {
        now.screen.rows[row].cells.clear();
        for (const char32_t letter : text)
            now.screen.rows[row].cells.push_back({.text = letter, .style = {}});
    }
    void show() {
        now.state += 1;
        ASSERT_TRUE(screen.take(now, loop.now()));
        server.changed();
    }
    /// The expression becomes `expected` within the deadline.
    testing::AssertionResult comes_to(const std::string& expression, const std::string& expected) {
        std::string last;
        const Time deadline = loop.now() + 30s;
        do {
            last = page->evaluate(expression);
            if (last == expected) return testing::AssertionSuccess();
        } while (loop.now() < deadline);
        return testing::AssertionFailure() << expression << " is " << last;
    }
};

TEST_F(BrowserTest, ShowsTheScreenAndFollowsIt) {
    now.screen.title = "the title";
    write_line(2, U"text on a \u4e16_ screen");
    now.screen.rows[2].cells[10].width = 2;
    now.screen.rows[2].cells[11] = {.text = 0, .style = {}, .width = 0};
    show();
    open_page();
    if (HasFatalFailure()) return;
    EXPECT_TRUE(
        comes_to("document.getElementById('text').textContent.trim()", "text on a \u4e16 screen"));
    EXPECT_TRUE(comes_to("document.getElementById('title').textContent", "the title"));
    EXPECT_TRUE(comes_to("document.getElementById('size').textContent", "40\u00d75"));
    EXPECT_TRUE(comes_to("document.getElementById('state').textContent", "live"));
    EXPECT_TRUE(
        comes_to("/^behind \\d/.test(document.getElementById('behind').textContent)", "true"));

    write_line(0, U"another line");
    show();
    EXPECT_TRUE(
        comes_to("document.getElementById('text').textContent.split('\\n')[0]", "another line"));
    screen.end();
    server.changed();
    EXPECT_TRUE(comes_to("document.getElementById('state').textContent", "ended"));
}

TEST_F(BrowserTest, DrawsCharactersOnTheCanvas) {
    show();
    open_page();
    if (HasFatalFailure()) return;
    const std::string colours =
        "new Set(new Uint32Array(context.getImageData(0, cell.height, canvas.width, "
        "cell.height).data.buffer)).size > 1";
    EXPECT_TRUE(comes_to("screen.shown && !frame", "true"));
    EXPECT_EQ(page->evaluate(colours), "false") << "an empty line has one colour";
    write_line(1, U"WWWW");
    show();
    EXPECT_TRUE(comes_to(colours, "true"));
    EXPECT_EQ(
        page->evaluate("canvas.width >= 40 * cell.width && canvas.height === 5 * cell.height"),
        "true");
}

TEST_F(BrowserTest, WaitsForASession) {
    open_page();
    if (HasFatalFailure()) return;
    EXPECT_TRUE(comes_to("document.getElementById('state').textContent", "waiting for a session"));
}

}  // namespace
}  // namespace jetway::display
