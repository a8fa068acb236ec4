#include "cli/transports.hpp"

#include <algorithm>

#include "transport/transport.hpp"

namespace jetway::cli {

static_assert(transport::most_threads == deployment::most_threads);

namespace {

using TransportPtr = std::shared_ptr<transport::Transport>;

/// Where an address leads, and what it is called there.
struct Target {
    transport::Transport& transport;
    std::string address;
};
using Choose = std::function<Target(const std::string& address)>;

router::Transport chosen(const Choose& choose) {
    router::Transport result;
    result.listen = [choose](const std::string& address,
                             std::function<void(ConnectionPtr)> accepted) {
        const Target target = choose(address);
        return target.transport.listen(target.address, std::move(accepted));
    };
    result.dial = [choose](const std::string& address,
                           std::function<void(Result<ConnectionPtr>)> connected) {
        const Target target = choose(address);
        return target.transport.dial(target.address, std::move(connected));
    };
    return result;
}

}  // namespace

router::Transport socket_transport(io::EventLoop& loop, std::size_t threads) {
    const TransportPtr sockets = transport::make_socket_transport(loop, threads);
    router::Transport result =
        chosen([sockets](const std::string& address) { return Target{*sockets, address}; });
    result.threads = threads;
    return result;
}

std::size_t threads_of(const deployment::Machine& machine, std::size_t cores) {
    if (machine.threads != 0) return machine.threads;
    return cores < 4 ? 1 : std::min<std::size_t>(cores / 2, 4);
}

router::Transport process_transport(io::EventLoop& loop) {
    const TransportPtr sockets = transport::make_socket_transport(loop);
    const TransportPtr names = transport::make_loopback_transport(loop);
    return chosen([sockets, names](const std::string& address) {
        if (address.starts_with("unix:")) return Target{*sockets, address};
        return Target{*names, "loopback:" + address};
    });
}

}  // namespace jetway::cli
