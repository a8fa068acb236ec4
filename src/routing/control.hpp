// The control core: knows the mesh (topology, directory), chooses (map, chooser), tells (flooding)
// and keeps the links. It handles label 0 of network links and decides, as Opens, where each new
// stream goes. Who carries the streams is the Forwarder's business: Core joins the two.
//
// control.cpp (links, time, what leaves), control_frames.cpp (what arrives), control_known.cpp
// (what follows from it), control_self.cpp (what this machine says), control_open.cpp (streams).
#pragma once

#include <map>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "routing/choice.hpp"
#include "routing/contest.hpp"
#include "routing/core.hpp"
#include "routing/damping.hpp"
#include "routing/debounce.hpp"
#include "routing/directory.hpp"
#include "routing/forwarder.hpp"
#include "routing/links.hpp"
#include "routing/machine_load.hpp"
#include "routing/map.hpp"
#include "routing/origin_pace.hpp"
#include "routing/own_record.hpp"
#include "routing/topology.hpp"
#include "routing/types.hpp"

namespace jetway::routing {

/// How long it is remembered that a name, or a machine, was there.
inline constexpr Duration memory_of_names = std::chrono::seconds(2);

class Control final : public Opens {
public:
    /// `random` and `actions` outlive the control core.
    Control(Options options, Random& random, Actions& actions, Time now);

    void add_link(Time now, LinkId link, LinkOptions options);
    void set_terminal(LinkId link, std::string terminal);
    void remove_link(Time now, LinkId link, const Error& reason);
    /// The link broke the protocol, or has to go: GOAWAY, then close.
    void fail(Time now, LinkId link, const Error& reason);
    /// A frame on label 0. Frames of local links and of links that are closing are ignored.
    void receive(Time now, LinkId link, const wire::Frame& frame);
    /// Something arrived on a stream's label: life. False when the link carries no streams (it is
    /// closed, or closing).
    bool heard_stream(Time now, LinkId link);
    /// HELLO, heartbeats, verdicts, records, catalogues, GOAWAY; in this order.
    bool pull(Time now, LinkId link, wire::Frame& frame);
    bool carries_streams(LinkId link) const;
    /// Network links that carry streams from now on; since the last call.
    struct Up {
        LinkId link = no_link;
        LinkOptions options;  // `process` is the machine at the other end
        std::uint32_t pool = 0;
    };
    std::vector<Up> take_up() { return std::exchange(up_, {}); }

    void tick(Time now);
    Time next_deadline() const { return deadline_; }

    std::uint64_t offer(Time now, LocalService service);
    void withdraw(Time now, std::uint64_t instance);
    void add_route(const std::string& service, StaticRoute route);
    void remove_route(const std::string& service);
    void set_digest_interval(Duration interval);
    void set_load(Time now, double per_core);
    void drain(Time now);
    void shut_down(Time now);

    Result<Choice> resolve(Time now, const std::string& address) const {
        return chooser_.resolve(now, address);
    }
    std::vector<RouteRow> routes(Time now) const { return chooser_.rows(now); }
    std::vector<RouteRow> routes(Time now, const std::string& service) const {
        return chooser_.rows_of(now, service);
    }
    std::vector<LinkRow> links() const;
    std::vector<MachineRow> machines(Time now) const;
    NodePtr record() const { return topology_.share(0); }
    void learn(Time now, std::span<const NodePtr> records);
    std::vector<Holding> holdings() const;
    std::vector<Debt> debts(LinkId link) const;
    bool paths_are_current() const { return paths_due_.deadline() == Time::max(); }
    std::uint64_t digest() const;
    std::uint64_t revision() const { return revision_; }
    const Options& options() const { return options_; }

    /// Whether anything was learned since the last call that may help a stream that waits.
    bool take_news() { return std::exchange(news_, false); }

    // Opens.
    using Routed = boost::system::result<LinkId, wire::Nack>;
    Routed route(Time now, LinkId from, wire::Open& open) override;
    Routed again(Time now, LinkId from, Opening& opening, const wire::Nack& refusal) override;
    void began(const Instance& instance) override { chooser_.began(instance); }
    void ended(const Instance& instance) override { chooser_.ended(instance); }
    Time patience(Time now, const wire::Open& open, const wire::Nack& refusal) const override;
    void answered(Time now, LinkId to, const wire::Open& open, wire::Opened& opened) override;
    void found_dead(Time now, const Edges& edges) override;
    bool ends_here(LinkId from, const wire::Open& open) const override;
    Routed resume(Time now, wire::Open& open) override;
    bool has_restarted(RouterId router, std::uint64_t epoch) const override;
    /// The router at the link's other end; 0: none, or not known yet.
    RouterId peer(LinkId link) const;

private:
    // Links.
    void end(Time now, LinkId link, const Error& reason, bool say_so);
    void came_up(Time now, LinkId link);
    void went_down(Time now, LinkId link, const Error& reason);
    void pair(Time now, LinkId link);
    void begin_sync(LinkId link);
    void tick_link(Time now, LinkId link);
    std::uint64_t latest_epoch(Time now) const;
    bool is_of_another_life(Time now, const Link& link) const;
    void compare_digests(Time now, LinkId link);
    void forgive(Time now);
    void ready(LinkId link) { actions_.ready.push_back(link); }
    void event(Event::Kind kind, std::string subject, std::string detail, std::string cause = {});
    void wake(Time when) { deadline_ = std::min(deadline_, when); }
    Time earliest(Time now);

    // What this machine says.
    void issue(Time now);
    void changed(Time now, OwnRecord::Change change);
    void announce();
    /// All network links.
    void fail_all(Time now, const Error& reason);
    void begin_own_epoch(Time now, std::uint64_t epoch);
    void withdraw_from_mesh(Time now, const std::string& rival);
    std::string withdrawn_text(Time now) const;

    // What is known changes.
    void find_paths(Time now);
    void report_paths(const Paths& before, const Topology::Changes& changes);
    void forget(Time now);
    void report_names(Time now);
    void remember_names(Time now, const std::vector<NameChange>& changes);
    void begin_epoch(NodeIndex node);
    /// What the neighbours have of it counts for nothing.
    void distrust_catalogue(NodeIndex node);
    void recycle(NodeIndex node);
    void tell_record(NodeIndex node, bool urgent, LinkId except);
    void tell_catalogue(NodeIndex node, LinkId except);
    void known_changed() {
        digest_known_ = false;
        ++revision_;
    }

    // Frames.
    void heard(Time now, Neighbour& from);
    Result<> dispatch(Time now, LinkId link, Neighbour& from, const wire::Frame& frame);
    Result<> within_quota(Time now, Neighbour& from, const wire::Frame& frame);
    Result<> on_hello(Time now, LinkId link, Neighbour& from, Bytes body);
    Result<> on_heartbeat(Time now, LinkId link, Neighbour& from, Bytes body);
    Result<> on_verdict(Time now, LinkId link, Neighbour& from, Bytes body);
    Result<> on_goaway(Time now, LinkId link, Bytes body);
    Result<> on_sync_done(Time now, LinkId link, Neighbour& from);
    Result<> on_node(Time now, LinkId link, Neighbour& from, const Buffer& body);
    Result<> on_own_record(Time now, LinkId link, Neighbour& from, const Node& heard);
    Result<> on_delta(Time now, LinkId link, Neighbour& from, Bytes body);
    Result<> on_snapshot(Time now, LinkId link, Neighbour& from, Bytes body);
    Result<> on_pull(LinkId link, Neighbour& from, Bytes body);
    Result<> on_digests(LinkId link, Neighbour& from, Bytes body);
    Result<> on_summary(LinkId link, Neighbour& from, Bytes body);
    Result<> on_catalogue(Time now, LinkId link, Neighbour& from, NodeIndex node,
                          std::uint64_t sequence, Result<Directory::News> news);
    Result<> on_own_catalogue(Time now, std::uint64_t epoch, std::uint64_t sequence,
                              std::uint64_t digest);
    void ask(Time now, LinkId link, Neighbour& from, NodeIndex node, bool everything);

    // Streams.
    Routed route_in(Time now, LinkId from, wire::Open& open);
    Routed depart(wire::Open& open, const Choice& choice);
    bool synchronises(Time now) const;
    bool was_there_lately(Time now, const std::string& address) const;
    Routed route_on(Time now, const Neighbour& from, wire::Open& open);
    Routed reroute(Time now, wire::Open& open);
    wire::Nack dead_end(const wire::Open& open) const;
    std::string dead_link_to(RouterId next) const;
    template <typename T>
    void add_failed(T& message, RouterId next) const;
    Routed deliver(wire::Open& open);
    Routed probe_answer(const wire::Open& open) const;
    void name_source(const Slot& from, wire::Open& open) const;
    Result<> check_route(const Neighbour& from, const wire::Open& open) const;
    wire::Nack nack(const Error& error) const;
    const std::string& name_of(RouterId router) const;

    Options options_;
    Random& random_;
    Actions& actions_;

    Topology topology_;
    Directory directory_;
    Links links_;
    Damping damping_;
    Map map_;
    LocalInstances local_;
    Chooser chooser_{topology_, directory_, links_, map_, local_};
    OwnRecord own_;
    MachineLoad load_;
    Contest contest_{options_};
    OriginPace pace_;

    std::vector<Up> up_;
    bool news_ = false;
    Time born_;
    std::map<std::string, Time> gone_names_;  // and when: of the last seconds
    std::uint64_t next_instance_ = 1;
    std::uint64_t next_stream_ = 1;
    bool shutting_down_ = false;

    Time deadline_;
    Debounce paths_due_;
    Time announce_at_ = Time::max();
    Time forget_at_;
    std::uint32_t forgiven_ = 0;

    // Catalogues asked for, so that each is asked for once at a time.
    struct Question {
        Time again{};
        Duration wait{};
    };
    std::unordered_map<NodeIndex, Question> questions_;

    std::uint64_t revision_ = 0;
    mutable bool digest_known_ = false;
    mutable std::uint64_t digest_ = 0;
    std::uint64_t told_digest_ = 0;  // the one the last heartbeat carried, and since when
    Time told_digest_since_{};
};

}  // namespace jetway::routing
