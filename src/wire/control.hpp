// The bodies of control frames, checked. decode<T>() is total: any bytes give a value within the
// limits below or an error (E-PROTOCOL, E-TOO-LARGE); it never allocates more than a small multiple
// of the input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/buffer.hpp"
#include "base/result.hpp"
#include "base/settings.hpp"
#include "wire/control.pb.h"
#include "wire/frame.hpp"

namespace jetway::wire {

using RouterId = std::uint64_t;  // 0 and ~0 are reserved

// Every control body except OPEN's, NODE included.
inline constexpr std::size_t max_record = std::size_t{32} * 1024;
inline constexpr std::size_t max_open = std::size_t{32} * 1024;
inline constexpr std::size_t max_machine_name = 64;
inline constexpr std::size_t max_service_name = 255;
inline constexpr std::size_t max_address = 320;  // service@machine
inline constexpr std::size_t max_detail = 1024;  // human text from a peer
inline constexpr std::size_t max_route = 255;    // machines
inline constexpr std::size_t max_failed = 4;     // edges carried by an OPEN
inline constexpr std::size_t max_adjacencies = 512;
inline constexpr std::size_t max_stages = 64;  // of one itinerary, all branches together
inline constexpr std::size_t max_stage_depth = 16;
inline constexpr std::size_t max_settings = 64;  // keys of one service or stage
inline constexpr std::size_t max_setting_key = 64;
inline constexpr std::size_t max_setting_values = 256;  // of one key
inline constexpr std::size_t max_content_type = 255;
inline constexpr std::size_t max_capabilities = 64;  // of each sort: accepts, produces, features
inline constexpr std::size_t max_process = 255;      // the name a process gives itself
inline constexpr std::uint32_t max_cost = 0xFFFFFF;  // of an adjacency
inline constexpr std::uint32_t max_chunks = 4096;    // of one catalogue's snapshot
inline constexpr std::size_t max_digests = 1024;     // ranges of places in one DIGESTS
inline constexpr std::size_t max_summary = 512;      // machines in one SUMMARY
inline constexpr std::size_t max_account = 64;       // lines of one ACCOUNT
inline constexpr std::uint32_t max_interval_us = 3'600'000'000;  // between heartbeats
inline constexpr std::uint32_t max_multiplier = 100;
inline constexpr std::uint32_t max_pool = 1024 * 1024 * 1024;  // bytes of first windows on one link
inline constexpr std::uint64_t max_remaining_us = 366ULL * 86'400'000'000;  // a deadline
inline constexpr std::uint32_t hop_limit = 1024;
inline constexpr std::uint32_t first_window = 16 * 1024;
inline constexpr std::uint64_t most_window =
    16UL * 1024 * 1024;  // granted beyond what was consumed
inline constexpr std::size_t max_envelope = std::size_t{1024} * 1024 * 1024;

// The generated messages under their plain names.
using Setting = pb::Setting;
using Stage = pb::Stage;
using StreamId = pb::StreamId;
using Edge = pb::Edge;
using Open = pb::Open;
using Opened = pb::Opened;
using Nack = pb::Nack;
using Reset = pb::Reset;
using Outcome = pb::Outcome;
using Hello = pb::Hello;
using Heartbeat = pb::Heartbeat;
using Adjacency = pb::Adjacency;
using NodeRecord = pb::NodeRecord;
using ServiceRecord = pb::ServiceRecord;
using DirectoryOp = pb::DirectoryOp;
using DirectoryDelta = pb::DirectoryDelta;
using DirectoryPull = pb::DirectoryPull;
using DirectorySnapshot = pb::DirectorySnapshot;
using Digests = pb::Digests;
using Summary = pb::Summary;
using Verdict = pb::Verdict;
using Goaway = pb::Goaway;
using Attach = pb::Attach;
using Attached = pb::Attached;
using Offer = pb::Offer;
using Offered = pb::Offered;
using Withdraw = pb::Withdraw;
using Account = pb::Account;

enum NodeFlag : std::uint32_t { no_transit = 1, draining = 2, gone = 4 };
enum class Shape : std::uint32_t { bytes = 0, messages = 1 };
enum class Policy : std::uint32_t { lossless = 0, latest = 1, deadline = 2 };
enum class TrafficClass : std::uint32_t { normal = 0, interactive = 1, bulk = 2 };

/// Serialises. The caller keeps bodies within the limits; the result of a body that is not is
/// E-TOO-LARGE at the receiver. What people wrote or a system said (`detail`, `evidence`, `next`,
/// `process`) is shortened and cleaned here. Defined for every message above except Envelope.
template <typename T>
Buffer encode(const T& body);
/// Parses and checks sizes, counts, names and enum values against the limits above. Counts and
/// sizes are checked on the bytes, before anything is built from them.
template <typename T>
Result<T> decode(Bytes payload);

/// Machine and service names: 1 to the maximum of printable characters (UTF-8), none of them white
/// space or one of
/// @|{};,/ and not beginning with '#'; neither "." nor "..". E-USAGE names the character.
Result<> check_service_name(std::string_view name);
Result<> check_machine_name(std::string_view name);

/// "gpu-server", "gpu-server@machine-c", or "gpu-server@#7f3a": the machine whose router id begins
/// with these hexadecimal digits, for when two have one name.
struct Address {
    std::string service;
    std::string machine;  // empty: any
    bool operator==(const Address&) const = default;
    std::string text() const { return machine.empty() ? service : service + "@" + machine; }
};
/// "#" and one to sixteen hexadecimal digits?
bool is_router_text(std::string_view machine);
/// "#" and all sixteen.
std::string router_text(RouterId router);
/// E-USAGE when it is not one.
Result<Address> parse_address(std::string_view text);

/// An itinerary as people write it: "a | b | { c ; d | e@m }". The result is the first stage with
/// the rest under `next`. Only the last stop of a list can be a branch. E-USAGE names the column,
/// in bytes from 1.
Result<Stage> parse_itinerary(std::string_view text);
/// The same the other way, without the settings.
std::string to_text(const Stage& stage);

Settings to_settings(const google::protobuf::RepeatedPtrField<Setting>& settings);
void from_settings(const Settings& settings, google::protobuf::RepeatedPtrField<Setting>& out);

/// `where` is the machine that speaks. What a peer wrote is made fit for a terminal (clean_text).
Error to_error(const Nack& nack);
Error to_error(const Reset& reset);
Error to_error(const Outcome& outcome);
/// Code::ok, which refuses nothing, becomes E-CANCELLED.
Nack to_nack(const Error& error, std::string_view machine);
Outcome to_outcome(const Error& error, std::string_view stage);
Reset to_reset(const Error& error, std::string_view machine);

/// FNV-1a 64 of the bytes, then mixed: digests of records and catalogues. Not for secrets.
std::uint64_t digest(Bytes bytes);
std::uint64_t digest(std::string_view text);

/// Where a router id stands when machines are compared range by range: ids that are alike are far
/// from each other, and no two share a place.
std::uint64_t place(RouterId router);

}  // namespace jetway::wire
