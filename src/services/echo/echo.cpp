#include "services/echo/echo.hpp"

#include <unordered_map>

#include "stream/stage.hpp"

namespace jetway::echo {
namespace {

constexpr std::size_t most_streams = 1024;

class EchoService;

/// One stream that is being given back.
class Answer final : public stream::StageEvents {
public:
    Answer(EchoService& service, stream::ServiceContext& context, stream::StreamPtr stream)
        : service_(service), stage_(context.session, std::move(stream), *this, context.name) {
        const wire::Open& opening = stage_.opening();
        const auto shape =
            stream::carries_messages(opening) ? wire::Shape::messages : wire::Shape::bytes;
        stage_.start(opening.content_type(), shape);
    }

private:
    void on_input(Buffer bytes, bool end_of_message) override {
        held_ += bytes.size();
        if (stage_.write(bytes, end_of_message)) give_credit();
    }
    void on_input_finish(const wire::Outcome& /*outcome*/) override { stage_.finish(); }
    void on_space() override { give_credit(); }
    void on_end(const std::optional<Error>& failure) override;

    void give_credit() {
        if (held_ > 0) stage_.consume(std::exchange(held_, 0));
    }

    EchoService& service_;
    stream::Stage stage_;
    std::size_t held_ = 0;  // input whose credit waits until the answer has room
};

class EchoService final : public stream::Service {
public:
    explicit EchoService(stream::ServiceContext context) : context_(std::move(context)) {}

    void on_open(stream::StreamPtr stream) override {
        if (answers_.size() >= most_streams) {
            stream->refuse(
                {Code::pressure, "echo has " + std::to_string(most_streams) + " streams already"});
            return;
        }
        auto answer = std::make_unique<Answer>(*this, context_, std::move(stream));
        Answer* key = answer.get();
        answers_.emplace(key, std::move(answer));
    }
    void ended(Answer* answer) { answers_.erase(answer); }

private:
    stream::ServiceContext context_;
    std::unordered_map<Answer*, std::unique_ptr<Answer>> answers_;
};

void Answer::on_end(const std::optional<Error>& /*failure*/) {
    service_.ended(this);
}

}  // namespace

const Kind kind{"echo", {}, "gives back what it gets", {}, {}};

Capabilities capabilities() {
    return {ServiceType::transform, {}, {}, {}};
}

Result<std::unique_ptr<stream::Service>> make(io::EventLoop& /*loop*/,
                                              stream::ServiceContext context) {
    return std::unique_ptr<stream::Service>(std::make_unique<EchoService>(std::move(context)));
}

}  // namespace jetway::echo
