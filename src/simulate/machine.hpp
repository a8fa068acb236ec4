// A simulated machine: the real routing core, its ends of connections, one process, and what a
// daemon would do for them. Scenarios ask it what it knows.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "routing/core.hpp"
#include "simulate/connection.hpp"
#include "simulate/process.hpp"

namespace jetway::simulate {

class Machine;
/// Sees each frame that leaves for another machine.
using Witness = std::function<void(const Machine& from, const wire::Frame& frame)>;

class Machine {
public:
    /// References outlive the machine. It does not run before boot().
    Machine(Agenda& agenda, Random& random, routing::Options options);
    ~Machine();

    // Life.
    /// A new epoch; the services it had are offered again.
    void boot();
    /// The daemon is killed: its sockets close. `silently`: the host vanishes, nobody is told.
    void halt(bool silently);
    /// No new streams come to it or through it; or: it says goodbye. It still runs.
    void drain();
    void say_goodbye();
    bool running() const { return core_ != nullptr; }
    /// The daemon stands still: what arrives waits in its sockets, and nothing leaves.
    void pause();
    void unpause();
    bool paused() const { return paused_; }
    /// Whoever dials gets through to it.
    bool accepts() const { return running() && !paused_; }
    /// The next boot finds no state on disk, and a clock that is wrong by so much.
    void lose_state(Duration clock_error);
    /// Knows all of these, as if it had heard of them long ago.
    void learn(std::span<const routing::NodePtr> records) { core_->learn(agenda_.now(), records); }
    /// For stream bytes that wait, from the next boot on.
    void set_memory(std::size_t bytes) { options_.memory = bytes; }
    /// One more with each boot.
    std::uint64_t life() const { return life_; }

    // What a scenario does here.
    void offer(const std::string& service, Behaviour behaviour = Behaviour::echo);
    void withdraw(const std::string& service);
    std::shared_ptr<const Call> call(const std::string& destination, std::string payload,
                                     bool hold = false,
                                     wire::TrafficClass traffic_class = wire::TrafficClass::normal);
    void cancel(const Call& call);
    /// Runnable work per core, measured.
    void set_load(double per_core);

    // What a scenario asks. All of it is false or empty while the machine does not run.
    const std::string& name() const { return options_.machine; }
    routing::RouterId router() const { return options_.router; }
    bool reaches(const std::string& address) const { return resolve(address).has_value(); }
    Result<routing::Choice> resolve(const std::string& address) const;
    /// "a > b > c", or the line of the error.
    std::string path(const std::string& address) const;
    /// Whose instance a stream to `address` would reach.
    std::string nearest(const std::string& address) const;
    /// Network links that are up, to `machine` or to anybody.
    std::size_t links_up(const std::string& machine = {}) const;
    std::vector<routing::LinkRow> links() const;
    std::vector<std::string> services() const;
    const routing::Core& core() const { return *core_; }
    const Process& process() const { return *process_; }
    /// Since the machine was added.
    const std::vector<routing::Event>& events() const { return events_; }
    /// When each was.
    const std::vector<Time>& event_times() const { return event_times_; }
    std::size_t count(routing::Event::Kind kind) const;

    /// The network links, each with its connection and the side of it.
    struct Wire {
        routing::LinkId link = routing::no_link;
        std::shared_ptr<const Connection> connection;
        int side = 0;
    };
    std::vector<Wire> wires() const;

    // For the mesh.
    void set_witness(const Witness* witness) { witness_ = witness; }
    /// An end of a connection becomes a link. `gone` is called when it has closed, once.
    void plug(std::shared_ptr<Connection> connection, int side, routing::LinkOptions options,
              std::function<void()> gone);
    /// Frames on label 0 of network links other than heartbeats, and when the last one left.
    std::uint64_t control_frames() const { return control_frames_; }
    Time last_control() const { return last_control_; }

private:
    struct Port;
    struct ProcessEnd;
    struct Offered {
        Behaviour behaviour;
        std::uint64_t instance;
    };

    void attach_process();
    void announce(const std::string& service, Offered& offered);
    void turn();
    void pump(routing::LinkId link);
    void remove(routing::LinkId link, const Error& reason);
    void schedule_tick();
    routing::LinkId free_link() const;

    Agenda& agenda_;
    Random& random_;
    routing::Options options_;
    Cable inside_;  // between the daemon and its process
    std::unique_ptr<routing::Core> core_;
    std::vector<std::unique_ptr<Port>> ports_;  // by LinkId
    std::unique_ptr<Process> process_;
    std::unique_ptr<ProcessEnd> process_end_;
    routing::LinkId process_link_ = routing::no_link;
    std::map<std::string, Offered> offered_;
    std::vector<routing::Event> events_;
    std::vector<Time> event_times_;
    routing::Actions actions_;
    const Witness* witness_ = nullptr;
    bool paused_ = false;
    Duration clock_error_{};
    Time tick_at_ = Time::max();
    std::uint64_t life_ = 0;  // actions of an earlier life do nothing
    std::uint64_t control_frames_ = 0;
    Time last_control_{};
};

}  // namespace jetway::simulate
