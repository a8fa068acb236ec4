// jetway pipe: a pipeline as if it were a program here.
#include <csignal>
#include <unistd.h>

#include "base/settings.hpp"
#include "cli/itinerary.hpp"
#include "cli/query.hpp"
#include "cli/running_pipeline.hpp"
#include "cli/sink.hpp"
#include "cli/verbs.hpp"

namespace jetway::cli {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;

constexpr int closed_output_status = 128 + SIGPIPE;

/// A name from the daemon's file, else the text itself. E-NO-SERVICE for a single word that is
/// neither a pipeline nor a service, and near the name of a pipeline.
Result<std::string> pipeline_text(Attachment& attachment, const std::string& text,
                                  const std::map<std::string, std::string>& types) {
    JETWAY_ASSIGN(const json::object status, ask(attachment, {}, "status"));
    const std::map<std::string, std::string> named = pipelines_of(status);
    if (const auto found = named.find(text); found != named.end()) return found->second;
    const auto address = wire::parse_address(text);
    if (!address || types.contains(address->service)) return text;
    std::vector<std::string> names;
    names.reserve(named.size());
    for (const auto& [name, stages] : named) names.push_back(name);
    const std::string near = nearest(text, names);
    if (near.empty()) return text;
    return Error(Code::no_service, "neither a pipeline nor a service is called \"" + text + "\"")
        .then("did you mean \"" + near + "\"?");
}

/// The type of each service, by its name.
Result<std::map<std::string, std::string>> service_types(Attachment& attachment) {
    JETWAY_ASSIGN(const json::object answer, ask(attachment, {}, "services"));
    std::map<std::string, std::string> types;
    for (const json::object& row : objects_of(answer, "routes")) {
        types.emplace(text_of(row, "service"), text_of(row, "type"));
    }
    return types;
}

class Pipe {
public:
    Pipe(Attachment& attachment, wire::Stage& first, wire::TrafficClass traffic_class)
        : loop_(*attachment.loop),
          session_(*attachment.session),
          first_(first),
          traffic_class_(traffic_class) {}

    Result<int> run(const std::map<std::string, std::string>& types) {
        const std::string name = "pipe-" + std::to_string(getpid());
        sink_.emplace(loop_, session_, name, [this] { changed(); });
        JETWAY_TRY(append_sink(first_, types, sink_->address()));
        const Handle signals =
            loop_.on_signal({SIGINT, SIGTERM}, [this](int number) { on_signal(number); });
        pipeline_.emplace(session_, first_, traffic_class_, [this] { changed(); });
        const auto type = types.find(first_.address().substr(0, first_.address().find('@')));
        const bool takes_input = type == types.end() || type->second != "source";
        if (takes_input) {
            input_.emplace(loop_, pipeline_->stream(),
                           [this](const Error& error) { give_up(error); });
        } else {
            pipeline_->stream().finish();
        }
        loop_.run();
        if (signal_ != 0) return 128 + signal_;
        if (failure_) return *failure_;
        if (sink_->closed()) return closed_output_status;
        return pipeline_->result();
    }

private:
    void changed() {
        if (!pipeline_) return;
        if (input_ && (pipeline_->stopped() || pipeline_->over())) input_->stop();
        if (input_ && !pipeline_->over()) input_->resume();
        if (sink_->failure() && !failure_) return give_up(*sink_->failure());
        if (pipeline_->over() && sink_->idle()) loop_.stop();
        // A failed pipeline resets its last stage, but that word may be lost with a machine.
        if (pipeline_->over() && !patience_) patience_ = loop_.after(1s, [this] { loop_.stop(); });
    }

    void on_signal(int number) {
        signal_ = number;
        cancel();
    }
    void give_up(const Error& reason) {
        failure_ = reason;
        cancel();
    }
    void cancel() {
        pipeline_->cancel();
        patience_ = loop_.after(0ms, [this] { loop_.stop(); });  // the RESET leaves first
    }

    io::EventLoop& loop_;
    stream::Session& session_;
    wire::Stage& first_;
    wire::TrafficClass traffic_class_;
    std::optional<Sink> sink_;
    std::optional<RunningPipeline> pipeline_;
    std::optional<InputCopy> input_;
    Handle patience_;
    std::optional<Error> failure_;
    int signal_ = 0;
};

}  // namespace

Result<int> pipe(const PipeOptions& options) {
    JETWAY_ASSIGN(Attachment attachment, attach_to(options.machine, "pipe"));
    JETWAY_ASSIGN(const auto types, service_types(attachment));
    JETWAY_ASSIGN(const std::string text, pipeline_text(attachment, options.pipeline, types));
    JETWAY_ASSIGN(wire::Stage first, wire::parse_itinerary(text));
    JETWAY_TRY(add_settings(first, options.settings));
    return Pipe(attachment, first, options.traffic_class).run(types);
}

}  // namespace jetway::cli
