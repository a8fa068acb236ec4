#include "simulate/watch.hpp"

#include <algorithm>
#include <limits>
#include <queue>
#include <utility>

namespace jetway::simulate {
namespace {

using routing::Holding;
using routing::RouterId;
using routing::Version;
using wire::FrameType;

constexpr std::uint32_t most_generations = 3;
constexpr std::size_t most_instances = 4;  // that one stream is offered to
/// Four while it is refused, three at once when its way broke and one in 50 ms after that; three
/// more when it went on meanwhile and its way broke once more.
constexpr std::size_t most_attempts = 12;
constexpr auto attempts_within = std::chrono::milliseconds(100);

const Holding* find(const std::vector<Holding>& holdings, RouterId origin) {
    const auto found = std::ranges::find(holdings, origin, &Holding::origin);
    return found == holdings.end() ? nullptr : &*found;
}

/// The cost of the link from one machine to the other, when both list it with their lives of now.
std::optional<std::uint64_t> link_cost(const Holding& from, const Holding& to) {
    const auto lists = [](const Holding& a, const Holding& b) {
        const auto found = std::ranges::find_if(a.adjacents, [&](const routing::Adjacent& edge) {
            return edge.peer == b.origin && edge.peer_epoch == b.record.epoch;
        });
        return found == a.adjacents.end() ? nullptr : &*found;
    };
    const routing::Adjacent* there = lists(from, to);
    if (there == nullptr || lists(to, from) == nullptr) return std::nullopt;
    return std::max(there->cost, 1U);
}

/// What is on its way over a wire, of records and of catalogues.
struct Travelling {
    std::map<RouterId, Version> records;
    std::set<RouterId> catalogues;
    std::set<RouterId> questions;
};

Travelling travelling(const Connection& connection, int from) {
    Travelling result;
    for (const wire::Frame& frame : connection.in_flight(from)) {
        const Bytes body = frame.body.bytes();
        if (frame.header.is(FrameType::node)) {
            if (const auto record = wire::decode<wire::NodeRecord>(body)) {
                Version& version = result.records[record->router()];
                version = std::max(version, Version{record->epoch(), record->sequence()});
            }
        } else if (frame.header.is(FrameType::dir_delta)) {
            if (const auto delta = wire::decode<wire::DirectoryDelta>(body))
                result.catalogues.insert(delta->origin());
        } else if (frame.header.is(FrameType::dir_snapshot)) {
            if (const auto chunk = wire::decode<wire::DirectorySnapshot>(body))
                result.catalogues.insert(chunk->origin());
        } else if (frame.header.is(FrameType::dir_pull)) {
            if (const auto pull = wire::decode<wire::DirectoryPull>(body))
                result.questions.insert(pull->origin());
        }
    }
    return result;
}

std::set<RouterId> origins(const std::vector<routing::Debt>& debts, bool routing::Debt::* what) {
    std::set<RouterId> result;
    for (const routing::Debt& debt : debts) {
        if (debt.*what) result.insert(debt.origin);
    }
    return result;
}

bool carries_records(const Machine& machine, routing::LinkId link) {
    for (const routing::LinkRow& row : machine.links()) {
        if (row.link == link)
            return row.state == "up" || row.state == "suspect" || row.state == "syncing";
    }
    return false;
}

}  // namespace

Watch::Watch(Mesh& mesh) : mesh_(mesh) {
    mesh.set_witness([this](const Machine& from, const wire::Frame& frame) { see(from, frame); });
}

std::vector<std::string> Watch::check() {
    for (const std::string& name : mesh_.names()) {
        const Machine& machine = mesh_.at(name);
        if (!machine.running() || !has_changed(machine)) continue;
        check_versions(machine);
        check_paths(machine);
    }
    check_flooding();
    return std::exchange(wrong_, {});
}

void Watch::say(const Machine& machine, const std::string& what) {
    if (wrong_.size() < 20) wrong_.push_back(machine.name() + ": " + what);
}

// ---- streams

void Watch::see(const Machine& from, const wire::Frame& frame) {
    if (!frame.header.is(FrameType::open)) return;
    const auto open = wire::decode<wire::Open>(frame.body.bytes());
    if (!open) return;
    follow(from, *open);
    if (open->id().router() == from.router() && from.router() != cloned_) count(from, *open);
}

/// A stream that is refused is offered to a few instances; one whose way broke has its own pace.
void Watch::count(const Machine& from, const wire::Open& open) {
    if (attempts_.size() > 10'000) attempts_.clear();
    Attempts& attempts = attempts_[{open.id().router(), open.id().epoch(), open.id().counter()}];
    if (open.attempt() <= attempts.last) return;  // comes by on its way, after a U-turn
    attempts.last = open.attempt();
    attempts.instances.insert({open.egress(), open.egress_epoch(), open.instance()});
    if (attempts.instances.size() > most_instances)
        say(from, "offers a stream to a fifth instance");
    attempts.times.push_back(mesh_.now());
    while (attempts.times.front() + attempts_within < mesh_.now()) attempts.times.pop_front();
    if (attempts.times.size() > most_attempts) say(from, "tries a stream too often");
}

/// Within a generation no router comes twice; each new one knows a dead link more.
void Watch::follow(const Machine& from, const wire::Open& open) {
    if (journeys_.size() > 10'000) journeys_.clear();
    const StreamId id{open.id().router(), open.id().epoch(), open.id().counter()};
    Journey& journey = journeys_[{id, open.attempt()}];
    std::vector<std::pair<RouterId, RouterId>> failed;
    failed.reserve(static_cast<std::size_t>(open.failed_size()));
    for (const wire::Edge& edge : open.failed()) failed.emplace_back(edge.from(), edge.to());
    if (open.generation() > most_generations) say(from, "begins a fourth generation");
    if (++journey.steps > wire::hop_limit) say(from, "a stream makes more than 1,024 steps");
    if (open.generation() != journey.generation || failed != journey.failed) {
        const bool grown = open.generation() == journey.generation + 1 &&
                           failed.size() == journey.failed.size() + 1 &&
                           std::ranges::find(journey.failed, failed.back()) == journey.failed.end();
        if (!grown) say(from, "changes a route without a new generation and a newly dead link");
        journey.generation = open.generation();
        journey.failed = std::move(failed);
        journey.crossed.clear();
    }
    if (!journey.crossed.insert(from.router()).second)
        say(from, "is crossed twice by one generation of a stream to " + open.destination());
}

// ---- what is known

bool Watch::has_changed(const Machine& machine) {
    Seen& seen = seen_[machine.name()];
    if (seen.life != machine.life()) seen = {machine.life(), 0, {}};
    const std::uint64_t before = std::exchange(seen.revision, machine.core().revision());
    return before != seen.revision;
}

void Watch::check_versions(const Machine& machine) {
    Seen& seen = seen_[machine.name()];
    for (const Holding& holding : machine.core().holdings()) {
        const auto [same, is_first] = contents_.try_emplace(
            {holding.origin, holding.catalogue.epoch, holding.catalogue.sequence},
            holding.services);
        if (!is_first && same->second != holding.services && holding.origin != cloned_)
            say(machine, "has other services of " + name_of(holding.origin) + " under one version");
        Version& last = seen.records[holding.origin];
        if (holding.record < last) say(machine, "takes an older record than it had");
        last = holding.record;
    }
}

/// A path goes over links that its machine holds to be usable, and is the cheapest of them.
void Watch::check_paths(const Machine& machine) {
    if (!machine.core().paths_are_current()) return;
    const std::vector<Holding> holdings = machine.core().holdings();
    for (const std::string& name : mesh_.names()) {
        std::string address = "service-";
        address.append(name).append("@").append(name);
        const auto choice = machine.resolve(address);
        if (!choice) continue;
        std::uint64_t cost = 0;
        const std::vector<RouterId>& route = choice->route;
        if (std::set<RouterId>(route.begin(), route.end()).size() != route.size())
            say(machine, "has a path with a circle");
        for (std::size_t i = 0; i + 1 < route.size(); ++i) {
            const Holding* from = find(holdings, route[i]);
            const Holding* to = find(holdings, route[i + 1]);
            const auto step =
                from == nullptr || to == nullptr ? std::nullopt : link_cost(*from, *to);
            if (!step) {
                return say(machine, "goes to " + name + " by a link that nobody has: " +
                                        choice->machines[i] + " > " + choice->machines[i + 1]);
            }
            cost += *step;
        }
        if (cost != choice->cost) say(machine, "reckons a wrong cost to " + name);
    }
}

// ---- flooding

/// Whoever holds something newer than a neighbour still has to tell it, or has just done so.
void Watch::check_flooding() {
    std::map<std::pair<const Connection*, int>, Far> ends;
    for (const std::string& name : mesh_.names()) {
        const Machine& machine = mesh_.at(name);
        for (const Machine::Wire& wire : machine.wires())
            ends[{wire.connection.get(), wire.side}] = {&machine, wire.link};
    }
    for (const std::string& name : mesh_.names()) {
        const Machine& near = mesh_.at(name);
        for (const Machine::Wire& wire : near.wires()) {
            const auto far = ends.find({wire.connection.get(), 1 - wire.side});
            if (far == ends.end() || wire.connection->lossy()) continue;
            const std::array revisions{near.core().revision(),
                                       far->second.machine->core().revision(),
                                       wire.connection->revision()};
            Compared& compared = compared_[{wire.connection.get(), wire.side}];
            if (compared.connection.lock() == wire.connection && compared.revisions == revisions)
                continue;
            compared = {wire.connection, revisions};
            if (carries_records(near, wire.link) &&
                carries_records(*far->second.machine, far->second.link))
                check_flooding(near, wire, far->second);
        }
    }
    std::erase_if(compared_, [](const auto& entry) { return entry.second.connection.expired(); });
}

std::string Watch::name_of(RouterId router) const {
    for (const std::string& name : mesh_.names()) {
        if (mesh_.at(name).router() == router) return name;
    }
    return "a machine that is none";
}

void Watch::check_flooding(const Machine& near, const Machine::Wire& wire, const Far& far) {
    const auto debts = near.core().debts(wire.link);
    const std::set<RouterId> records = origins(debts, &routing::Debt::record);
    const std::set<RouterId> catalogues = origins(debts, &routing::Debt::catalogue);
    const std::set<RouterId> asked =
        origins(far.machine->core().debts(far.link), &routing::Debt::question);
    const Travelling out = travelling(*wire.connection, wire.side);
    const Travelling back = travelling(*wire.connection, 1 - wire.side);
    const std::vector<Holding> theirs = far.machine->core().holdings();
    for (const Holding& own : near.core().holdings()) {
        if (own.origin == far.machine->router() || own.record.epoch == 0) continue;
        const Holding* other = find(theirs, own.origin);
        const Version known = other == nullptr ? Version() : other->record;
        const auto sent = out.records.find(own.origin);
        const bool is_sent = sent != out.records.end() && sent->second >= own.record;
        if (known < own.record && !records.contains(own.origin) && !is_sent) {
            say(near,
                "forgets to tell " + far.machine->name() + " the record of " + name_of(own.origin));
            continue;
        }
        // A catalogue counts once its machine's record is there.
        const bool empty = own.catalogue.sequence == 0;
        if (empty || known != own.record || !own.reachable || !other->reachable) continue;
        const bool told = catalogues.contains(own.origin) || out.catalogues.contains(own.origin) ||
                          asked.contains(own.origin) || back.questions.contains(own.origin);
        if (own.catalogue.epoch == own.record.epoch && other->catalogue < own.catalogue && !told)
            say(near, "forgets to tell " + far.machine->name() + " the catalogue of " +
                          name_of(own.origin));
    }
}

}  // namespace jetway::simulate
