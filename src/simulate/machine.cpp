#include "simulate/machine.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "wire/control.hpp"

namespace jetway::simulate {

using routing::LinkId;

namespace {

/// The wall clock when virtual time was 0: the year 2026.
constexpr Duration wall_at_zero = std::chrono::seconds(1'767'225'600);

}  // namespace

/// A link of the core on one side of a connection.
struct Machine::Port final : ConnectionEnd {
    Port(Machine& owner, LinkId id, routing::LinkKind link_kind)
        : machine(owner), link(id), kind(link_kind) {}

    void on_frame(wire::Frame&& frame) override {
        machine.core_->receive(machine.agenda_.now(), link, std::move(frame));
    }
    void on_arrived() override { machine.turn(); }
    void on_room() override {
        if (machine.paused_) return;
        machine.pump(link);
        machine.turn();
    }
    void on_closed(const Error& reason) override {
        Machine& owner = machine;  // the port goes with its link
        owner.remove(link, reason);
        owner.turn();
    }

    Machine& machine;
    LinkId link;
    routing::LinkKind kind;
    std::shared_ptr<Connection> connection;
    int side = 0;
    std::function<void()> gone;
};

/// The process's side of its connection to the daemon.
struct Machine::ProcessEnd final : ConnectionEnd {
    ProcessEnd(Process& owner, std::shared_ptr<Connection> to_daemon)
        : process(owner), connection(std::move(to_daemon)) {}

    void on_frame(wire::Frame&& frame) override { process.take(std::move(frame)); }
    void on_arrived() override { connection->flush(1); }
    void on_room() override {}
    void on_closed(const Error& reason) override { process.lost(reason); }

    Process& process;
    std::shared_ptr<Connection> connection;
};

Machine::Machine(Agenda& agenda, Random& random, routing::Options options)
    : agenda_(agenda), random_(random), options_(std::move(options)) {
    inside_.options.latency = std::chrono::microseconds(20);
}

Machine::~Machine() = default;

void Machine::boot() {
    using std::chrono::microseconds;
    const auto wall_us = std::chrono::duration_cast<microseconds>(
                             wall_at_zero + agenda_.now().time_since_epoch() + clock_error_)
                             .count();
    options_.boot_time_us = static_cast<std::uint64_t>(wall_us);
    options_.epoch = std::max(options_.boot_time_us / 1000, options_.epoch + 1);
    options_.boot_nonce = random_.next();
    core_ = std::make_unique<routing::Core>(options_, random_, agenda_.now());
    ++life_;
    paused_ = false;
    tick_at_ = Time::max();
    attach_process();
    for (auto& [service, offered] : offered_) announce(service, offered);
    turn();
}

void Machine::halt(bool silently) {
    if (!running()) return;
    const Error reason(Code::closed, "connection reset by " + name());
    process_->lost(reason);
    std::vector<std::function<void()>> gone;
    for (const auto& port : ports_) {
        if (port == nullptr) continue;
        if (silently) {
            port->connection->vanish(port->side);
        } else {
            port->connection->close(port->side, reason);
        }
        if (port->gone) gone.push_back(std::move(port->gone));
    }
    process_end_->connection->vanish(1);
    core_.reset();
    ports_.clear();
    for (const auto& tell : gone) tell();
}

void Machine::drain() {
    core_->drain(agenda_.now());
    turn();
}

void Machine::say_goodbye() {
    core_->shut_down(agenda_.now());
    turn();
}

void Machine::pause() {
    if (!running() || std::exchange(paused_, true)) return;
    for (const auto& port : ports_) {
        if (port != nullptr) port->connection->pause(port->side);
    }
}

void Machine::unpause() {
    if (!running() || !std::exchange(paused_, false)) return;
    for (const auto& port : ports_) {
        if (port != nullptr) port->connection->unpause(port->side);
    }
    // A loop that wakes up runs its timers before it looks at its sockets.
    if (core_->next_deadline() <= agenda_.now()) core_->tick(agenda_.now());
    turn();
}

void Machine::lose_state(Duration clock_error) {
    options_.epoch = 0;
    clock_error_ = clock_error;
}

std::vector<Machine::Wire> Machine::wires() const {
    std::vector<Wire> result;
    for (const auto& port : ports_) {
        if (port != nullptr && port->kind == routing::LinkKind::network)
            result.push_back({port->link, port->connection, port->side});
    }
    return result;
}

void Machine::attach_process() {
    auto connection = std::make_shared<Connection>(agenda_, random_, inside_);
    process_ = std::make_unique<Process>(
        [connection](wire::Frame&& frame) { connection->send(1, frame); }, options_.pool);
    process_end_ = std::make_unique<ProcessEnd>(*process_, connection);
    connection->attach(1, *process_end_);
    routing::LinkOptions link;
    link.kind = routing::LinkKind::local;
    link.terminal = "local";
    link.process = "process";
    link.peer_pool = options_.pool;
    process_link_ = free_link();
    plug(std::move(connection), 0, std::move(link), {});
}

void Machine::announce(const std::string& service, Offered& offered) {
    process_->serve(service, offered.behaviour);
    routing::LocalService local;
    local.name = service;
    local.link = process_link_;
    offered.instance = core_->offer(agenda_.now(), std::move(local));
}

void Machine::offer(const std::string& service, Behaviour behaviour) {
    withdraw(service);
    Offered& offered = offered_[service];
    offered = {behaviour, 0};
    if (!running()) return;
    announce(service, offered);
    turn();
}

void Machine::withdraw(const std::string& service) {
    const auto offered = offered_.find(service);
    if (offered == offered_.end()) return;
    if (running()) core_->withdraw(agenda_.now(), offered->second.instance);
    offered_.erase(offered);
    if (running()) turn();
}

std::shared_ptr<const Call> Machine::call(const std::string& destination, std::string payload,
                                          bool hold, wire::TrafficClass traffic_class) {
    auto call = process_->call(destination, std::move(payload), hold, traffic_class);
    process_end_->connection->flush(1);
    return call;
}

void Machine::cancel(const Call& call) {
    process_->cancel(call);
    process_end_->connection->flush(1);
}

void Machine::set_load(double per_core) {
    core_->set_load(agenda_.now(), per_core);
    turn();
}

void Machine::plug(std::shared_ptr<Connection> connection, int side, routing::LinkOptions options,
                   std::function<void()> gone) {
    const LinkId link = free_link();
    if (link == ports_.size()) ports_.emplace_back();
    auto port = std::make_unique<Port>(*this, link, options.kind);
    port->connection = std::move(connection);
    port->side = side;
    port->gone = std::move(gone);
    port->connection->attach(side, *port);
    ports_[link] = std::move(port);
    core_->add_link(agenda_.now(), link, std::move(options));
    turn();
}

LinkId Machine::free_link() const {
    return static_cast<LinkId>(std::find(ports_.begin(), ports_.end(), nullptr) - ports_.begin());
}

/// Carries out what the core asks for until it asks for nothing.
void Machine::turn() {
    if (paused_) return;
    for (;;) {
        core_->take(actions_);
        if (actions_.ready.empty() && actions_.close.empty() && actions_.events.empty()) break;
        for (routing::Event& event : actions_.events) {
            agenda_.note(wire::digest(event.subject) + static_cast<std::uint64_t>(event.kind));
            events_.push_back(std::move(event));
            event_times_.push_back(agenda_.now());
        }
        for (const LinkId link : actions_.ready) pump(link);
        for (const auto& close : actions_.close) {
            pump(close.link);
            if (close.link < ports_.size() && ports_[close.link] != nullptr) {
                ports_[close.link]->connection->close(ports_[close.link]->side, close.reason);
                remove(close.link, close.reason);
            }
        }
    }
    schedule_tick();
}

void Machine::pump(LinkId link) {
    if (link >= ports_.size() || ports_[link] == nullptr) return;
    const Port& port = *ports_[link];
    wire::Frame frame;
    while (port.connection->has_room(port.side) && core_->pull(agenda_.now(), link, frame)) {
        if (port.kind == routing::LinkKind::network && frame.header.label == 0 &&
            !frame.header.is(wire::FrameType::heartbeat)) {
            ++control_frames_;
            last_control_ = agenda_.now();
        }
        if (port.kind == routing::LinkKind::network && *witness_) (*witness_)(*this, frame);
        port.connection->send(port.side, frame);
    }
    port.connection->flush(port.side);
}

void Machine::remove(LinkId link, const Error& reason) {
    const std::unique_ptr<Port> port = std::move(ports_[link]);
    core_->remove_link(agenda_.now(), link, reason);
    if (port->gone) port->gone();
}

void Machine::schedule_tick() {
    const Time when = core_->next_deadline();
    if (when >= tick_at_) return;
    tick_at_ = when;
    agenda_.at(when, [this, when, life = life_] {
        if (life != life_ || !running() || when != tick_at_) return;
        tick_at_ = Time::max();
        if (paused_) return;
        if (core_->next_deadline() <= agenda_.now()) core_->tick(agenda_.now());
        turn();
    });
}

Result<routing::Choice> Machine::resolve(const std::string& address) const {
    if (!running()) return Error(Code::closed, name() + " does not run");
    return core_->resolve(agenda_.now(), address);
}

std::string Machine::path(const std::string& address) const {
    const auto choice = resolve(address);
    if (!choice) return choice.error().line();
    return joined(choice->machines, " > ");
}

std::string Machine::nearest(const std::string& address) const {
    const auto choice = resolve(address);
    return choice ? choice->machines.back() : choice.error().line();
}

std::vector<routing::LinkRow> Machine::links() const {
    return running() ? core_->links() : std::vector<routing::LinkRow>();
}

std::size_t Machine::links_up(const std::string& machine) const {
    const auto rows = links();
    return static_cast<std::size_t>(std::ranges::count_if(rows, [&](const routing::LinkRow& row) {
        return row.kind == routing::LinkKind::network && row.state == "up" &&
               (machine.empty() || row.machine == machine);
    }));
}

std::vector<std::string> Machine::services() const {
    std::vector<std::string> names;
    names.reserve(offered_.size());
    for (const auto& [service, offered] : offered_) names.push_back(service);
    return names;
}

std::size_t Machine::count(routing::Event::Kind kind) const {
    return static_cast<std::size_t>(std::ranges::count(events_, kind, &routing::Event::kind));
}

}  // namespace jetway::simulate
