// What RoutingServer is made of. Private to src/router.
#pragma once

#include <boost/json/fwd.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "router/envelopes.hpp"
#include "router/link_end.hpp"
#include "router/queries.hpp"
#include "router/reflector.hpp"
#include "router/requests.hpp"
#include "router/routing_server.hpp"
#include "router/terminals.hpp"
#include "router/timeline.hpp"

namespace jetway::router {

struct RoutingServer::State final : LinkOwner, Answers {
    State(Kernel& kernel, Timer& timer, Random& random, Transport transport,
          routing::Options options);
    ~State();

    // Links.
    void add_network(const std::string& terminal, ConnectionPtr connection);
    LinkEnd& add_local(const std::string& terminal, ConnectionPtr connection,
                       bool registers = true);
    void add_loopback(const std::string& name);
    LinkEnd& add(routing::LinkKind kind, const std::string& terminal, ConnectionPtr connection);
    void closed(routing::LinkId id, const Error& reason);
    void on_frame(LinkEnd& link, wire::Frame&& frame) override;
    bool pull(LinkEnd& link, wire::Frame& frame) override;
    void on_room(LinkEnd& link) override;

    // The attach rules: label 0 of a local link.
    Result<> on_attach_frame(LinkEnd& link, const wire::Frame& frame);
    Result<> on_attach(LinkEnd& link, const wire::Attach& attach);
    Result<> on_offer(LinkEnd& link, const wire::Offer& offer);
    void withdraw(LinkEnd& link, const std::string& service);

    // The service `router`.
    std::string answer(const Query& query) override;
    Result<> prepare(wire::Envelope& envelope) const;
    void add_status(boost::json::object& body) const;
    void add_routes(boost::json::object& body, const std::string& service) const;
    void add_machines(boost::json::object& body) const;
    void add_timeline(boost::json::object& body, std::uint64_t after) const;
    Result<> add_trace(boost::json::object& body, const std::string& name) const;

    // Turns: everything the core asks for is done once per turn of the loop, after the frames that
    // came together.
    Time now() const;
    void schedule();
    void run_turn();
    void close_link(routing::LinkId id, const Error& reason);
    void report(const routing::Event& event);
    void keep(const routing::Event& event);
    void tell_watchers();
    void refresh_links();
    void report_stranger(const LinkEnd& link, const Error& reason);
    void arm();

    Kernel& kernel;
    Timer& timer;
    Random& random;
    Transport transport;
    routing::Core core;
    routing::Actions actions;
    std::vector<std::unique_ptr<LinkEnd>> links;  // by LinkId
    std::vector<routing::LinkId> rooms;           // links whose pipe has room again
    Terminals terminals;
    Handle registration;
    Timeline timeline;
    bool has_news = false;  // since watchers were told
    std::optional<std::uint64_t> told_digest;
    std::map<std::string, std::string> notes;
    wire::Ledger past;  // of processes that have left
    std::function<void(const routing::Event&)> on_event;
    std::string log_name = "[Router]";
    LogLimit log_limit{20, std::chrono::seconds(1)};
    LogLimit stranger_limit{100, std::chrono::seconds(1)};
    LogLimit name_limit{100, std::chrono::seconds(10)};
    Time started;
    Time turn_now{};
    bool scheduled = false;
    Time armed_for = Time::max();
    Handle deadline;
    Handle stopping;
    std::shared_ptr<bool> alive = std::make_shared<bool>(true);  // posted turns outlive the server
    // Last: they use everything above.
    std::unique_ptr<stream::Session> own_session;
    std::vector<std::unique_ptr<Reflector>> reflectors;
    std::unique_ptr<Envelopes> envelopes;
    std::unique_ptr<Requests> requests;
    std::unique_ptr<Queries> queries;
};

}  // namespace jetway::router
