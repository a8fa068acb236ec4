#include "cli/executable_service.hpp"

#include <algorithm>
#include <array>
#include <climits>
#include <unistd.h>

#include "base/log.hpp"
#include "base/text.hpp"

namespace jetway::cli {
namespace {

using namespace std::chrono_literals;

constexpr Duration first_pause = 200ms;
constexpr Duration longest_pause = 10s;
constexpr Duration steady = 30s;  // one that ran this long begins with the first pause again

/// Mistakes in its settings do not go away by trying again (sysexits.h).
bool is_final(const io::Exit& exit) {
    return exit.signal == 0 && (exit.status == 64 || exit.status == 65 || exit.status == 78);
}

std::string shown(const io::Exit& exit) {
    if (exit.signal != 0) return "killed by signal " + std::to_string(exit.signal);
    return "exited with status " + std::to_string(exit.status);
}

std::vector<std::string> argv_of(const std::string& path, const ExecutableOptions& options) {
    std::vector<std::string> argv{path, "--machine", options.machine, "--name",
                                  options.service.name};
    for (const auto& [key, values] : options.service.settings.all()) {
        for (const std::string& value : values) {
            argv.emplace_back("--set");
            argv.emplace_back(key).append("=").append(value);
        }
    }
    return argv;
}

}  // namespace

Result<std::string> our_path() {
    std::array<char, PATH_MAX> buffer{};
    const ssize_t length = readlink("/proc/self/exe", buffer.data(), buffer.size());
    if (length < 0) return system_error("cannot read /proc/self/exe", errno);
    return std::string(buffer.data(), static_cast<std::size_t>(length));
}

Result<std::string> beside_us(const std::string& program) {
    JETWAY_ASSIGN(const std::string path, our_path());
    std::string beside = path.substr(0, path.rfind('/') + 1) + program;
    if (access(beside.c_str(), X_OK) == 0) return beside;
    return Error(Code::io, program + " is not installed")
        .because("there is no " + beside)
        .then("install it beside jetway");
}

/// One of the child's outputs, as log lines.
class ExecutableService::Output final : public io::ByteStreamEvents {
public:
    Output(io::ByteStream& stream, const std::string& name)
        : lines_([name](std::string_view line) {
              log::info("{}: {}", name, clean_text(line, line.size()));
          }) {
        stream.set_events(this);
        stream.start_reading();
    }
    void on_read(Buffer bytes) override { lines_.add(bytes.text()); }
    void on_read_end() override { lines_.end(); }
    void on_failed(const Error& /*error*/) override { lines_.end(); }

private:
    LineCutter lines_;
};

ExecutableService::ExecutableService(io::EventLoop& loop, ExecutableOptions options,
                                     std::function<void(std::string)> note)
    : loop_(loop), options_(std::move(options)), note_(std::move(note)), pause_(first_pause) {
    timer_ = loop_.after(0ms, [this] { start(); });
}

ExecutableService::~ExecutableService() = default;

void ExecutableService::stop(std::function<void()> ended) {
    timer_.reset();
    ended_ = std::move(ended);
    if (child_ != nullptr) {
        child_->signal(SIGTERM);
    } else {
        loop_.post([this_ended = std::exchange(ended_, nullptr)] { this_ended(); });
    }
}

void ExecutableService::start() {
    const Result<std::string> path = beside_us(options_.program);
    if (!path) {
        log::error("{}: {}", name(), path.error().line());
        return note_("not running: " + path.error().detail);
    }
    io::ChildOptions child;
    child.argv = argv_of(*path, options_);
    child.environment = options_.environment;
    auto started = io::start_child(loop_, child);
    if (!started) return start_later(started.error().detail);
    child_ = std::move(*started);
    started_ = loop_.now();
    output_ = std::make_unique<Output>(*child_->output(), name());
    errors_ = std::make_unique<Output>(*child_->errors(), name());
    child_->input()->finish_writing();
    child_->set_on_exit([this](io::Exit exit) { on_exit(exit); });
    note_("running, process " + std::to_string(child_->pid()));
}

void ExecutableService::on_exit(io::Exit exit) {
    child_.reset();
    output_.reset();
    errors_.reset();
    if (ended_) return std::exchange(ended_, nullptr)();
    if (loop_.now() - started_ > steady) pause_ = first_pause;
    if (!is_final(exit)) return start_later(shown(exit));
    log::error("{}: {}; it is not started again", name(), shown(exit));
    note_("not running: " + shown(exit));
}

void ExecutableService::start_later(const std::string& why) {
    const auto milliseconds = pause_ / 1ms;
    log::warn("{}: {}; starting it again in {} ms", name(), why, milliseconds);
    note_("starting again: " + why);
    timer_ = loop_.after(pause_, [this] { start(); });
    pause_ = std::min(pause_ * 2, longest_pause);
}

}  // namespace jetway::cli
