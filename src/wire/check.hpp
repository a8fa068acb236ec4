// What decode() holds a body against: a Layout for counts and sizes, check() for the meaning. One
// overload each for every message, defined beside its noun. Private to src/wire.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.hpp"
#include "wire/control.hpp"
#include "wire/scan.hpp"

namespace jetway::wire {

/// The layout of messages of type T.
template <typename T>
const Layout& layout_of();

// setting.cpp, itinerary.cpp
extern const Layout setting_layout;
extern const Layout stage_layout;
Result<> check(const Setting& setting);
Result<> check(const Stage& stage);
using StageList = google::protobuf::RepeatedPtrField<Stage>;
using SettingList = google::protobuf::RepeatedPtrField<Setting>;
Result<> check(const SettingList& settings);
/// `before`: stages of the same itinerary that lead to this list; each takes a level.
Result<> check(const StageList& stages, std::size_t before);

// open.cpp
extern const Layout edge_layout;
Result<> check(const StreamId& id);
Result<> check(const Edge& edge);
Result<> check(const Open& open);
Result<> check(const Opened& opened);

// failure.cpp
Result<> check(const Nack& nack);
Result<> check(const Reset& reset);
Result<> check(const Outcome& outcome);
Result<> check(const Goaway& goaway);
Result<> check(const Offered& offered);

// handshake.cpp
Result<> check(const Hello& hello);
Result<> check(const Heartbeat& heartbeat);
Result<> check(const Verdict& verdict);
Result<> check(const Attach& attach);
Result<> check(const Attached& attached);
Result<> check(const Offer& offer);
Result<> check(const Withdraw& withdraw);
Result<> check(const Account& account);

// record.cpp
Result<> check(const Adjacency& adjacency);
Result<> check(const NodeRecord& record);
Result<> check(const ServiceRecord& record);
Result<> check(const DirectoryOp& op);
Result<> check(const DirectoryDelta& delta);
Result<> check(const DirectoryPull& pull);
Result<> check(const DirectorySnapshot& snapshot);
Result<> check(const Digests& digests);
Result<> check(const Summary& summary);

/// E-PROTOCOL with `what` unless `holds`.
Result<> require(bool holds, std::string_view what);
Result<> check_router(RouterId router, std::string_view what);
/// Names from a peer: E-PROTOCOL with `what` before the reason.
Result<> check_service(std::string_view name, std::string_view what);
Result<> check_machine(std::string_view name, std::string_view what);
Result<> check_address(std::string_view text, std::string_view what);
/// Content types, features: nothing that a terminal could trip over.
Result<> check_content_type(std::string_view text);
using TextList = google::protobuf::RepeatedPtrField<std::string>;
Result<> check_content_types(const TextList& texts);

}  // namespace jetway::wire
