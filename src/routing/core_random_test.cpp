// Meshes and outages at random: whatever happened, when it is quiet again all machines know the
// same, and everybody who is connected is reached, by a real and shortest way.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <set>

#include "routing/exchange.hpp"

namespace jetway::routing {
namespace {

using namespace std::chrono_literals;

struct Cable {
    std::size_t number;
    int a;
    int b;
};

std::string name(int machine) {
    return "m" + std::to_string(machine);
}

/// A mesh, what is true of it, and what its machines should know.
class World {
public:
    explicit World(int machines) : mesh_(*rc::gen::arbitrary<std::uint64_t>()), size_(machines) {
        for (int i = 0; i < machines; ++i) {
            mesh_.add(name(i));
            serve(i);
        }
    }

    void happen() {
        const int a = *rc::gen::inRange(0, size_);
        const int b = *rc::gen::inRange(0, size_);
        switch (*rc::gen::inRange(0, 10)) {
            case 0:
                restart(a);
                break;
            case 1:
                cut();
                break;
            case 2:
                silence();
                break;
            case 3:
                mesh_.run_for(std::chrono::milliseconds(*rc::gen::inRange(1, 700)));
                break;
            case 4:
                mesh_.offer(name(a), "extra", link_[a]);
                break;
            case 5:
                mesh_.run_for(std::chrono::microseconds(*rc::gen::inRange(1, 2'000)));
                break;
            default:
                if (a != b) connect(a, b);
        }
    }

    /// Every physical link that both ends should use again.
    void settle() {
        mesh_.run_for(30s);
        std::erase_if(cables_, [this](const Cable& cable) { return !mesh_.is_open(cable.number); });
    }

    void check() {
        for (int from = 0; from < size_; ++from) {
            const std::vector<int> hops = distances(from);
            for (int to = 0; to < size_; ++to) {
                const auto choice =
                    mesh_.at(name(from)).resolve(mesh_.now(), "service-" + std::to_string(to));
                RC_ASSERT(choice.has_value() == (hops[static_cast<std::size_t>(to)] >= 0));
                if (!choice) {
                    RC_ASSERT(choice.error().code == Code::no_route ||
                              choice.error().code == Code::no_service);
                    continue;
                }
                // All cables cost the same.
                RC_ASSERT(static_cast<int>(choice->route.size()) - 1 ==
                          hops[static_cast<std::size_t>(to)]);
                RC_ASSERT(mesh_.at(name(from)).digest() == mesh_.at(name(to)).digest());
            }
        }
    }
    void check_quiet() {
        const std::uint64_t told = mesh_.told();
        mesh_.run_for(20s);
        RC_ASSERT(mesh_.told() == told);
    }

private:
    void serve(int machine) {
        link_[machine] = mesh_.attach(name(machine), "server");
        mesh_.offer(name(machine), "service-" + std::to_string(machine), link_[machine]);
    }
    void connect(int a, int b) {
        RC_LOG() << "connect " << a << " " << b << std::endl;
        cables_.push_back({mesh_.connect(name(a), name(b)), a, b});
    }
    void cut() {
        if (cables_.empty()) return;
        const auto number = cables_[*rc::gen::inRange<std::size_t>(0, cables_.size())].number;
        RC_LOG() << "cut " << number << std::endl;
        mesh_.cut(number);
    }
    void silence() {
        if (cables_.empty()) return;
        const auto number = cables_[*rc::gen::inRange<std::size_t>(0, cables_.size())].number;
        if (*rc::gen::arbitrary<bool>()) {
            RC_LOG() << "silence " << number << std::endl;
            mesh_.silence(number);
            return;
        }
        RC_LOG() << "stall " << number << std::endl;
        mesh_.stall(number);
        mesh_.run_for(std::chrono::milliseconds(*rc::gen::inRange(1, 700)));
        mesh_.resume(number);
    }
    void restart(int machine) {
        RC_LOG() << "restart " << machine << std::endl;
        mesh_.restart(name(machine));
        serve(machine);
    }
    std::vector<int> distances(int from) const {
        std::vector<int> hops(static_cast<std::size_t>(size_), -1);
        std::vector<int> queue{from};
        hops[static_cast<std::size_t>(from)] = 0;
        for (std::size_t i = 0; i < queue.size(); ++i) {
            for (const Cable& cable : cables_) {
                if (cable.a != queue[i] && cable.b != queue[i]) continue;
                const int other = cable.a == queue[i] ? cable.b : cable.a;
                if (hops[static_cast<std::size_t>(other)] >= 0) continue;
                hops[static_cast<std::size_t>(other)] =
                    hops[static_cast<std::size_t>(queue[i])] + 1;
                queue.push_back(other);
            }
        }
        return hops;
    }

    Exchange mesh_;
    int size_;
    std::map<int, LinkId> link_;
    std::vector<Cable> cables_;
};

RC_GTEST_PROP(CoreAtRandom, WhateverHappenedAllAgreeWhenItIsQuiet, ()) {
    World world(*rc::gen::inRange(2, 8));
    const auto events = *rc::gen::inRange(1, 60);
    for (int i = 0; i < events; ++i) world.happen();
    world.settle();
    world.check();
    world.check_quiet();
}

}  // namespace
}  // namespace jetway::routing
