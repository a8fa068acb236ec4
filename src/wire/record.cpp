// What machines say of themselves: node records and catalogues of services. These are flooded
// through machines of older versions, so flags and types that this version does not know pass.
#include <algorithm>
#include <bit>
#include <functional>
#include <vector>

#include "wire/check.hpp"

namespace jetway::wire {
namespace {

// Directory bodies are bounded by their size: any number of records that fits.
constexpr std::uint32_t any_number = max_record;

const Layout adjacency_layout{"Adjacency", {}, 9};
const Field node_fields[] = {
    {6, Field::Kind::text, 1, max_machine_name},
    {9, Field::Kind::body, max_adjacencies, 0, &adjacency_layout},
};
const Layout node_layout{"NodeRecord", node_fields};
const Field service_fields[] = {
    {2, Field::Kind::text, 1, max_service_name},
    {6, Field::Kind::text, max_capabilities, max_content_type},
    {7, Field::Kind::text, max_capabilities, max_content_type},
    {8, Field::Kind::text, max_capabilities, max_content_type},
};
const Layout service_layout{"ServiceRecord", service_fields, 3};
const Field op_fields[] = {{2, Field::Kind::body, 1, 0, &service_layout}};
const Layout op_layout{"DirectoryOp", op_fields, 5};
const Field delta_fields[] = {{5, Field::Kind::body, any_number, 0, &op_layout}};
const Layout delta_layout{"DirectoryDelta", delta_fields};
const Layout pull_layout{"DirectoryPull", {}};
const Field snapshot_fields[] = {{6, Field::Kind::body, any_number, 0, &service_layout}};
const Layout snapshot_layout{"DirectorySnapshot", snapshot_fields};
const Field digests_fields[] = {
    {1, Field::Kind::numbers, 1, 8 * max_digests},
};
const Layout digests_layout{"Digests", digests_fields};
const Field summary_fields[] = {
    {3, Field::Kind::numbers, 1, 8 * max_summary},  {4, Field::Kind::numbers, 1, 8 * max_summary},
    {5, Field::Kind::numbers, 1, 10 * max_summary}, {6, Field::Kind::numbers, 1, 10 * max_summary},
    {7, Field::Kind::numbers, 1, 8 * max_summary},
};
const Layout summary_layout{"Summary", summary_fields};

Result<> check_peers(const NodeRecord& record) {
    std::vector<RouterId> peers;
    peers.reserve(static_cast<std::size_t>(record.adjacencies_size()));
    for (const Adjacency& adjacency : record.adjacencies()) {
        JETWAY_TRY(check(adjacency));
        peers.push_back(adjacency.peer());
    }
    std::sort(peers.begin(), peers.end());
    JETWAY_TRY(require(!std::binary_search(peers.begin(), peers.end(), record.router()),
                       "a record lists its own router as a neighbour"));
    return require(std::adjacent_find(peers.begin(), peers.end()) == peers.end(),
                   "a record lists a neighbour twice");
}

}  // namespace

template <>
const Layout& layout_of<Adjacency>() {
    return adjacency_layout;
}
template <>
const Layout& layout_of<NodeRecord>() {
    return node_layout;
}
template <>
const Layout& layout_of<ServiceRecord>() {
    return service_layout;
}
template <>
const Layout& layout_of<DirectoryOp>() {
    return op_layout;
}
template <>
const Layout& layout_of<DirectoryDelta>() {
    return delta_layout;
}
template <>
const Layout& layout_of<DirectoryPull>() {
    return pull_layout;
}
template <>
const Layout& layout_of<DirectorySnapshot>() {
    return snapshot_layout;
}
template <>
const Layout& layout_of<Digests>() {
    return digests_layout;
}
template <>
const Layout& layout_of<Summary>() {
    return summary_layout;
}

Result<> check(const Adjacency& adjacency) {
    JETWAY_TRY(check_router(adjacency.peer(), "peer"));
    return require(adjacency.cost() <= max_cost, "a cost has more than 24 bits");
}

Result<> check(const NodeRecord& record) {
    JETWAY_TRY(check_router(record.router(), "router"));
    JETWAY_TRY(require(record.epoch() != 0, "the epoch is 0"));
    JETWAY_TRY(check_machine(record.machine(), "machine"));
    JETWAY_TRY(require(record.load() <= 255, "the load is above 255"));
    return check_peers(record);
}

Result<> check(const ServiceRecord& record) {
    JETWAY_TRY(check_service(record.service(), "service"));
    JETWAY_TRY(check_content_types(record.accepts()));
    JETWAY_TRY(check_content_types(record.produces()));
    JETWAY_TRY(check_content_types(record.features()));
    return require(record.type() <= 255, "the type of service is above 255");
}

Result<> check(const DirectoryOp& op) {
    JETWAY_TRY(require(op.kind() <= 1, "a change of a kind that is unknown"));
    JETWAY_TRY(require(op.has_record(), "a change without a record"));
    return check(op.record());
}

Result<> check(const DirectoryDelta& delta) {
    JETWAY_TRY(check_router(delta.origin(), "origin"));
    JETWAY_TRY(require(delta.epoch() != 0, "the epoch is 0"));
    JETWAY_TRY(
        require(delta.from_sequence() <= delta.to_sequence(), "a delta that goes backwards"));
    for (const DirectoryOp& op : delta.ops()) JETWAY_TRY(check(op));
    return success();
}

Result<> check(const DirectoryPull& pull) {
    return check_router(pull.origin(), "origin");
}

Result<> check(const DirectorySnapshot& snapshot) {
    JETWAY_TRY(check_router(snapshot.origin(), "origin"));
    JETWAY_TRY(require(snapshot.epoch() != 0, "the epoch is 0"));
    JETWAY_TRY(require(snapshot.chunks() <= max_chunks, "a snapshot has more than 4096 chunks"));
    JETWAY_TRY(require(snapshot.chunk() < snapshot.chunks(), "a chunk lies outside its snapshot"));
    for (const ServiceRecord& record : snapshot.records()) JETWAY_TRY(check(record));
    return success();
}

Result<> check(const Digests& digests) {
    const auto count = static_cast<std::size_t>(digests.digests_size());
    if (count > max_digests) return Error(Code::too_large, "digests of more than 1024 ranges");
    return require(std::has_single_bit(count), "the number of digests is not a power of two");
}

Result<> check(const Summary& summary) {
    const int count = summary.routers_size();
    if (static_cast<std::size_t>(count) > max_summary)
        return Error(Code::too_large, "a summary of more than 512 machines");
    JETWAY_TRY(require(summary.epochs_size() == count && summary.sequences_size() == count &&
                           summary.services_size() == count && summary.contents_size() == count,
                       "a summary with columns of different lengths"));
    JETWAY_TRY(require(summary.from() <= summary.to(), "a summary that goes backwards"));
    const auto& routers = summary.routers();
    for (const RouterId router : routers) {
        JETWAY_TRY(check_router(router, "router"));
        JETWAY_TRY(require(place(router) >= summary.from() && place(router) <= summary.to(),
                           "a machine lies outside its summary"));
    }
    const auto disorder = std::ranges::adjacent_find(routers, std::greater_equal{}, place);
    return require(disorder == routers.end(), "the machines of a summary are not in order");
}

}  // namespace jetway::wire
