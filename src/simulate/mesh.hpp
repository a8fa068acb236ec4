// A whole mesh in one thread under virtual time: real routing cores, the real codec on every frame,
// and everything a network can do to them. Scenarios read like outages:
//
//     mesh.cut("a", "b");
//     mesh.run_for(1s);
//     EXPECT_TRUE(mesh.at("a").reaches("gpu-server"));
//
// The same seed gives the same run, to the last byte: compare trace().
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "simulate/agenda.hpp"
#include "simulate/connection.hpp"
#include "simulate/machine.hpp"

namespace jetway::simulate {

class Mesh {
public:
    explicit Mesh(std::uint64_t seed = 1) : random_(seed) {}

    // Building.
    /// A machine, running. `setup` may change its options. Names must be new.
    Machine& add(const std::string& machine,
                 const std::function<void(routing::Options&)>& setup = {});
    /// A cable; `a` dials `b` over it, for ever.
    void connect(const std::string& a, const std::string& b, CableOptions options = {});
    /// The same, and `b` dials too.
    void connect_both(const std::string& a, const std::string& b, CableOptions options = {});

    // What happens to it. Cables are named by their machines, in any order.
    /// Both ends notice at once, and cannot dial until heal().
    void cut(const std::string& a, const std::string& b);
    /// Nothing arrives any more, and nobody is told.
    void black_hole(const std::string& a, const std::string& b);
    /// The same, of what `a` sends to `b` only.
    void black_hole_one_way(const std::string& a, const std::string& b);
    /// A wrong byte in the next routing frames that arrive; records that do not arrive at all, as
    /// with a peer that has a bug.
    void spoil(const std::string& a, const std::string& b, std::uint32_t arrivals = 1);
    void lose(const std::string& a, const std::string& b, std::uint32_t frames = 1);
    /// `a` says this to `b`, whatever it knows itself: a bad neighbour.
    void forge(const std::string& a, const std::string& b, const std::vector<wire::Frame>& frames);
    /// Undoes cut() and black_hole().
    void heal(const std::string& a, const std::string& b);
    void heal_all();
    /// Cuts, or heals, every cable between the group and the others.
    void part(const std::vector<std::string>& group);
    void rejoin(const std::vector<std::string>& group);
    /// The daemon dies: its host closes its sockets.
    void kill(const std::string& machine) { at(machine).halt(false); }
    /// The host dies: nobody is told.
    void crash(const std::string& machine) { at(machine).halt(true); }
    /// The daemon does not run (SIGSTOP), and runs on.
    void pause(const std::string& machine) { at(machine).pause(); }
    void unpause(const std::string& machine) { at(machine).unpause(); }
    /// Starts a machine that was killed or crashed, in a new epoch; or kills it first.
    void restart(const std::string& machine);

    /// A fresh mesh without services is as if it had run for a while: its links are up, and
    /// everybody knows everybody, without having been told. Takes a second and a half.
    void warm_up();

    /// Called with each frame that leaves for another machine.
    void set_witness(Witness witness);

    // Time.
    void run_for(Duration duration);
    /// Until `holds`, looked at after everything that happens. False when `limit` has passed first.
    bool run_until(const std::function<bool()>& holds, Duration limit = std::chrono::seconds(30));
    /// Until nobody has sent anything but heartbeats and streams for a second. False: not within
    /// `limit`.
    bool run_until_quiet(Duration limit = std::chrono::seconds(30));
    Time now() const { return agenda_.now(); }

    // Questions.
    /// Is there a cable, whole or not?
    bool is_connected(const std::string& a, const std::string& b) const {
        return find(a, b) != nullptr;
    }
    /// The machines of each cable, in the order of connecting.
    std::vector<std::pair<std::string, std::string>> cables() const;
    Machine& at(const std::string& machine) { return *machines_.at(machine); }
    const Machine& at(const std::string& machine) const { return *machines_.at(machine); }
    const std::vector<std::string>& names() const { return names_; }
    /// Frames between machines on label 0 other than heartbeats, so far.
    std::uint64_t control_frames() const;
    /// Streams that came to a service more than once, wherever: there must be none.
    std::size_t duplicates() const;
    std::uint64_t trace() const { return agenda_.trace(); }
    Random& random() { return random_; }

private:
    /// One side's terminal on a cable.
    struct Dialler {
        std::string from;
        std::string to;
        std::uint32_t failures = 0;
        std::uint64_t attempt = 0;  // what was planned for an earlier one does not happen
    };
    struct Dialled {
        std::string from;
        std::weak_ptr<Connection> connection;
    };
    struct Line {
        std::string a;
        std::string b;
        Cable cable;
        bool cut = false;
        std::array<bool, 2> silent{};  // what a sends, what b sends
        std::vector<std::unique_ptr<Dialler>> diallers;
        std::vector<Dialled> connections;
    };

    Line* find(const std::string& a, const std::string& b) const;
    Line& line(const std::string& a, const std::string& b);
    void heal(Line& line);
    void silence(Line& line, std::array<bool, 2> silent);
    void add_dialler(Line& line, const std::string& from, const std::string& to);
    bool has_link(const Line& line, const std::string& machine) const;
    void dial(Line& line, Dialler& dialler);
    void dial_later(Line& line, Dialler& dialler);
    void join(Line& line, Dialler& dialler);
    void lost(Line& line, const std::string& machine);
    std::vector<Line*> lines_out_of(const std::vector<std::string>& group);

    Agenda agenda_;
    SeededRandom random_;
    routing::NodeCache nodes_;
    Witness witness_;
    std::vector<std::string> names_;
    std::map<std::string, std::unique_ptr<Machine>> machines_;
    std::vector<std::unique_ptr<Line>> lines_;
};

}  // namespace jetway::simulate
