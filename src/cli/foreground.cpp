#include "cli/foreground.hpp"

#include <algorithm>
#include <memory>
#include <unistd.h>

#include "base/log.hpp"
#include "cli/host.hpp"
#include "cli/output.hpp"

namespace jetway::cli {
namespace {

using std::chrono::milliseconds;

constexpr Duration drain_patience = std::chrono::seconds(30);
constexpr Duration all_have_heard = milliseconds(500);
constexpr Duration look_again = milliseconds(20);

std::string listed(const std::vector<std::string>& texts) {
    std::string result;
    for (const std::string& text : texts) result += (result.empty() ? "" : ", ") + text;
    return result;
}

class Machines {
public:
    Machines(io::EventLoop& loop, const deployment::Deployment& deployment,
             const Foreground& options)
        : loop_(loop), deployment_(deployment), options_(options), began_(loop.now()) {}

    Result<> start() {
        signals_ = loop_.on_signal({SIGTERM, SIGINT, SIGHUP, drain_signal}, [this](int signal) {
            signal == drain_signal ? drain() : end();
        });
        const router::Transport transport = options_.transport(loop_);
        for (const std::string& name : options_.machines) {
            const deployment::Machine& machine = *deployment_.find(name);
            JETWAY_ASSIGN(const HostPlaces places, usual_places(deployment_.mesh, name));
            hosts_.push_back(std::make_unique<Host>(loop_, transport));
            Host& host = *hosts_.back();
            JETWAY_TRY(host.start(deployment_, machine, places));
            if (options_.machines.size() > 1) host.router().name_in_log();
            say_where(machine, host);
            host.set_on_ready([this, &machine](const std::vector<std::string>& missing) {
                ready(machine, missing);
            });
        }
        return success();
    }

private:
    void say_where(const deployment::Machine& machine, const Host& host) {
        std::vector<std::string> addresses;
        addresses.reserve(machine.listen.size());
        for (const deployment::NetworkAddress& address : machine.listen)
            addresses.push_back(address.text());
        // Machines of one process are joined in memory.
        const bool opened = !addresses.empty() && options_.machines.size() == 1;
        say_for(machine, (opened ? machine.name + " listens on " + listed(addresses) + "; " : "") +
                             "commands attach at " + host.socket());
    }

    void say_for(const deployment::Machine& machine, const std::string& line) {
        say((options_.plain ? "" : line_prefix(machine.name, options_.machines)) + line);
    }

    void ready(const deployment::Machine& machine, const std::vector<std::string>& missing) {
        if (!missing.empty())
            log::warn("{}: not offered after 2 s: {}", machine.name, listed(missing));
        say_for(machine, std::string(ready_word) + "  " + machine.name + " of mesh " +
                             deployment_.mesh + ", " +
                             counted(machine.services.size() - missing.size(), "service") +
                             ", process " + std::to_string(getpid()));
        ++ready_;
        const bool all = ready_ == options_.machines.size();
        if (all && ready_ > 1) say(all_ready(ready_, loop_.now() - began_));
    }

    /// Ends when nothing is open any more, or when that takes too long; not before everybody can
    /// have heard of it.
    void drain() {
        if (ending_ || draining_) return;
        for (const auto& host : hosts_) host->router().drain();
        drain_began_ = loop_.now();
        look_whether_drained();
    }
    void look_whether_drained() {
        const bool idle = std::ranges::all_of(
            hosts_, [](const auto& host) { return host->router().open_streams() == 0; });
        const Duration passed = loop_.now() - drain_began_;
        if ((idle && passed >= all_have_heard) || passed >= drain_patience) return end();
        draining_ = loop_.after(look_again, [this] { look_whether_drained(); });
    }

    void end() {
        if (ending_) return loop_.stop();
        ending_ = true;
        running_ = hosts_.size();
        for (const auto& host : hosts_) {
            host->stop([this] {
                if (--running_ == 0) loop_.stop();
            });
        }
    }

    io::EventLoop& loop_;
    const deployment::Deployment& deployment_;
    const Foreground& options_;
    Time began_;
    std::size_t ready_ = 0;
    std::vector<std::unique_ptr<Host>> hosts_;
    std::size_t running_ = 0;
    bool ending_ = false;
    Time drain_began_{};
    Handle draining_;
    Handle signals_;
};

}  // namespace

Result<int> run_in_foreground(const deployment::Deployment& deployment, const Foreground& options) {
    // The log of several machines is one: their routers say which of them speaks.
    const bool prefixed = !options.plain && options.machines.size() == 1;
    log_to_standard_error(
        log::level::info,
        prefixed ? line_prefix(options.machines.front(), options.machines) : std::string());
    io::EventLoop loop;
    Machines machines(loop, deployment, options);
    JETWAY_TRY(machines.start());
    loop.run();
    return 0;
}

std::string line_prefix(const std::string& name, const std::vector<std::string>& names) {
    std::size_t widest = name.size();
    for (const std::string& other : names) widest = std::max(widest, other.size());
    return name + std::string(widest - name.size(), ' ') + " | ";
}

std::string all_ready(std::size_t machines, Duration took) {
    return std::string(ready_word) + "  " + std::to_string(machines) + " machines in " +
           std::to_string(took / std::chrono::milliseconds(1)) + " ms; Ctrl-C ends them";
}

void say(const std::string& line) {
    const std::string whole = line + "\n";
    std::size_t written = 0;
    while (written < whole.size()) {
        const ssize_t count = write(STDOUT_FILENO, whole.data() + written, whole.size() - written);
        if (count <= 0) return;  // nobody reads it any more
        written += static_cast<std::size_t>(count);
    }
}

}  // namespace jetway::cli
