#include "simulate/lies.hpp"

#include <algorithm>

#include "routing/catalogue.hpp"
#include "routing/flooding.hpp"
#include "routing/link.hpp"
#include "wire/control.hpp"

namespace jetway::simulate {
namespace {

using wire::FrameType;

enum class Lie : std::uint8_t {
    no_links,      // a machine that has taken all its links back
    two_contents,  // another record of the version of now
    later_life,    // of a machine that has not restarted
    last_life,     // no epoch is left to come after it
    ghost,         // a machine that does not exist, with links to those that do
    services,      // that a machine does not have
    gap,           // a change of services before which others are missing
    digests,       // of nothing
    summary,       // of what it does not know
    flood,         // more than the link may carry
    count,
};

template <typename Message>
wire::Frame frame_of(FrameType type, const Message& message) {
    return {type, 0, wire::encode(message)};
}

/// Anybody who runs, the liar or whom it lies to included.
const Machine& somebody(const Mesh& mesh, const std::string& liar, Random& random) {
    const auto& names = mesh.names();
    const Machine& machine = mesh.at(names[random.below(names.size())]);
    return machine.running() ? machine : mesh.at(liar);
}

wire::NodeRecord record_of(const Machine& machine) {
    return *wire::decode<wire::NodeRecord>(machine.core().record()->body.bytes());
}

void change_costs(wire::NodeRecord& record, Random& random) {
    for (wire::Adjacency& adjacency : *record.mutable_adjacencies())
        adjacency.set_cost(1 + static_cast<std::uint32_t>(random.below(1000)));
}

wire::NodeRecord ghost(const Mesh& mesh, const std::string& liar, std::uint64_t sequence) {
    wire::NodeRecord record;
    record.set_router(~mesh.at(liar).router());
    record.set_epoch(1);
    record.set_sequence(sequence);
    record.set_machine("ghost");
    for (const std::string& name : mesh.names()) {
        if (!mesh.at(name).running() || record.adjacencies_size() == 4) continue;
        wire::Adjacency& adjacency = *record.add_adjacencies();
        adjacency.set_peer(mesh.at(name).router());
        adjacency.set_peer_epoch(mesh.at(name).core().options().epoch);
        adjacency.set_cost(1);
    }
    return record;
}

wire::DirectorySnapshot services(const wire::NodeRecord& of, const Machine& machine,
                                 Random& random) {
    wire::ServiceRecord service;
    service.set_instance(1);
    service.set_service("shared");
    service.set_weight(1);
    wire::DirectorySnapshot snapshot;
    snapshot.set_origin(of.router());
    snapshot.set_epoch(of.epoch());
    // Not the number that the machine itself gives to its next change.
    const auto holdings = machine.core().holdings();
    snapshot.set_sequence(holdings.front().catalogue.sequence + 1000 + random.below(1U << 30U));
    snapshot.set_chunks(1);
    *snapshot.add_records() = service;
    snapshot.set_digest(routing::digest_of(service));
    return snapshot;
}

wire::DirectoryDelta gap(const wire::NodeRecord& of, Random& random) {
    wire::DirectoryDelta delta;
    delta.set_origin(of.router());
    delta.set_epoch(of.epoch());
    delta.set_from_sequence(100 + random.below(100));
    delta.set_to_sequence(delta.from_sequence());
    delta.add_ops()->mutable_record()->set_instance(7);
    delta.set_digest_after(random.next());
    return delta;
}

wire::Digests digests(Random& random) {
    wire::Digests digests;
    for (std::uint64_t left = 1UL << random.below(5); left > 0; --left)
        digests.add_digests(random.next());
    return digests;
}

/// Of the first half of all places, or of all of them.
wire::Summary summary(const Mesh& mesh, Random& random) {
    std::vector<routing::RouterId> routers;
    for (const std::string& name : mesh.names()) routers.push_back(mesh.at(name).router());
    std::ranges::sort(routers, {}, wire::place);
    const auto doubles = std::ranges::unique(routers);
    routers.erase(doubles.begin(), doubles.end());
    wire::Summary summary;
    summary.set_to(~std::uint64_t{0} >> random.below(2));
    for (const routing::RouterId router : routers) {
        if (wire::place(router) > summary.to() || random.below(2) == 0) continue;
        summary.add_routers(router);
        summary.add_epochs(random.next() >> random.below(64));
        summary.add_sequences(random.next() >> random.below(64));
        summary.add_services(random.next() >> random.below(64));
        summary.add_contents(random.next());
    }
    return summary;
}

}  // namespace

std::vector<wire::Frame> lie(const Mesh& mesh, const std::string& liar, Random& random) {
    const Machine& victim = somebody(mesh, liar, random);
    wire::NodeRecord record = record_of(victim);
    std::vector<wire::Frame> frames;
    switch (static_cast<Lie>(random.below(static_cast<std::uint64_t>(Lie::count)))) {
        case Lie::no_links:
            record.clear_adjacencies();
            record.set_sequence(record.sequence() + 1 + random.below(1000));
            break;
        case Lie::two_contents:
            change_costs(record, random);
            record.set_load(static_cast<std::uint32_t>(random.below(200)));
            break;
        case Lie::later_life:
            change_costs(record, random);
            record.set_epoch(record.epoch() + 1 + random.below(1000));
            if (random.below(2) == 0) record.set_boot_nonce(random.next());
            break;
        case Lie::last_life:
            record.set_epoch(routing::max_epoch - random.below(2));
            break;
        case Lie::ghost:
            record = ghost(mesh, liar, 1 + random.below(1000));
            break;
        case Lie::services:
            return {frame_of(FrameType::dir_snapshot, services(record, victim, random))};
        case Lie::gap:
            return {frame_of(FrameType::dir_delta, gap(record, random))};
        case Lie::digests:
            return {frame_of(FrameType::digests, digests(random))};
        case Lie::summary:
            return {frame_of(FrameType::summary, summary(mesh, random))};
        default:
            for (std::uint64_t i = 0; i <= routing::told_frames_a_second; ++i)
                frames.push_back(frame_of(FrameType::node, ghost(mesh, liar, 1000 + i)));
            return frames;
    }
    frames.push_back(frame_of(FrameType::node, record));
    return frames;
}

}  // namespace jetway::simulate
