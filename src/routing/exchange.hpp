// For tests: a few cores joined by cables in memory, under a clock the test holds. Frames arrive in
// order after the cable's delay. A local link's other end is the test itself.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "routing/core.hpp"

namespace jetway::routing {

class Exchange {
public:
    using Setup = void (*)(Options&);

    explicit Exchange(std::uint64_t seed = 1) : random_(seed) {}

    /// Router ids follow the order of adding: 1, 2, ...
    Core& add(const std::string& machine, Setup setup = nullptr) {
        Options options;
        options.machine = machine;
        options.router = ++routers_;
        options.epoch = 1'000 + ++epochs_;
        options.boot_nonce = random_.next();
        options.boot_time_us = options.epoch;
        if (setup != nullptr) setup(options);
        return boot(std::move(options));
    }
    /// The same machine again, in a later epoch, with nothing but its identity.
    Core& restart(const std::string& machine, std::optional<std::uint64_t> epoch = {}) {
        Options options = at(machine).options();
        kill(machine);
        options.epoch = epoch.value_or(options.epoch + 1'000);
        options.boot_nonce = random_.next();
        return boot(std::move(options));
    }
    /// Its links close at the other ends as a kernel closes a killed process's sockets.
    void kill(const std::string& machine) {
        for (auto& cable : cables_) {
            for (int side = 0; side < 2; ++side) {
                if (cable->ends[side].machine != machine) continue;
                hang_up(*cable, side, "connection reset");
                cable->ends[side].open = false;
                cable->ends[side].arriving.clear();
            }
        }
        machines_.erase(machine);
    }

    /// `a` dials `b`. The cable's number.
    std::size_t connect(const std::string& a, const std::string& b,
                        const std::string& link_name = {},
                        Duration delay = std::chrono::microseconds(200)) {
        auto cable = std::make_unique<Cable>();
        cable->delay = delay;
        cable->ends[0].machine = a;
        cable->ends[1].machine = b;
        const std::size_t number = cables_.size();
        cables_.push_back(std::move(cable));
        for (int side = 0; side < 2; ++side) {
            End& end = cables_[number]->ends[side];
            Machine& machine = *machines_.at(end.machine);
            end.link = machine.free_link();
            machine.cables[end.link] = {number, side};
            LinkOptions options;
            options.dialled = side == 0;
            options.terminal = "to-" + (side == 0 ? b : a);
            if (side == 0) options.link_name = link_name;
            end.open = true;
            machine.core->add_link(now_, end.link, options);
        }
        settle();
        return number;
    }
    /// Both ends notice at once.
    void cut(std::size_t cable) {
        for (int side = 0; side < 2; ++side) hang_up(*cables_[cable], side, "connection reset");
        for (int side = 0; side < 2; ++side) lose(*cables_[cable], side, "connection reset");
        settle();
    }
    /// Nobody notices: frames vanish.
    void silence(std::size_t cable) { cables_[cable]->silent = true; }
    void restore(std::size_t cable) { cables_[cable]->silent = false; }
    /// Frames wait instead, and arrive together afterwards.
    void stall(std::size_t cable) { cables_[cable]->stalled = true; }
    void resume(std::size_t cable) {
        cables_[cable]->stalled = false;
        for (End& end : cables_[cable]->ends) {
            for (Arrival& arrival : end.arriving) arrival.when = std::max(arrival.when, now_);
        }
    }
    void delay(std::size_t cable, Duration delay) { cables_[cable]->delay = delay; }
    bool is_open(std::size_t cable) const {
        return cables_[cable]->ends[0].open && cables_[cable]->ends[1].open;
    }

    /// A process of the machine: its frames come to heard(), say() speaks for it.
    LinkId attach(const std::string& machine, const std::string& process) {
        Machine& host = *machines_.at(machine);
        const LinkId link = host.free_link();
        host.processes[link];
        LinkOptions options;
        options.kind = LinkKind::local;
        options.dialled = false;
        options.terminal = "local";
        options.process = process;
        options.peer_pool = 1 << 20U;
        host.core->add_link(now_, link, options);
        return link;
    }
    void say(const std::string& machine, LinkId link, wire::Frame frame) {
        at(machine).receive(now_, link, std::move(frame));
        settle();
    }
    /// What the process heard since the last call.
    std::vector<wire::Frame> heard(const std::string& machine, LinkId link) {
        return std::exchange(machines_.at(machine)->processes[link], {});
    }
    std::uint64_t offer(const std::string& machine, const std::string& service, LinkId link,
                        bool hidden = false) {
        LocalService offered;
        offered.name = service;
        offered.link = link;
        offered.hidden = hidden;
        const auto instance = at(machine).offer(now_, std::move(offered));
        settle();
        return instance;
    }
    void withdraw(const std::string& machine, std::uint64_t instance) {
        at(machine).withdraw(now_, instance);
        settle();
    }

    /// Lets time pass; everything that happens meanwhile happens in order.
    void run_for(Duration duration) {
        const Time end = now_ + duration;
        settle();
        int at_once = 0;  // a deadline that a tick does not move would stop the clock
        for (Time next = next_event(); next <= end; next = next_event()) {
            at_once = next > now_ ? 0 : at_once + 1;
            if (at_once > 10'000) throw std::logic_error("time stands still");
            now_ = std::max(now_, next);
            deliver();
            for (auto& [name, machine] : machines_) {
                if (machine->core->next_deadline() <= now_) machine->core->tick(now_);
            }
            settle();
        }
        now_ = end;
    }

    Core& at(const std::string& machine) { return *machines_.at(machine)->core; }
    Time now() const { return now_; }
    /// Events of the machine since it was added.
    const std::vector<Event>& events(const std::string& machine) const {
        return machines_.at(machine)->events;
    }
    std::size_t count(const std::string& machine, Event::Kind kind) const {
        return static_cast<std::size_t>(std::ranges::count(events(machine), kind, &Event::kind));
    }
    /// Why links of the machine were closed by itself.
    const std::vector<Error>& closed(const std::string& machine) const {
        return machines_.at(machine)->closed;
    }
    /// Frames other than heartbeats that travelled between machines.
    std::uint64_t told() const { return told_; }
    bool reaches(const std::string& machine, const std::string& address) {
        return at(machine).resolve(now_, address).has_value();
    }

private:
    struct Arrival {
        Time when;
        std::optional<wire::Frame> frame;  // nothing: the other end hung up
        std::string reason;
    };
    struct End {
        std::string machine;
        LinkId link = no_link;
        bool open = false;
        std::deque<Arrival> arriving;
    };
    struct Cable {
        End ends[2];
        Duration delay{};
        bool silent = false;
        bool stalled = false;
    };
    struct Machine {
        std::unique_ptr<Core> core;
        std::map<LinkId, std::pair<std::size_t, int>> cables;
        std::map<LinkId, std::vector<wire::Frame>> processes;
        std::vector<Event> events;
        std::vector<Error> closed;

        LinkId free_link() const {
            LinkId link = 0;
            while (cables.contains(link) || processes.contains(link)) ++link;
            return link;
        }
    };

    Core& boot(Options options) {
        auto machine = std::make_unique<Machine>();
        const std::string name = options.machine;
        machine->core = std::make_unique<Core>(std::move(options), random_, now_);
        machines_[name] = std::move(machine);
        return at(name);
    }

    Time next_event() const {
        Time next = Time::max();
        for (const auto& [name, machine] : machines_) {
            next = std::min(next, machine->core->next_deadline());
        }
        for (const auto& cable : cables_) {
            if (cable->stalled) continue;
            for (const End& end : cable->ends) {
                if (!end.arriving.empty()) next = std::min(next, end.arriving.front().when);
            }
        }
        return next;
    }

    void deliver() {
        for (std::size_t i = 0; i < cables_.size(); ++i) {
            for (End& end : cables_[i]->ends) {
                while (!cables_[i]->stalled && !end.arriving.empty() &&
                       end.arriving.front().when <= now_) {
                    Arrival arrival = std::move(end.arriving.front());
                    end.arriving.pop_front();
                    if (!end.open) continue;
                    if (arrival.frame) {
                        at(end.machine).receive(now_, end.link, std::move(*arrival.frame));
                        settle();
                    } else {
                        lose(*cables_[i], &end - cables_[i]->ends, arrival.reason);
                    }
                }
            }
        }
    }

    /// Everything that can leave leaves.
    void settle() {
        int turns = 0;
        for (bool busy = true; busy;) {
            if (++turns > 10'000) throw std::logic_error("the cores do not come to rest");
            busy = false;
            for (auto& [name, machine] : machines_) busy = turn(*machine) || busy;
        }
    }

    bool turn(Machine& machine) {
        Actions actions;
        machine.core->take(actions);
        for (Event& event : actions.events) machine.events.push_back(std::move(event));
        for (const LinkId link : actions.ready) pump(machine, link);
        for (const auto& close : actions.close) {
            pump(machine, close.link);
            machine.closed.push_back(close.reason);
            const auto found = machine.cables.find(close.link);
            if (found == machine.cables.end()) continue;
            const auto [number, side] = found->second;
            hang_up(*cables_[number], side, "closed by the peer");
            lose(*cables_[number], side, close.reason.line());
        }
        return !actions.ready.empty() || !actions.close.empty();
    }

    void pump(Machine& machine, LinkId link) {
        wire::Frame frame;
        while (machine.core->pull(now_, link, frame)) {
            if (const auto process = machine.processes.find(link);
                process != machine.processes.end()) {
                process->second.push_back(std::move(frame));
                continue;
            }
            const auto found = machine.cables.find(link);
            if (found == machine.cables.end()) continue;
            const auto [number, side] = found->second;
            if (!frame.header.is(wire::FrameType::heartbeat)) ++told_;
            if (cables_[number]->silent) continue;
            cables_[number]->ends[1 - side].arriving.push_back(
                {now_ + cables_[number]->delay, std::move(frame), {}});
        }
    }

    /// The side's end goes; the other one learns of it after the delay.
    void hang_up(Cable& cable, int side, std::string reason) {
        if (!cable.ends[side].open || cable.silent) return;
        cable.ends[1 - side].arriving.push_back({now_ + cable.delay, {}, std::move(reason)});
    }
    void lose(Cable& cable, std::ptrdiff_t side, const std::string& reason) {
        End& end = cable.ends[side];
        if (!std::exchange(end.open, false)) return;
        end.arriving.clear();
        const auto found = machines_.find(end.machine);
        if (found == machines_.end()) return;
        found->second->cables.erase(end.link);
        found->second->core->remove_link(now_, end.link, Error(Code::closed, reason));
    }

    SeededRandom random_;
    Time now_{std::chrono::seconds(1'000)};
    RouterId routers_ = 0;
    std::uint64_t epochs_ = 0;
    std::uint64_t told_ = 0;
    std::map<std::string, std::unique_ptr<Machine>> machines_;
    std::vector<std::unique_ptr<Cable>> cables_;
};

}  // namespace jetway::routing
