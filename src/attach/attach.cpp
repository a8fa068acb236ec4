#include "attach/attach.hpp"

#include <cstdlib>
#include <utility>

#include "attach/places.hpp"
#include "base/text.hpp"
#include "transport/transport.hpp"

namespace jetway::attach {

namespace {

// A daemon that runs answers within one turn of its loop.
constexpr Duration patience = std::chrono::seconds(5);

Error no_daemon(const std::string& machine, const std::string& why) {
    const auto running = running_machines();
    const bool others = running && !running->empty();
    const std::string near = others ? nearest(machine, *running) : std::string();
    return Error(Code::no_daemon, "no daemon of " + machine + " answers on this host")
        .because(others ? "those that run here: " + joined(*running) : why)
        .then(near.empty() ? "jetway run deployment.yml --machine " + machine
                           : "did you mean \"" + near + "\"?");
}

/// One attempt to attach: it ends with a session or an error, or with its handle. Its callbacks
/// hold it; end() unties them.
class Attempt : public std::enable_shared_from_this<Attempt> {
public:
    Attempt(io::EventLoop& loop, std::string machine, Attached attached)
        : loop_(loop), machine_(std::move(machine)), attached_(std::move(attached)) {}

    void start(const std::string& path, const stream::SessionOptions& options) {
        deadline_ = loop_.after(patience, [self = shared_from_this()] {
            self->end(Error(Code::timeout, "the daemon of " + self->machine_ + " does not answer")
                          .then("stop it, and if it does not end, kill it"));
        });
        dialling_ = transport_->dial(
            "unix:" + path, [self = shared_from_this(), options](Result<ConnectionPtr> connection) {
                if (!connection) {
                    return self->end(no_daemon(self->machine_, connection.error().line()));
                }
                self->attach(std::move(*connection), options);
            });
    }
    void fail_later(const Error& error) {
        loop_.post([self = shared_from_this(), error] { self->end(error); });
    }
    void cancel() {
        attached_ = nullptr;
        end(Error(Code::cancelled, "nobody waits any more"));
    }

private:
    void attach(ConnectionPtr connection, const stream::SessionOptions& options) {
        session_ = std::make_unique<stream::Session>(std::move(connection), loop_, options);
        session_->set_on_closed([self = shared_from_this()](const Error& reason) {
            // It listened and went, or it told us why we may not attach.
            self->end(reason.code == Code::closed ? no_daemon(self->machine_, reason.line())
                                                  : reason);
        });
        session_->set_on_attached([self = shared_from_this()] {
            self->session_->set_on_closed({});
            self->end(std::move(self->session_));
        });
    }

    void end(Result<std::unique_ptr<stream::Session>> result) {
        const auto self = shared_from_this();
        deadline_.reset();
        dialling_.reset();
        if (session_) {
            session_->set_on_closed({});
            session_->set_on_attached({});
            // Perhaps it is the session that calls.
            loop_.post([session = std::shared_ptr(std::move(session_))] {});
        }
        if (const auto attached = std::exchange(attached_, nullptr)) attached(std::move(result));
    }

    io::EventLoop& loop_;
    std::string machine_;
    Attached attached_;
    std::unique_ptr<transport::Transport> transport_ = transport::make_socket_transport(loop_);
    std::unique_ptr<stream::Session> session_;
    Handle dialling_;
    Handle deadline_;
};

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
    return Error(Code::ambiguous, "several daemons run on this host: " + joined(running))
        .then("say which with --machine NAME or JETWAY_MACHINE");
}

Handle connect(io::EventLoop& loop, const std::string& machine,
               const stream::SessionOptions& options, Attached attached) {
    const auto chosen = choose_machine(machine);
    auto attempt = std::make_shared<Attempt>(loop, chosen ? *chosen : machine, std::move(attached));
    const auto path = chosen ? socket_path(*chosen) : chosen;
    if (path) {
        attempt->start(*path, options);
    } else {
        attempt->fail_later(path.error());
    }
    return Handle([attempt] { attempt->cancel(); });
}

}  // namespace jetway::attach
