// jetway dev: all machines of the file on this host, each a process of its own, their lines
// prefixed with their names.
#include <algorithm>
#include <iostream>
#include <optional>
#include <unistd.h>

#include "cli/executable_service.hpp"
#include "cli/foreground.hpp"
#include "cli/load_file.hpp"
#include "cli/transports.hpp"
#include "cli/verbs.hpp"
#include "deployment/loopback_map.hpp"

namespace jetway::cli {
namespace {

using namespace std::chrono_literals;

constexpr Duration stop_patience = 450ms;

/// One output of a machine's process, line by line.
class Lines final : public io::ByteStreamEvents {
public:
    Lines(io::ByteStream& stream, std::function<void(std::string_view)> line,
          std::function<void()> ended)
        : cutter_(std::move(line)), on_ended_(std::move(ended)) {
        stream.set_events(this);
        stream.start_reading();
    }
    bool ended() const { return ended_; }

private:
    void on_read(Buffer bytes) override { cutter_.add(bytes.text()); }
    void on_read_end() override {
        cutter_.end();
        ended_ = true;
        on_ended_();
    }
    void on_failed(const Error& /*error*/) override { on_read_end(); }

    LineCutter cutter_;
    std::function<void()> on_ended_;
    bool ended_ = false;
};

struct MachineProcess {
    std::string name;
    std::string prefix;
    bool ready = false;
    std::optional<io::Exit> exit;
    std::unique_ptr<Lines> output;
    std::unique_ptr<Lines> errors;
    std::unique_ptr<io::Child> child;  // goes before the readers of its outputs

    /// It has ended, and everything it said was read.
    bool over() const { return exit && output->ended() && errors->ended(); }
};

class Dev {
public:
    Dev(io::EventLoop& loop, std::string file)
        : loop_(loop), file_(std::move(file)), began_(loop.now()) {}

    Result<int> run(const deployment::Deployment& deployment) {
        signals_ = loop_.on_signal({SIGTERM, SIGINT, SIGHUP}, [this](int) { end(); });
        JETWAY_ASSIGN(const std::string program, our_path());
        const std::vector<std::string> names = deployment.machine_names();
        for (const std::string& name : names) JETWAY_TRY(start(program, name, names));
        loop_.run();
        return status_;
    }

private:
    Result<> start(const std::string& program, const std::string& name,
                   const std::vector<std::string>& names) {
        auto machine = std::make_unique<MachineProcess>();
        MachineProcess* process = machine.get();
        process->name = name;
        process->prefix = coloured(line_prefix(name, names));
        io::ChildOptions options;
        options.argv = {program, "run", file_, "--machine", name, "--loopback", "--quiet"};
        JETWAY_ASSIGN(process->child, io::start_child(loop_, options));
        process->child->input()->finish_writing();
        const auto look = [this] { look_for_ended(); };
        process->child->set_on_exit([process, look](io::Exit exit) {
            process->exit = exit;
            look();
        });
        const auto show = [this, process](std::string_view line) {
            say(process->prefix + std::string(line));
            if (line.starts_with(ready_word)) on_ready(*process);
        };
        const auto show_error_line = [process](std::string_view line) {
            std::cerr << process->prefix + std::string(line) + "\n" << std::flush;
        };
        process->output = std::make_unique<Lines>(*process->child->output(), show, look);
        process->errors = std::make_unique<Lines>(*process->child->errors(), show_error_line, look);
        machines_.push_back(std::move(machine));
        return success();
    }

    std::string coloured(const std::string& text) const {
        if (!is_colourful(STDOUT_FILENO)) return text;
        return "\x1b[" + std::to_string(32 + machines_.size() % 5) + "m" + text + "\x1b[0m";
    }

    void on_ready(MachineProcess& machine) {
        machine.ready = true;
        if (!std::all_of(machines_.begin(), machines_.end(),
                         [](const auto& each) { return each->ready; }))
            return;
        say(all_ready(machines_.size(), loop_.now() - began_));
    }

    /// In a turn of its own: what calls belongs to the process that goes.
    void look_for_ended() {
        looking_ = loop_.after(0ms, [this] {
            for (const auto& machine : machines_) {
                if (machine->over()) on_over(*machine);
            }
            std::erase_if(machines_, [](const auto& machine) { return machine->over(); });
            if (machines_.empty()) loop_.stop();
        });
    }

    /// One that never came up ends the others: its own lines have said why. One that ran may be
    /// lost, as machines are.
    void on_over(const MachineProcess& machine) {
        if (ending_) return;
        const io::Exit& exit = *machine.exit;
        std::cerr << machine.prefix
                  << (exit.signal != 0 ? "killed by signal " : "ended with status ")
                  << (exit.signal != 0 ? exit.signal : exit.status) << "\n"
                  << std::flush;
        if (machine.ready) return;
        status_ = exit.status == 0 ? exit_status(Code::service_failed) : exit.status;
        end();
    }

    void end() {
        if (ending_) return loop_.stop();
        ending_ = true;
        for (const auto& machine : machines_) machine->child->signal(SIGTERM);
        patience_ = loop_.after(stop_patience, [this] { loop_.stop(); });
    }

    io::EventLoop& loop_;
    std::string file_;
    Time began_;
    std::vector<std::unique_ptr<MachineProcess>> machines_;
    int status_ = 0;
    bool ending_ = false;
    Handle signals_;
    Handle patience_;
    Handle looking_;
};

}  // namespace

Result<int> dev(const DevOptions& options) {
    JETWAY_ASSIGN(const deployment::Deployment deployment, load_to_run(options.file));
    const deployment::LoopbackMap map = deployment::map_to_loopback(deployment);
    for (const deployment::MappedHost& host : map.hosts)
        say("on this host  " + host.from + " -> " + host.to);
    if (options.one_process) {
        return run_in_foreground(map.deployment,
                                 {map.deployment.machine_names(), process_transport});
    }
    io::EventLoop loop;
    return Dev(loop, options.file).run(map.deployment);
}

}  // namespace jetway::cli
