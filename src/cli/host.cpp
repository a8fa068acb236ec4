#include "cli/host.hpp"

#include <algorithm>
#include <cstdlib>
#include <thread>
#include <unistd.h>

#include "attach/attach.hpp"
#include "base/log.hpp"
#include "cli/kinds.hpp"
#include "stream/kind_gate.hpp"

namespace jetway::cli {
namespace {

using namespace std::chrono_literals;

constexpr Duration ready_patience = 2s;
constexpr Duration neighbour_patience = 1s;
constexpr Duration stop_patience = 300ms;
constexpr Duration load_interval = 5s;
constexpr std::uint32_t heartbeats_missed = 4;  // before a peer counts as gone

router::TerminalType router_type(deployment::TerminalType type) {
    switch (type) {
        case deployment::TerminalType::local:
            return router::TerminalType::local;
        case deployment::TerminalType::network:
            return router::TerminalType::network;
        case deployment::TerminalType::loopback:
            return router::TerminalType::loopback;
    }
    return router::TerminalType::network;
}

routing::Options routing_options(const deployment::Deployment& deployment,
                                 const deployment::Machine& machine, const Identity& identity) {
    routing::Options options;
    options.mesh = deployment.mesh;
    options.machine = machine.name;
    options.router = identity.router;
    options.epoch = identity.epoch;
    options.boot_nonce = system_random();
    const auto wall = std::chrono::system_clock::now().time_since_epoch();
    options.boot_time_us = static_cast<std::uint64_t>(wall / 1us);
    options.multiplier = heartbeats_missed;
    options.heartbeat = deployment.detect / heartbeats_missed;
    options.digest_interval = deployment.heartbeat;
    options.resume = deployment.resume;
    options.memory = machine.memory;
    options.pool = std::min<std::uint32_t>(options.pool, options.memory / 16);
    return options;
}

Error named(const Error& error, const std::string& service) {
    Error result = error;
    result.detail = service + ": " + error.detail;
    return result;
}

}  // namespace

/// A service inside the daemon, with a local terminal of its own. Members go in reverse: first the
/// offer.
struct Host::LocalService {
    std::string name;
    std::unique_ptr<stream::Session> session;
    std::unique_ptr<stream::Service> service;
    std::optional<stream::KindGate> gate;
    Handle offer;
};

Result<HostPlaces> usual_places(const std::string& mesh, const std::string& machine) {
    HostPlaces places;
    JETWAY_ASSIGN(places.runtime, attach::runtime_directory());
    JETWAY_ASSIGN(places.state, attach::state_directory(mesh, machine));
    return places;
}

Host::Host(io::EventLoop& loop, router::Transport transport)
    : loop_(loop), transport_(std::move(transport)) {}

Host::~Host() = default;

Result<> Host::start(const deployment::Deployment& deployment, const deployment::Machine& machine,
                     const HostPlaces& places) {
    machine_ = machine.name;
    const std::string what = "machine " + machine_;
    auto lock = LockFile::take(places.runtime + "/" + machine_ + ".lock", what);
    if (!lock) {
        Error error = lock.error();
        if (error.code == Code::already_running)
            error.next = "use it: jetway status --machine " + machine_ + "; or " + error.next;
        return error;
    }
    socket_lock_ = std::move(*lock);
    JETWAY_ASSIGN(identity_, take_identity(places.state, what + " of mesh " + deployment.mesh));
    JETWAY_TRY(start_router(deployment, machine, places));
    JETWAY_TRY(start_terminals(machine));
    for (const deployment::Service& service : machine.services) expected_.push_back(service.name);
    for (const deployment::Service& service : machine.services)
        JETWAY_TRY(start_service(service, places));
    for (const deployment::Pipeline& pipeline : deployment.pipelines) {
        router_->set_note("pipeline " + pipeline.name, pipeline.text);
    }
    router_->start_heartbeat(deployment.heartbeat);
    router_->set_on_event([this](const routing::Event&) { check_ready(false); });
    for (const deployment::Terminal& terminal : machine.terminals) {
        if (terminal.address && !terminal.machine.empty()) neighbours_.push_back(terminal.machine);
    }
    neighbour_timer_ = loop_.after(neighbour_patience, [this] {
        neighbours_.clear();
        check_ready(false);
    });
    ready_timer_ = loop_.after(ready_patience, [this] { check_ready(true); });
    first_check_ = loop_.after(0ms, [this] { check_ready(false); });
    load_timer_ = loop_.after(load_interval, [this] { measure_load(); });
    return success();
}

Result<> Host::start_router(const deployment::Deployment& deployment,
                            const deployment::Machine& machine, const HostPlaces& places) {
    random_ = std::make_unique<SeededRandom>(system_random());
    router_ = std::make_unique<router::RoutingServer>(
        kernel_, loop_, *random_, transport_, routing_options(deployment, machine, identity_));
    router_->set_largest_message(machine.message);
    socket_ = places.runtime + "/" + machine_ + ".sock";
    JETWAY_ASSIGN(Handle local, router_->listen_local("unix:" + socket_));
    listening_.push_back(std::move(local));
    return success();
}

Result<> Host::start_terminals(const deployment::Machine& machine) {
    for (const deployment::NetworkAddress& address : machine.listen) {
        auto listening = router_->listen(address.text());
        if (!listening) {
            Error error = listening.error();
            error.where = machine_ + " listens on " + address.text();
            if (error.code == Code::address_in_use && error.next.empty()) {
                error.next = "find who has it: ss -ltnp | grep " + address.text() +
                             ", or change listen: in the file";
            }
            return error;
        }
        listening_.push_back(std::move(*listening));
    }
    for (const deployment::Terminal& terminal : machine.terminals) {
        JETWAY_TRY(
            router_->create_terminal(terminal.name, router_type(terminal.type),
                                     terminal.address ? terminal.address->text() : std::string(),
                                     {terminal.machine, terminal.link}));
    }
    return success();
}

Result<> Host::start_service(const deployment::Service& service, const HostPlaces& places) {
    const ServiceMaker* maker = find_maker(service.kind);
    if (maker == nullptr)
        return Error(Code::bad_file, service.name + ": there is no kind " + service.kind);
    if (maker->kind->executable.empty()) {
        if (const Result<> started = start_local_service(service); !started) {
            return named(started.error(), service.name);
        }
        return success();
    }
    executables_.push_back(std::make_unique<ExecutableService>(
        loop_, ExecutableOptions{maker->kind->executable, machine_, service, places.environment},
        [this, name = service.name](const std::string& text) {
            router_->set_note("service " + name, text);
        }));
    return success();
}

Result<> Host::start_local_service(const deployment::Service& service) {
    const ServiceMaker& maker = *find_maker(service.kind);
    auto local = std::make_unique<LocalService>();
    local->name = service.name;
    local->session = std::make_unique<stream::Session>(
        router_->connect_local(service.name), loop_,
        stream::SessionOptions{service.name, static_cast<std::uint64_t>(getpid())});
    stream::ServiceContext context{
        *local->session, service.name, service.settings,
        [this](const std::string& key, const std::string& text) { router_->set_note(key, text); }};
    JETWAY_ASSIGN(local->service, maker.make(loop_, std::move(context)));
    local->gate.emplace(*maker.kind, *local->service);
    local->offer = local->session->offer(service.name, maker.capabilities(), *local->gate,
                                         [name = service.name](const Result<>& offered) {
                                             if (!offered)
                                                 log::error("{} cannot be offered: {}", name,
                                                            offered.error().line());
                                         });
    local_services_.push_back(std::move(local));
    return success();
}

void Host::set_on_ready(std::function<void(const std::vector<std::string>&)> on_ready) {
    on_ready_ = std::move(on_ready);
}

void Host::check_ready(bool is_late) {
    if (!on_ready_) return;
    const std::vector<std::string> offered = router_->local_services();
    std::erase_if(expected_, [&](const std::string& name) {
        return std::find(offered.begin(), offered.end(), name) != offered.end();
    });
    if (!(expected_.empty() && reaches_neighbours()) && !is_late) return;
    ready_timer_.reset();
    neighbour_timer_.reset();
    std::exchange(on_ready_, nullptr)(expected_);
}

bool Host::reaches_neighbours() {
    for (const routing::MachineRow& row : router_->core().machines(loop_.now())) {
        if (row.reachable) std::erase(neighbours_, row.machine);
    }
    return neighbours_.empty();
}

void Host::measure_load() {
    double runnable = 0;
    if (getloadavg(&runnable, 1) == 1)
        router_->set_load(runnable / std::max(std::thread::hardware_concurrency(), 1U));
    load_timer_ = loop_.after(load_interval, [this] { measure_load(); });
}

void Host::stop(std::function<void()> done) {
    stopped_ = std::move(done);
    on_ready_ = nullptr;
    neighbour_timer_.reset();
    still_running_ = executables_.size() + 1;
    const auto one_less = [this] {
        if (--still_running_ == 0) finish_stop();
    };
    stop_timer_ = loop_.after(stop_patience, [this] { finish_stop(); });
    for (const auto& executable : executables_) executable->stop(one_less);
    if (router_ == nullptr) return one_less();
    router_->stop(one_less);
}

void Host::finish_stop() {
    stop_timer_.reset();
    // Not from here: the caller destroys this host, and one of its parts may be calling.
    if (auto stopped = std::exchange(stopped_, nullptr)) loop_.post(std::move(stopped));
}

}  // namespace jetway::cli
