#include "services/display/display.hpp"

#include <unordered_map>

#include "base/log.hpp"
#include "screen/assembly.hpp"
#include "services/display/page_server.hpp"
#include "stream/stage.hpp"

namespace jetway::display {
namespace {

constexpr std::size_t most_streams = 64;

class DisplayService;

/// One pipeline that ends here.
class ShownStream final : public stream::StageEvents {
public:
    ShownStream(DisplayService& service, stream::ServiceContext& context, stream::StreamPtr stream)
        : service_(service), stage_(context.session, std::move(stream), *this, context.name) {
        stage_.start({}, wire::Shape::bytes);
    }

private:
    void on_input(Buffer bytes, bool end_of_message) override;
    void on_input_finish(const wire::Outcome& outcome) override;
    void on_end(const std::optional<Error>& failure) override;
    Result<> take_messages();

    DisplayService& service_;
    stream::Stage stage_;
    screen::Assembly input_{screen::max_screen_message};
    bool failed_ = false;
};

class DisplayService final : public stream::Service {
public:
    DisplayService(io::EventLoop& loop, stream::ServiceContext context)
        : loop_(loop), context_(std::move(context)), server_(loop, screen_) {}

    Result<> listen() {
        JETWAY_ASSIGN(const std::string address, context_.settings.text("listen", "127.0.0.1:0"));
        JETWAY_TRY(server_.listen(address));
        log::info("{}: live page at {}", context_.name, server_.url());
        if (context_.note) context_.note("display", server_.url());
        return success();
    }

    void on_open(stream::StreamPtr stream) override {
        if (const auto checked = check(stream->opening()); !checked) {
            stream->refuse(checked.error());
            return;
        }
        auto shown = std::make_unique<ShownStream>(*this, context_, std::move(stream));
        newest_ = shown.get();
        streams_.emplace(newest_, std::move(shown));
    }

    /// Only the newest stream is seen.
    Result<> show(const ShownStream* from, const Buffer& message) {
        if (from != newest_) return success();
        JETWAY_ASSIGN(auto decoded, screen::decode_screen(message.bytes()));
        const Result<> taken = screen_.take(std::move(decoded), loop_.now());
        server_.changed();
        return taken;
    }
    void finished(const ShownStream* stream) {
        if (stream != newest_) return;
        screen_.end();
        server_.changed();
    }
    void ended(ShownStream* stream) {
        finished(stream);
        streams_.erase(stream);
    }

private:
    Result<> check(const wire::Open& opening) const {
        if (streams_.size() >= most_streams) {
            return Error{Code::pressure, context_.name + " shows " + std::to_string(most_streams) +
                                             " streams already"};
        }
        if (!stream::carries_messages(opening) ||
            (!opening.content_type().empty() &&
             opening.content_type() != screen::screen_content_type)) {
            return Error{Code::type,
                         context_.name + " takes " + std::string(screen::screen_content_type)};
        }
        return success();
    }

    io::EventLoop& loop_;
    stream::ServiceContext context_;
    LiveScreen screen_;
    PageServer server_;
    ShownStream* newest_ = nullptr;  // for comparing: it may have ended
    std::unordered_map<ShownStream*, std::unique_ptr<ShownStream>> streams_;
};

void ShownStream::on_input(Buffer bytes, bool end_of_message) {
    if (failed_) {
        stage_.consume(bytes.size());
        return;
    }
    input_.add(std::move(bytes), end_of_message);
    if (const auto taken = take_messages(); !taken) {
        failed_ = true;
        stage_.fail(taken.error());
    }
}

Result<> ShownStream::take_messages() {
    for (;;) {
        std::size_t consumed = 0;
        auto message = input_.next(consumed);
        if (consumed > 0) stage_.consume(consumed);
        if (!message) return message.error();
        if (!*message) return success();
        JETWAY_TRY(service_.show(this, **message));
    }
}

void ShownStream::on_input_finish(const wire::Outcome& /*outcome*/) {
    service_.finished(this);
    stage_.finish();
}

void ShownStream::on_end(const std::optional<Error>& /*failure*/) {
    service_.ended(this);
}

}  // namespace

const Kind kind{"display-server",
                {},
                "shows the newest session's screen on a web page, read-only",
                {{"listen",
                  SettingType::text,
                  "127.0.0.1:0",
                  "the page's address, on loopback; port 0: any free one",
                  {.check = PageServer::check_address}}},
                {},
                std::string(screen::screen_content_type),
                std::string(Kind::nothing)};

Capabilities capabilities() {
    return {ServiceType::output, {kind.takes}, {}, {}};
}

Result<std::unique_ptr<stream::Service>> make(io::EventLoop& loop, stream::ServiceContext context) {
    auto service = std::make_unique<DisplayService>(loop, std::move(context));
    JETWAY_TRY(service->listen());
    return std::unique_ptr<stream::Service>(std::move(service));
}

}  // namespace jetway::display
