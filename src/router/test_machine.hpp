// Machines for tests: routing servers in one process, joined by a switchboard instead of sockets.
#pragma once

#include <functional>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "kernel/manual_timer.hpp"
#include "router/routing_server.hpp"

namespace jetway::router {

/// A transport inside the test: who dials an address reaches who listens there.
class Switchboard {
public:
    explicit Switchboard(Timer& timer) : timer_(timer) {}

    Transport transport() {
        return {[this](const std::string& address,
                       std::function<void(ConnectionPtr)> accepted) -> Result<Handle> {
                    if (listeners_.contains(address)) return Error(Code::address_in_use, address);
                    listeners_[address] = std::move(accepted);
                    return Handle([this, address] { listeners_.erase(address); });
                },
                [this](const std::string& address,
                       std::function<void(Result<ConnectionPtr>)> connected) {
                    auto alive = std::make_shared<bool>(true);
                    timer_.post([this, address, alive, connected = std::move(connected)] {
                        if (*alive) connect(address, connected);
                    });
                    return Handle([alive] { *alive = false; });
                }};
    }

private:
    void connect(const std::string& address,
                 const std::function<void(Result<ConnectionPtr>)>& connected) {
        const auto listener = listeners_.find(address);
        if (listener == listeners_.end())
            return connected(Error(Code::closed, "connection refused " + address));
        auto [dialled, accepted] = connection_pair(timer_, address);
        listener->second(std::move(accepted));
        connected(std::move(dialled));
    }

    Timer& timer_;
    std::map<std::string, std::function<void(ConnectionPtr)>> listeners_;
};

struct Machine {
    Machine(Timer& timer, Switchboard& board, const std::string& name, routing::RouterId id)
        : random(id), server(kernel, timer, random, board.transport(), options(name, id)) {
        listening = server.listen(name + ":1").value();
    }
    static routing::Options options(const std::string& name, routing::RouterId id) {
        routing::Options options;
        options.machine = name;
        options.router = id;
        options.epoch = 1;
        options.boot_nonce = id * 7;
        return options;
    }
    void dial(const std::string& other) {
        const auto done =
            server.create_terminal("to-" + other, TerminalType::network, other + ":1", {other, {}});
        ASSERT_TRUE(done);
    }
    std::vector<std::string> route_texts() const {
        std::vector<std::string> texts;
        for (const auto& row : server.known_routes()) {
            texts.push_back(row.service + "@" + row.machine + " via " + row.terminal + " " +
                            std::to_string(row.hops));
        }
        return texts;
    }

    Kernel kernel;
    SeededRandom random;
    RoutingServer server;
    Handle listening;
};

}  // namespace jetway::router
