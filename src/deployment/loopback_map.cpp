#include "deployment/loopback_map.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace jetway::deployment {
namespace {

using Family = NetworkAddress::Family;

constexpr std::uint32_t loopback_net = 127U << 24U;
constexpr std::uint32_t spare_hosts = loopback_net | 77U << 16U;  // for what has no octets to keep
constexpr std::uint32_t octets_kept = 0x00ffffffU;

class Mapper {
public:
    explicit Mapper(const Deployment& deployment) : from_(deployment) {
        map_.deployment = deployment;
    }

    LoopbackMap run() {
        each_address([this](const NetworkAddress& address) {
            if (address.family == Family::ipv4 && address.is_loopback())
                taken_.insert(address.ipv4);
        });
        each_address([this](const NetworkAddress& address) {
            if (!address.is_wildcard()) mapped(address);
        });
        for (std::size_t i = 0; i < from_.machines.size(); ++i) move_listen(i);
        for (Machine& machine : map_.deployment.machines) {
            for (Terminal& terminal : machine.terminals) move_terminal(terminal);
        }
        return std::move(map_);
    }

private:
    template <typename Action>
    void each_address(Action action) const {
        for (const Machine& machine : from_.machines) {
            for (const NetworkAddress& address : machine.listen) action(address);
            for (const Terminal& terminal : machine.terminals) {
                if (terminal.address) action(*terminal.address);
            }
        }
    }

    static NetworkAddress at(std::uint32_t host, std::uint16_t port) {
        NetworkAddress address;
        address.family = Family::ipv4;
        address.ipv4 = host;
        address.host = ipv4_text(host);
        address.port = port;
        return address;
    }

    std::uint32_t free_from(std::uint32_t host) {
        const auto usable = [this](std::uint32_t candidate) {
            const std::uint32_t octets = candidate & octets_kept;
            return octets != 0 && octets != octets_kept && !taken_.contains(candidate);
        };
        while (!usable(host)) host = loopback_net | ((host + 1) & octets_kept);
        taken_.insert(host);
        return host;
    }

    /// Where a concrete address goes; the same host always goes to the same place.
    NetworkAddress mapped(const NetworkAddress& address) {
        if (address.is_loopback()) return address;
        const auto known = hosts_.find(address.host);
        if (known != hosts_.end()) return at(known->second, address.port);
        const bool has_octets = address.family == Family::ipv4;
        const std::uint32_t wanted =
            has_octets ? loopback_net | (address.ipv4 & octets_kept) : spare_hosts | 1U;
        const std::uint32_t host = free_from(wanted);
        hosts_.emplace(address.host, host);
        map_.hosts.push_back({address.host, ipv4_text(host)});
        return at(host, address.port);
    }

    void move_listen(std::size_t index) {
        const Machine& from = from_.machines[index];
        Machine& to = map_.deployment.machines[index];
        to.listen.clear();
        to.listen_places.clear();
        for (std::size_t i = 0; i < from.listen.size(); ++i) {
            const auto moved = from.listen[i].is_wildcard()
                                   ? instead_of_wildcard(from, from.listen[i].port)
                                   : std::vector<NetworkAddress>{mapped(from.listen[i])};
            for (const NetworkAddress& address : moved) {
                if (std::find(to.listen.begin(), to.listen.end(), address) != to.listen.end())
                    continue;
                to.listen.push_back(address);
                to.listen_places.push_back(from.listen_places[i]);
            }
        }
    }

    /// On one host two machines cannot both have every address: each gets those that others dial.
    std::vector<NetworkAddress> instead_of_wildcard(const Machine& machine, std::uint16_t port) {
        std::vector<NetworkAddress> result;
        for (const Machine& other : from_.machines) {
            for (const Terminal& terminal : other.terminals) {
                const auto& address = terminal.address;
                if (terminal.machine != machine.name || !address || address->port != port) continue;
                if (address->family != Family::unix_socket) result.push_back(mapped(*address));
            }
        }
        if (result.empty()) {
            const std::uint32_t host = free_from(spare_hosts | 1U);
            map_.hosts.push_back({"any address of " + machine.name, ipv4_text(host)});
            result.push_back(at(host, port));
        }
        return result;
    }

    void move_terminal(Terminal& terminal) {
        if (!terminal.address) return;
        terminal.address = mapped(*terminal.address);
        const Machine* target = map_.deployment.find(terminal.machine);
        if (target == nullptr || target->listen.empty()) return;
        const auto& listen = target->listen;
        if (std::find(listen.begin(), listen.end(), *terminal.address) != listen.end()) return;
        const auto same_port = std::find_if(
            listen.begin(), listen.end(),
            [&](const NetworkAddress& address) { return address.port == terminal.address->port; });
        terminal.address = same_port == listen.end() ? listen.front() : *same_port;
    }

    const Deployment& from_;
    LoopbackMap map_;
    std::set<std::uint32_t> taken_;
    std::map<std::string, std::uint32_t> hosts_;
};

}  // namespace

LoopbackMap map_to_loopback(const Deployment& deployment) {
    return Mapper(deployment).run();
}

}  // namespace jetway::deployment
