#include "cli/foreground.hpp"

#include <memory>
#include <unistd.h>

#include "base/log.hpp"
#include "cli/host.hpp"

namespace jetway::cli {
namespace {

std::string listed(const std::vector<std::string>& texts) {
    std::string result;
    for (const std::string& text : texts) result += (result.empty() ? "" : ", ") + text;
    return result;
}

void say_where(const deployment::Machine& machine, const Host& host) {
    std::vector<std::string> addresses;
    for (const deployment::NetworkAddress& address : machine.listen)
        addresses.push_back(address.text());
    const std::string network = addresses.empty() ? "" : listed(addresses) + "; ";
    say(machine.name + " listens on " + network + "commands attach at " + host.socket());
}

class Foreground {
public:
    Foreground(io::EventLoop& loop, const deployment::Deployment& deployment)
        : loop_(loop), deployment_(deployment) {}

    Result<> start(const std::vector<std::string>& machines, const router::Transport& transport) {
        signals_ = loop_.on_signal({SIGTERM, SIGINT, SIGHUP}, [this](int) { end(); });
        for (const std::string& name : machines) {
            const deployment::Machine& machine = *deployment_.find(name);
            JETWAY_ASSIGN(const HostPlaces places, usual_places(deployment_.mesh, name));
            hosts_.push_back(std::make_unique<Host>(loop_, transport));
            Host& host = *hosts_.back();
            JETWAY_TRY(host.start(deployment_, machine, places));
            say_where(machine, host);
            host.set_on_ready([this, &machine](const std::vector<std::string>& missing) {
                ready(machine, missing);
            });
        }
        return success();
    }

private:
    void ready(const deployment::Machine& machine, const std::vector<std::string>& missing) {
        if (!missing.empty())
            log::warn("{}: not offered after 2 s: {}", machine.name, listed(missing));
        say(std::string(ready_word) + "  " + machine.name + " of mesh " + deployment_.mesh + ", " +
            std::to_string(machine.services.size() - missing.size()) + " services, process " +
            std::to_string(getpid()));
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
    std::vector<std::unique_ptr<Host>> hosts_;
    std::size_t running_ = 0;
    bool ending_ = false;
    Handle signals_;
};

}  // namespace

Result<int> run_in_foreground(const deployment::Deployment& deployment,
                              const std::vector<std::string>& machines,
                              router::Transport (*transport)(io::EventLoop&)) {
    log_to_standard_error(log::level::info);
    io::EventLoop loop;
    Foreground foreground(loop, deployment);
    JETWAY_TRY(foreground.start(machines, transport(loop)));
    loop.run();
    return 0;
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
