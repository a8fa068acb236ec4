// Host: one machine of a deployment in this process. It brings the parts together: kernel, router
// with its transports, the machine's services, and the socket where commands and executables
// attach. Several may share a process and a loop.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "cli/executable_service.hpp"
#include "cli/identity.hpp"
#include "deployment/deployment.hpp"
#include "io/event_loop.hpp"
#include "kernel/kernel.hpp"
#include "router/routing_server.hpp"
#include "stream/session.hpp"

namespace jetway::cli {

/// Where a host keeps things.
struct HostPlaces {
    std::string state;    // an existing folder: identity
    std::string runtime;  // an existing folder, ending in /jetway: MACHINE.sock
    /// For executables that are to find a runtime folder which is not the usual one.
    std::map<std::string, std::string> environment;
};
/// Those of attach.hpp. E-IO.
Result<HostPlaces> usual_places(const std::string& mesh, const std::string& machine);

class Host {
public:
    /// `transport` is what network terminals use. The loop outlives the host.
    Host(io::EventLoop& loop, router::Transport transport);
    ~Host();  // at once: services are destroyed, their processes killed

    /// Takes the machine's locks, listens, dials, starts the services. After an error the host is
    /// to be destroyed. E-ALREADY-RUNNING naming the pid, E-ADDRESS-IN-USE naming the address,
    /// E-BAD-FILE naming the service.
    Result<> start(const deployment::Deployment& deployment, const deployment::Machine& machine,
                   const HostPlaces& places);
    /// Called once, from the loop: when every service is offered and every neighbour is reached,
    /// but a neighbour is waited for no longer than a second, and a service no longer than two;
    /// with the names of the services that are not offered.
    void set_on_ready(std::function<void(const std::vector<std::string>& missing)> on_ready);
    /// Says goodbye to the mesh and asks the executables to end, then calls `done`, within 300 ms.
    /// Destroy the host afterwards.
    void stop(std::function<void()> done);

    const std::string& machine() const { return machine_; }
    router::RoutingServer& router() { return *router_; }
    std::string socket() const { return socket_; }

private:
    struct LocalService;

    Result<> start_router(const deployment::Deployment& deployment,
                          const deployment::Machine& machine, const HostPlaces& places);
    Result<> start_terminals(const deployment::Machine& machine);
    Result<> start_service(const deployment::Service& service, const HostPlaces& places);
    Result<> start_local_service(const deployment::Service& service);
    void check_ready(bool is_late);
    bool reaches_neighbours();
    void measure_load();
    void finish_stop();

    io::EventLoop& loop_;
    router::Transport transport_;
    std::string machine_;
    std::string socket_;
    LockFile socket_lock_;
    Identity identity_;
    std::unique_ptr<Random> random_;
    Kernel kernel_;
    std::unique_ptr<router::RoutingServer> router_;
    std::vector<Handle> listening_;
    std::vector<std::unique_ptr<LocalService>> local_services_;
    std::vector<std::unique_ptr<ExecutableService>> executables_;
    std::vector<std::string> expected_;    // services that are not offered yet
    std::vector<std::string> neighbours_;  // whom the terminals lead to, not reached yet
    Handle neighbour_timer_;
    Handle load_timer_;
    std::function<void(const std::vector<std::string>&)> on_ready_;
    std::function<void()> stopped_;
    std::size_t still_running_ = 0;
    Handle first_check_;
    Handle ready_timer_;
    Handle stop_timer_;
};

}  // namespace jetway::cli
