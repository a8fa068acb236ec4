#include "routing/core.hpp"

#include <algorithm>
#include <utility>

#include "routing/control.hpp"

namespace jetway::routing {

Core::Core(Options options, Random& random, Time now)
    : control_(std::make_unique<Control>(std::move(options), random, actions_, now)),
      forwarder_(std::make_unique<Forwarder>(control_->options(), *control_, random, actions_)) {}

Core::~Core() = default;

void Core::add_link(Time now, LinkId link, LinkOptions options) {
    const LinkOptions copy = options;
    control_->add_link(now, link, std::move(options));
    if (copy.kind == LinkKind::local) forwarder_->add_link(now, link, copy, copy.peer_pool);
}

void Core::set_terminal(LinkId link, std::string terminal) {
    control_->set_terminal(link, std::move(terminal));
}

void Core::set_rate(LinkId link, std::uint64_t bytes_per_second) {
    forwarder_->set_rate(link, bytes_per_second);
}

void Core::remove_link(Time now, LinkId link, const Error& reason) {
    // The control core first: what the forwarder refuses from now on is refused with the map of
    // now.
    const RouterId peer = control_->peer(link);
    control_->remove_link(now, link, reason);
    forwarder_->remove_link(now, link, reason, peer);
    // What was asked for this link must not meet the next one in its slot.
    std::erase(actions_.ready, link);
    std::erase_if(actions_.close,
                  [link](const Actions::Close& close) { return close.link == link; });
}

void Core::receive(Time now, LinkId link, wire::Frame&& frame) {
    if (frame.header.label == 0) {
        control_->receive(now, link, frame);
        follow_up(now);
        return;
    }
    if (!control_->heard_stream(now, link)) return;
    if (const auto taken = forwarder_->receive(now, link, std::move(frame)); !taken) {
        control_->fail(now, link, taken.error());
    }
}

bool Core::pull(Time now, LinkId link, wire::Frame& frame) {
    if (control_->pull(now, link, frame)) {
        follow_up(now);
        return true;
    }
    return control_->carries_streams(link) && forwarder_->pull(now, link, frame);
}

void Core::tick(Time now) {
    control_->tick(now);
    follow_up(now);
    forwarder_->tick(now);
}

Time Core::next_deadline() const {
    return std::min(control_->next_deadline(), forwarder_->next_deadline());
}

std::uint64_t Core::offer(Time now, LocalService service) {
    const std::uint64_t instance = control_->offer(now, std::move(service));
    follow_up(now);
    return instance;
}

void Core::withdraw(Time now, std::uint64_t instance) {
    control_->withdraw(now, instance);
}

void Core::add_route(Time /*now*/, const std::string& service, std::string terminal,
                     std::string machine, std::uint32_t hops) {
    control_->add_route(service, {std::move(terminal), std::move(machine), hops});
}

void Core::remove_route(Time /*now*/, const std::string& service) {
    control_->remove_route(service);
}

void Core::set_load(Time now, double per_core) {
    control_->set_load(now, per_core);
}

void Core::drain(Time now) {
    control_->drain(now);
}

void Core::shut_down(Time now) {
    control_->shut_down(now);
}

void Core::set_digest_interval(Duration interval) {
    control_->set_digest_interval(interval);
}

void Core::take(Actions& actions) {
    actions.clear();
    std::swap(actions, actions_);
    std::ranges::sort(actions.ready);
    actions.ready.erase(std::ranges::unique(actions.ready).begin(), actions.ready.end());
}

Result<Choice> Core::resolve(Time now, const std::string& address) const {
    return control_->resolve(now, address);
}

std::vector<RouteRow> Core::routes(Time now) const {
    return control_->routes(now);
}
std::vector<RouteRow> Core::routes(Time now, const std::string& service) const {
    return control_->routes(now, service);
}

std::vector<LinkRow> Core::links() const {
    std::vector<LinkRow> rows = control_->links();
    for (LinkRow& row : rows) row.streams = forwarder_->streams_on(row.link);
    return rows;
}

std::vector<MachineRow> Core::machines(Time now) const {
    return control_->machines(now);
}

std::vector<StreamInfo> Core::streams() const {
    return forwarder_->streams();
}

const ForwarderCounts& Core::counts() const {
    return forwarder_->counts();
}

MemoryUse Core::memory() const {
    return forwarder_->memory();
}

std::uint64_t Core::digest() const {
    return control_->digest();
}

const Options& Core::options() const {
    return control_->options();
}

NodePtr Core::record() const {
    return control_->record();
}

void Core::learn(Time now, std::span<const NodePtr> records) {
    control_->learn(now, records);
}

std::vector<Holding> Core::holdings() const {
    return control_->holdings();
}

std::vector<Debt> Core::debts(LinkId link) const {
    return control_->debts(link);
}

std::uint64_t Core::revision() const {
    return control_->revision();
}

bool Core::paths_are_current() const {
    return control_->paths_are_current();
}

void Core::follow_up(Time now) {
    for (const auto& up : control_->take_up()) {
        forwarder_->add_link(now, up.link, up.options, up.pool);
    }
    if (control_->take_news()) forwarder_->retry(now);
}

}  // namespace jetway::routing
