#include "router/routing_server.hpp"

#include <algorithm>
#include <unistd.h>

#include "base/text.hpp"
#include "router/server_state.hpp"

namespace jetway::router {
namespace {

constexpr Duration goodbye_limit = std::chrono::milliseconds(200);

Capabilities router_capabilities() {
    Capabilities capabilities;
    capabilities.type = ServiceType::routing;
    capabilities.features = {"service-discovery", "multi-hop"};
    return capabilities;
}

}  // namespace

RoutingServer::State::State(Kernel& kernel_in, Timer& timer_in, Random& random_in,
                            Transport transport_in, routing::Options options)
    : kernel(kernel_in),
      timer(timer_in),
      random(random_in),
      transport(std::move(transport_in)),
      core(std::move(options), random, timer.now()),
      terminals(timer, random, transport,
                [this](const std::string& terminal, ConnectionPtr connection) {
                    add_network(terminal, std::move(connection));
                }),
      started(timer.now()) {
    auto [far, near] = connection_pair(timer, "router");
    LinkEnd& own = add_local("router", std::move(near), false);
    registration =
        kernel.register_service("router", router_capabilities(), own.connection->out_pipe());
    own_session = std::make_unique<stream::Session>(
        std::move(far), timer,
        stream::SessionOptions{"router", static_cast<std::uint64_t>(getpid())});
    envelopes = std::make_unique<Envelopes>(
        kernel, timer, *own_session,
        [this](const PipePtr& pipe) {
            return std::any_of(links.begin(), links.end(), [&pipe](const auto& link) {
                return link && link->connection->out_pipe() == pipe;
            });
        },
        [this](const std::string& service) { return core.routes(now(), service); },
        core.options().machine);
    requests = std::make_unique<Requests>(kernel, timer, random, *envelopes,
                                          wire::router_text(core.options().router));
    queries = std::make_unique<Queries>(*own_session, *this);
    timeline.add(wall_time_us(), {routing::Event::Kind::epoch_taken,
                                  core.options().machine,
                                  "started, epoch " + std::to_string(core.options().epoch),
                                  {}});
}

RoutingServer::State::~State() {
    *alive = false;
    terminals.stop();
}

RoutingServer::RoutingServer(Kernel& kernel, Timer& timer, Random& random, Transport transport,
                             routing::Options options)
    : state_(std::make_unique<State>(kernel, timer, random, std::move(transport),
                                     std::move(options))) {}

RoutingServer::~RoutingServer() = default;

void RoutingServer::set_largest_message(std::size_t bytes) {
    state_->envelopes->set_largest(bytes);
}

Result<> RoutingServer::create_terminal(const std::string& name, TerminalType type,
                                        const std::string& address, const Towards& towards) {
    JETWAY_TRY(state_->terminals.add(name, type, address, towards));
    if (type == TerminalType::loopback) state_->add_loopback(name);
    return success();
}

void RoutingServer::name_in_log() {
    state_->log_name = "[Router " + options().machine + "]";
}

Result<Handle> RoutingServer::listen(const std::string& address) {
    State* state = state_.get();
    return state->transport.listen(address, [state](ConnectionPtr connection) {
        state->add_network({}, std::move(connection));
    });
}

Result<Handle> RoutingServer::listen_local(const std::string& address) {
    State* state = state_.get();
    return state->transport.listen(address, [state](ConnectionPtr connection) {
        const auto credentials = connection->credentials();
        if (!credentials || (credentials->uid != getuid() && credentials->uid != 0)) {
            log::warn("{} refused a process of another user at {}", state->log_name,
                      connection->peer());
            return connection->close(
                Error(Code::denied, "only processes of the daemon's user may attach"));
        }
        state->add_local("local-" + std::to_string(credentials->pid), std::move(connection));
    });
}

ConnectionPtr RoutingServer::connect_local(const std::string& name) {
    auto [far, near] = connection_pair(state_->timer, name);
    state_->add_local(name, std::move(near));
    return std::move(far);
}

void RoutingServer::add_route(const std::string& service, const std::string& terminal,
                              const std::string& machine, std::uint32_t hops) {
    state_->core.add_route(state_->now(), service, terminal, machine, hops);
    log::info("{} Route added: {} -> {} ({} hops)", state_->log_name, service, terminal, hops);
    state_->schedule();
}

void RoutingServer::remove_route(const std::string& service) {
    state_->core.remove_route(state_->now(), service);
    state_->schedule();
}

void RoutingServer::route(wire::Envelope envelope, RouteOptions options) {
    const Result<> possible = state_->prepare(envelope);
    if (possible) return void(state_->envelopes->send(std::move(envelope), std::move(options)));
    log::warn("{} {} -> {}: {}", state_->log_name, envelope.source,
              clean_text(envelope.destination, 64), possible.error().line());
    if (!options.failed) return;
    state_->timer.post(
        [failed = std::move(options.failed), error = possible.error()] { failed(error); });
}

Handle RoutingServer::request(wire::Envelope envelope,
                              std::function<void(Result<wire::Envelope>)> answered,
                              RouteOptions options) {
    if (const Result<> possible = state_->prepare(envelope); !possible) {
        return state_->timer.at(
            state_->timer.now(),
            [answered = std::move(answered), error = possible.error()] { answered(error); });
    }
    return state_->requests->send(std::move(envelope), std::move(answered), std::move(options));
}

/// Fills in the source; says why the envelope cannot be sent.
Result<> RoutingServer::State::prepare(wire::Envelope& envelope) const {
    if (envelope.source.empty()) envelope.source = "router";
    if (envelope.source.find('@') == std::string::npos)
        envelope.source += "@" + core.options().machine;
    JETWAY_TRY(wire::parse_address(envelope.destination));
    if (envelope.deadline && *envelope.deadline <= Duration::zero())
        return Error(Code::timeout, "its deadline has passed");
    return success();
}

void RoutingServer::start_heartbeat(Duration interval) {
    state_->core.set_digest_interval(interval);
    state_->schedule();
}

std::vector<std::string> RoutingServer::local_services() const {
    std::vector<std::string> names;
    for (const ServiceEntry& entry : state_->kernel.lookup()) {
        if (entry.capabilities.type != ServiceType::routing) names.push_back(entry.name);
    }
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
}

std::vector<routing::RouteRow> RoutingServer::known_routes() const {
    std::vector<routing::RouteRow> rows = state_->core.routes(state_->now());
    std::erase_if(rows, [](const routing::RouteRow& row) {
        return row.type == static_cast<std::uint32_t>(ServiceType::routing);
    });
    return rows;
}

std::vector<TerminalRow> RoutingServer::terminals() const {
    return state_->terminals.rows();
}

void RoutingServer::set_load(double per_core) {
    state_->core.set_load(state_->now(), per_core);
    state_->schedule();
}

void RoutingServer::drain() {
    state_->core.drain(state_->now());
    set_note("drains", "takes no new streams");
    log::info("{} takes no new streams; {} are open", state_->log_name, open_streams());
    state_->schedule();
}

std::size_t RoutingServer::open_streams() const {
    const auto streams = state_->core.streams();
    return static_cast<std::size_t>(
        std::ranges::count_if(streams, [](const routing::StreamInfo& stream) {
            const auto address = wire::parse_address(stream.destination);
            return !address || address->service != "router";
        }));
}

void RoutingServer::stop(std::function<void()> done) {
    State* state = state_.get();
    state->terminals.stop();
    state->core.shut_down(state->now());
    state->run_turn();
    // The goodbyes are on their way when every out pipe is empty; a peer that does not read is not
    // waited for long.
    const Time limit = state->timer.now() + goodbye_limit;
    const auto check = std::make_shared<std::function<void()>>();
    *check = [state, limit, done = std::move(done), weak = std::weak_ptr(check)] {
        const bool sent =
            std::all_of(state->links.begin(), state->links.end(), [](const auto& link) {
                return !link || link->kind == routing::LinkKind::local ||
                       link->connection->out().size() == 0;
            });
        if (sent || state->timer.now() >= limit) return done();
        state->stopping =
            state->timer.after(std::chrono::milliseconds(5), [again = weak.lock()] { (*again)(); });
    };
    state->stopping = state->timer.after(std::chrono::milliseconds(1), [check] { (*check)(); });
}

const routing::Core& RoutingServer::core() const {
    return state_->core;
}
const routing::Options& RoutingServer::options() const {
    return state_->core.options();
}

void RoutingServer::set_note(const std::string& key, const std::string& text) {
    state_->notes[key] = text;
}

void RoutingServer::set_on_event(std::function<void(const routing::Event&)> on_event) {
    state_->on_event = std::move(on_event);
}

}  // namespace jetway::router
