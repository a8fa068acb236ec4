#include "services/exec/exec.hpp"

#include <unordered_map>

#include "base/log.hpp"
#include "services/exec/execution.hpp"

namespace jetway::exec {
namespace {

class ExecService final : public stream::Service {
public:
    ExecService(io::EventLoop& loop, stream::ServiceContext context, std::vector<std::string> argv,
                std::size_t limit)
        : loop_(loop), context_(std::move(context)), argv_(std::move(argv)), limit_(limit) {}

    void on_open(stream::StreamPtr stream) override {
        if (executions_.size() >= limit_) {
            stream->refuse(
                Error(Code::pressure, context_.name + " runs as many programs as its limit allows")
                    .because("the limit is " + std::to_string(limit_))
                    .then("try again later, or give it a higher `limit`"));
            return;
        }
        auto child = io::start_child(loop_, {.argv = argv_, .environment = {}, .directory = {}});
        if (!child) {
            log::warn("{}: {}", context_.name, child.error().line());
            stream->refuse({Code::service_failed, child.error().detail});
            return;
        }
        auto execution =
            std::make_unique<Execution>(loop_, context_, std::move(stream), std::move(*child),
                                        [this](Execution* over) { executions_.erase(over); });
        Execution* key = execution.get();
        executions_.emplace(key, std::move(execution));
    }

private:
    io::EventLoop& loop_;
    stream::ServiceContext context_;
    std::vector<std::string> argv_;
    std::size_t limit_;
    std::unordered_map<Execution*, std::unique_ptr<Execution>> executions_;
};

Result<std::vector<std::string>> command(const Settings& settings) {
    const Settings::Values* run = settings.find("run");
    if (run == nullptr || run->empty() || run->front().empty()) {
        return Error{Code::bad_file, "exec needs `run`, the command for each stream"};
    }
    if (run->size() > 1) return *run;
    return std::vector<std::string>{"/bin/sh", "-c", run->front()};
}

}  // namespace

const Kind kind{"exec",
                {},
                "runs a command for each stream, joined to its standard input and output",
                {{"run",
                  SettingType::command,
                  "",
                  "the command: a text goes to /bin/sh -c, a list is argv",
                  {.required = true}},
                 {"limit",
                  SettingType::number,
                  "256",
                  "how many may run at the same time, 1 to 65536",
                  {.least = 1, .most = 65536}}},
                {}};

Capabilities capabilities() {
    return {ServiceType::transform, {}, {}, {}};
}

Result<std::unique_ptr<stream::Service>> make(io::EventLoop& loop, stream::ServiceContext context) {
    JETWAY_ASSIGN(std::vector<std::string> argv, command(context.settings));
    JETWAY_TRY(check_settings(kind, context.settings));
    JETWAY_ASSIGN(const std::int64_t limit, context.settings.number("limit", 256));
    return std::unique_ptr<stream::Service>(std::make_unique<ExecService>(
        loop, std::move(context), std::move(argv), static_cast<std::size_t>(limit)));
}

}  // namespace jetway::exec
