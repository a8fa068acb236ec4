// What must hold of a mesh at every moment, however much is broken: no stream runs in a circle,
// nobody's news is forgotten on the way, nothing that is known gets older, and every path uses
// links that are there as far as its machine can know.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "simulate/mesh.hpp"

namespace jetway::simulate {

class Watch {
public:
    /// Sees every frame of the mesh from now on. Lives as long as the mesh runs.
    explicit Watch(Mesh& mesh);

    /// Two machines speak in this one's name: their versions say nothing of what is in them.
    void expect_clones(routing::RouterId router) { cloned_ = router; }
    /// Looks at everything that has changed. What was found wrong since the last call, as
    /// sentences.
    std::vector<std::string> check();

private:
    /// An OPEN's way so far, by id and attempt.
    struct Journey {
        std::uint32_t generation = 0;
        std::vector<std::pair<routing::RouterId, routing::RouterId>> failed;
        std::set<routing::RouterId> crossed;  // in this generation
        std::uint32_t steps = 0;
    };
    using StreamId = std::tuple<std::uint64_t, std::uint64_t, std::uint64_t>;
    /// What the ingress of a stream has sent.
    struct Attempts {
        std::uint32_t last = 0;
        std::set<std::tuple<std::uint64_t, std::uint64_t, std::uint64_t>> instances;
        std::deque<Time> times;  // the latest
    };
    struct Seen {
        std::uint64_t life = 0;
        std::uint64_t revision = 0;  // of what was looked at
        std::map<routing::RouterId, routing::Version> records;
    };
    struct Far {
        const Machine* machine = nullptr;
        routing::LinkId link = routing::no_link;
    };

    void see(const Machine& from, const wire::Frame& frame);
    void follow(const Machine& from, const wire::Open& open);
    void count(const Machine& from, const wire::Open& open);
    void check_versions(const Machine& machine);
    void check_paths(const Machine& machine);
    bool has_changed(const Machine& machine);
    void check_flooding();
    void check_flooding(const Machine& near, const Machine::Wire& wire, const Far& far);
    std::string name_of(routing::RouterId router) const;
    void say(const Machine& machine, const std::string& what);

    Mesh& mesh_;
    std::map<std::pair<StreamId, std::uint32_t>, Journey> journeys_;
    std::map<StreamId, Attempts> attempts_;
    std::map<std::string, Seen> seen_;
    /// A link as it was when it was looked at: the revisions of its ends and of what joins them.
    struct Compared {
        std::weak_ptr<const Connection> connection;
        std::array<std::uint64_t, 3> revisions{};
    };
    std::map<std::pair<const Connection*, int>, Compared> compared_;
    /// A catalogue has one content in each version, whoever holds it.
    std::map<std::tuple<routing::RouterId, std::uint64_t, std::uint64_t>, std::uint64_t> contents_;
    routing::RouterId cloned_ = 0;
    std::vector<std::string> wrong_;
};

}  // namespace jetway::simulate
