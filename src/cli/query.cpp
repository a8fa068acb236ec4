#include "cli/query.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <csignal>
#include <optional>
#include <unistd.h>
#include <utility>

#include "attach/attach.hpp"

namespace jetway::cli {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;

constexpr Duration patience = 5s;
constexpr std::size_t largest_answer = 64UL * 1024 * 1024;
constexpr std::string_view json_type = "application/json";

wire::Open opening(const std::string& destination) {
    wire::Open open;
    open.set_destination(destination);
    open.set_content_type(std::string(json_type));
    open.set_shape(static_cast<std::uint32_t>(wire::Shape::messages));
    return open;
}

/// One question and its answer.
class Question final : public stream::StreamEvents {
public:
    Question(stream::Session& session, const std::string& destination, const std::string& text) {
        stream_ = session.open(opening(destination), *this);
        stream_->write(Buffer::copy_of(text));
        stream_->finish();
    }

    void on_data(Buffer bytes, bool end_of_message) override {
        stream_->consume(bytes.size());
        answer_.append(bytes.text());
        if (answer_.size() > largest_answer) {
            failure_ = Error(Code::too_large, "the answer is larger than 64 MiB");
            stream_->reset(failure_);
            over_ = true;
        } else if (end_of_message) {
            over_ = true;
        }
    }
    void on_finish(const wire::Outcome& /*outcome*/) override {
        if (!over_) failure_ = Error(Code::protocol, "the router gave no answer");
        over_ = true;
    }
    void on_end(const Error& reason) override {
        if (!over_) failure_ = reason;
        over_ = true;
    }

    bool over() const { return over_; }
    const Error& failure() const { return failure_; }
    const std::string& answer() const { return answer_; }

private:
    stream::StreamPtr stream_;
    std::string answer_;
    Error failure_;
    bool over_ = false;
};

Result<json::object> parse_answer(const std::string& text) {
    boost::system::error_code failed;
    json::value value = json::parse(text, failed);
    if (failed || !value.is_object())
        return Error(Code::protocol, "the router's answer is not a JSON object");
    json::object& object = value.get_object();
    const json::value* error = object.if_contains("error");
    if (error != nullptr && error->is_object()) return error_of(error->get_object());
    return std::move(object);
}

}  // namespace

Result<Attachment> attach_to(const std::string& machine, const std::string& process) {
    JETWAY_ASSIGN(const std::string chosen, attach::choose_machine(machine));
    Attachment attachment;
    attachment.loop = std::make_unique<io::EventLoop>();
    std::optional<Result<std::unique_ptr<stream::Session>>> answer;
    const stream::SessionOptions options{process, static_cast<std::uint64_t>(getpid())};
    const Handle connecting = attach::connect(
        *attachment.loop, chosen, options,
        [&answer](Result<std::unique_ptr<stream::Session>> result) { answer = std::move(result); });
    const Time deadline = attachment.loop->now() + patience;
    if (!attachment.loop->run_until([&answer] { return answer.has_value(); }, deadline)) {
        return Error(Code::timeout, "the daemon of " + chosen + " does not answer")
            .because("it has its socket open, and said nothing for 5 s")
            .then("look at its log, or end it and start it again");
    }
    if (!*answer) return answer->error();
    attachment.session = std::move(**answer);
    return attachment;
}

Result<json::object> ask(Attachment& attachment, const std::string& at, const std::string& query,
                         const std::string& name) {
    return ask(attachment, at, json::object{{"query", query}, {"name", name}});
}

Result<json::object> ask(Attachment& attachment, const std::string& at,
                         const json::object& question) {
    const std::string& machine = at.empty() ? attachment.session->machine() : at;
    Question asked(*attachment.session, std::string(router_prefix) + machine,
                   json::serialize(question));
    const Time deadline = attachment.loop->now() + patience;
    if (!attachment.loop->run_until([&asked] { return asked.over(); }, deadline)) {
        return Error(Code::timeout, "the router of " + machine + " does not answer");
    }
    if (asked.failure().code == Code::ok) return parse_answer(asked.answer());
    Error failure = asked.failure();
    // What was asked for is a machine, its router is how.
    if (const auto place = failure.next.find(router_prefix); place != std::string::npos)
        failure.next.erase(place, router_prefix.size());
    return failure;
}

/// The stream on which the word comes.
class Changes::Waiting final : public stream::StreamEvents {
public:
    Waiting(stream::Session& session, const std::string& machine)
        : stream_(session.open(opening(std::string(router_prefix) + machine), *this)) {
        stream_->write(Buffer::copy_of(json::serialize(json::object{{"query", "changes"}})));
    }

    void on_data(Buffer bytes, bool end_of_message) override {
        stream_->consume(bytes.size());
        if (text_.size() < longest_word) text_.append(bytes.text());
        if (!end_of_message) return;
        if (const auto word = parse_answer(std::exchange(text_, {})); !word) fail(word.error());
        rung_ = true;
    }
    void on_finish(const wire::Outcome& /*outcome*/) override {
        fail(Error(Code::closed, "it told nothing more"));
    }
    void on_end(const Error& reason) override { fail(reason); }

    bool take_ring() { return std::exchange(rung_, false); }
    bool is_awake() const { return rung_ || failure_; }
    const std::optional<Error>& failure() const { return failure_; }

private:
    static constexpr std::size_t longest_word = 4096;

    void fail(const Error& error) {
        if (!failure_) failure_ = error;
    }

    stream::StreamPtr stream_;
    std::string text_;
    bool rung_ = false;
    std::optional<Error> failure_;
};

Changes::Changes(Attachment& attachment, const std::string& at)
    : attachment_(attachment),
      machine_(at.empty() ? attachment.session->machine() : at),
      waiting_(std::make_unique<Waiting>(*attachment.session, machine_)),
      signals_(
          attachment.loop->on_signal({SIGINT, SIGTERM}, [this](int) { interrupted_ = true; })) {}

Changes::~Changes() = default;

Result<bool> Changes::wait() {
    constexpr Duration a_while = 1h;
    io::EventLoop& loop = *attachment_.loop;
    while (!loop.run_until([this] { return interrupted_ || waiting_->is_awake(); },
                           loop.now() + a_while)) {
    }
    if (interrupted_) return false;
    if (waiting_->failure()) return explained(*waiting_->failure());
    waiting_->take_ring();
    return true;
}

void Changes::pause(Duration duration) {
    io::EventLoop& loop = *attachment_.loop;
    loop.run_until([this] { return interrupted_ || waiting_->failure().has_value(); },
                   loop.now() + duration);
}

Error Changes::explained(const Error& error) const {
    if (error.code != Code::closed) return error;
    return Error(Code::closed, "the daemon of " + machine_ + " has ended")
        .because(error.line())
        .then("jetway run FILE --machine " + machine_);
}

std::map<std::string, std::string> pipelines_of(const json::object& status) {
    constexpr std::string_view prefix = "pipeline ";
    std::map<std::string, std::string> pipelines;
    const json::value* notes = status.if_contains("notes");
    if (notes == nullptr || !notes->is_object()) return pipelines;
    for (const auto& [key, text] : notes->get_object()) {
        const std::string_view name(key);
        if (name.starts_with(prefix) && text.is_string())
            pipelines.emplace(name.substr(prefix.size()), text.get_string());
    }
    return pipelines;
}

Error error_of(const json::object& object) {
    Error error(static_cast<Code>(number_of(object, "code")), text_of(object, "detail"));
    error.where = text_of(object, "where");
    error.evidence = text_of(object, "evidence");
    error.next = text_of(object, "next");
    return error;
}

std::string text_of(const json::object& object, std::string_view key) {
    const json::value* value = object.if_contains(key);
    return value != nullptr && value->is_string() ? std::string(value->get_string())
                                                  : std::string();
}

std::int64_t number_of(const json::object& object, std::string_view key) {
    const json::value* value = object.if_contains(key);
    if (value == nullptr || !value->is_number()) return 0;
    boost::system::error_code failed;
    const auto number = value->to_number<std::int64_t>(failed);
    return failed ? 0 : number;
}

bool flag_of(const json::object& object, std::string_view key) {
    const json::value* value = object.if_contains(key);
    return value != nullptr && value->is_bool() && value->get_bool();
}

std::vector<json::object> objects_of(const json::object& object, std::string_view key) {
    std::vector<json::object> result;
    const json::value* value = object.if_contains(key);
    if (value == nullptr || !value->is_array()) return result;
    for (const json::value& item : value->get_array()) {
        if (item.is_object()) result.push_back(item.get_object());
    }
    return result;
}

std::vector<std::string> texts_of(const json::object& object, std::string_view key) {
    std::vector<std::string> result;
    const json::value* value = object.if_contains(key);
    if (value == nullptr || !value->is_array()) return result;
    for (const json::value& item : value->get_array()) {
        if (item.is_string()) result.emplace_back(item.get_string());
    }
    return result;
}

}  // namespace jetway::cli
