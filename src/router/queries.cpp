#include "router/queries.hpp"

#include <boost/json.hpp>

namespace jetway::router {
namespace {

namespace json = boost::json;

constexpr std::size_t largest_query = 16UL * 1024;
constexpr std::size_t most_asking = 256;
constexpr std::size_t most_watching = 64;
constexpr std::size_t most_unread = 1024;  // bytes of rings: one who does not read needs no more
constexpr Duration between_rings = std::chrono::milliseconds(50);
constexpr std::string_view ring_text = "{}";
constexpr std::string_view json_type = "application/json";

}  // namespace

/// One stream: a query comes, its answer goes (or one after the other), the stream ends.
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

    void ring() {
        if (watching_ && stream_->unsent() < most_unread)
            stream_->write(Buffer::copy_of(ring_text));
    }

private:
    void answer() {
        boost::system::error_code failed;
        const json::value value = json::parse(std::exchange(text_, {}), failed);
        const json::object* object = failed ? nullptr : value.if_object();
        const Query query = object == nullptr ? Query() : query_of(*object);
        if (query.what.empty()) {
            return write(
                error_answer(Error(Code::protocol, "not a query: expected {\"query\": NAME}")));
        }
        if (query.what != "changes") return write(owner_.answers_.answer(query));
        if (!watching_ && owner_.watching_ == most_watching)
            return write(error_answer(Error(Code::pressure, "64 others wait for changes here")));
        if (!std::exchange(watching_, true)) ++owner_.watching_;
        ring();
    }
    static Query query_of(const json::object& object) {
        const auto text = [&object](std::string_view key) -> std::string {
            const json::value* found = object.if_contains(key);
            const json::string* text = found == nullptr ? nullptr : found->if_string();
            return text == nullptr ? std::string() : std::string(*text);
        };
        Query query{text("query"), text("name"), text("from"), 0};
        if (const json::value* after = object.if_contains("after"); after && after->is_number()) {
            boost::system::error_code failed;
            query.after = after->to_number<std::uint64_t>(failed);
        }
        return query;
    }
    void write(const std::string& reply) { stream_->write(Buffer::copy_of(reply)); }
    void leave() {
        if (watching_) --owner_.watching_;
        owner_.asking_.erase(this);  // destroys this
    }

    Queries& owner_;
    stream::StreamPtr stream_;
    std::string text_;
    bool watching_ = false;
};

Queries::Queries(stream::Session& session, Answers& answers)
    : session_(session), answers_(answers) {
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

void Queries::ring() {
    if (!watched() || bell_) return;
    bell_ = session_.timer().after(between_rings, [this] {
        bell_.release();
        tell();
    });
}

void Queries::tell() {
    for (const auto& [key, asking] : asking_) asking->ring();
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
