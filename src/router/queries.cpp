#include "router/queries.hpp"

#include <boost/json.hpp>

namespace jetway::router {
namespace {

constexpr std::size_t largest_query = 16UL * 1024;
constexpr std::size_t most_asking = 256;
constexpr std::string_view json_type = "application/json";

}  // namespace

/// One stream: a query comes, its answer goes, the stream ends.
class Queries::Asking final : public stream::StreamEvents {
public:
    Asking(Queries& owner, stream::StreamPtr stream) : owner_(owner), stream_(std::move(stream)) {
        stream_->set_events(this);
        stream_->accept(json_type);
    }

    void on_data(Buffer bytes, bool end_of_message) override {
        stream_->consume(bytes.size());
        if (text_.size() + bytes.size() > largest_query) {
            stream_->reset(Error(Code::too_large, "a query of more than 16 KiB"));
            return leave();
        }
        text_.append(bytes.text());
        if (end_of_message) answer();
    }
    void on_finish(const wire::Outcome& /*outcome*/) override { stream_->finish(); }
    void on_end(const Error& /*reason*/) override { leave(); }
    void on_done() override { leave(); }

private:
    void answer() {
        boost::system::error_code failed;
        const boost::json::value value = boost::json::parse(std::exchange(text_, {}), failed);
        const auto member = [&value](const char* key) -> std::string {
            const auto* object = value.if_object();
            const auto* found = object == nullptr ? nullptr : object->if_contains(key);
            const auto* text = found == nullptr ? nullptr : found->if_string();
            return text == nullptr ? std::string() : std::string(*text);
        };
        const std::string query = member("query");
        const std::string reply =
            failed || query.empty()
                ? error_answer(Error(Code::protocol, "not a query: expected {\"query\": NAME}"))
                : owner_.answers_.answer(query, member("name"));
        stream_->write(Buffer::copy_of(reply));
    }
    void leave() { owner_.asking_.erase(this); }  // destroys this

    Queries& owner_;
    stream::StreamPtr stream_;
    std::string text_;
};

Queries::Queries(stream::Session& session, Answers& answers) : answers_(answers) {
    Capabilities capabilities;
    capabilities.type = ServiceType::routing;
    capabilities.accepts = {std::string(json_type)};
    capabilities.produces = {std::string(json_type)};
    capabilities.features = {"service-discovery", "multi-hop"};
    offer_ = session.offer("router", capabilities, *this);
}

Queries::~Queries() = default;

void Queries::on_open(stream::StreamPtr stream) {
    if (asking_.size() >= most_asking)
        return stream->refuse(Error(Code::pressure, "too many queries at once"));
    auto asking = std::make_unique<Asking>(*this, std::move(stream));
    Asking* key = asking.get();
    asking_.emplace(key, std::move(asking));
}

std::string error_answer(const Error& error) {
    boost::json::object body{{"code", static_cast<int>(error.code)},
                             {"name", code_name(error.code)},
                             {"detail", error.detail},
                             {"where", error.where},
                             {"evidence", error.evidence},
                             {"next", error.next}};
    return boost::json::serialize(boost::json::object{{"error", std::move(body)}});
}

}  // namespace jetway::router
