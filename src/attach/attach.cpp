#include "attach/attach.hpp"

#include <cstdlib>
#include <utility>

#include "attach/places.hpp"
#include "transport/transport.hpp"

namespace jetway::attach {

namespace {

/// One attempt to attach: it ends with a session or an error, or with its handle.
struct Attempt {
    std::unique_ptr<transport::Transport> transport;
    std::unique_ptr<stream::Session> session;
    Handle dialling;
    Attached attached;

    void end(Result<std::unique_ptr<stream::Session>> result) {
        dialling.release();
        if (auto told = std::exchange(attached, nullptr)) told(std::move(result));
    }
};

Error no_daemon(const std::string& machine, const std::string& why) {
    return Error(Code::no_daemon, "no daemon of " + machine + " answers on this host")
        .because(why)
        .then("jetway run deployment.yml --machine " + machine);
}

void begin(const std::shared_ptr<Attempt>& attempt, io::EventLoop& loop, const std::string& machine,
           stream::SessionOptions options, ConnectionPtr connection) {
    attempt->session =
        std::make_unique<stream::Session>(std::move(connection), loop, std::move(options));
    // The callbacks hold the attempt, and the attempt the session: both ways out of here untie it.
    attempt->session->set_on_closed([attempt, machine, &loop](const Error& reason) {
        const auto kept = attempt;
        loop.post([kept] { kept->session.reset(); });
        kept->end(no_daemon(machine, reason.line()));
    });
    attempt->session->set_on_attached([attempt] {
        const auto kept = attempt;
        kept->session->set_on_closed({});
        kept->session->set_on_attached({});
        kept->end(std::move(kept->session));
    });
}

}  // namespace

Result<std::string> choose_machine(const std::string& machine) {
    if (!machine.empty()) return machine;
    if (const char* named = std::getenv("JETWAY_MACHINE"); named != nullptr && *named != '\0') {
        return std::string(named);
    }
    JETWAY_ASSIGN(const std::vector<std::string> running, running_machines());
    if (running.size() == 1) return running.front();
    if (running.empty()) {
        return Error(Code::no_daemon, "no daemon runs on this host")
            .then("jetway dev deployment.yml, or jetway run deployment.yml --machine NAME");
    }
    std::string names;
    for (const std::string& name : running) names += (names.empty() ? "" : ", ") + name;
    return Error(Code::ambiguous, "several daemons run on this host: " + names)
        .then("say which with --machine NAME or JETWAY_MACHINE");
}

Handle connect(io::EventLoop& loop, const std::string& machine, stream::SessionOptions options,
               Attached attached) {
    auto attempt = std::make_shared<Attempt>();
    attempt->attached = std::move(attached);
    const auto fail = [&loop, attempt](const Error& error) {
        loop.post([attempt, error] { attempt->end(error); });
    };
    Handle handle([attempt] {
        attempt->attached = nullptr;
        attempt->dialling.reset();
        attempt->session.reset();
    });
    const auto chosen = choose_machine(machine);
    if (!chosen) {
        fail(chosen.error());
        return handle;
    }
    const auto path = socket_path(*chosen);
    if (!path) {
        fail(path.error());
        return handle;
    }
    attempt->transport = transport::make_socket_transport(loop);
    attempt->dialling = attempt->transport->dial(
        "unix:" + *path, [attempt, &loop, name = *chosen,
                          options = std::move(options)](Result<ConnectionPtr> connection) {
            if (!connection) return attempt->end(no_daemon(name, connection.error().line()));
            begin(attempt, loop, name, options, std::move(*connection));
        });
    return handle;
}

}  // namespace jetway::attach
