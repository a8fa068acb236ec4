// How a command asks the daemon: attach, then one JSON object for another over a stream to the
// service `router`.
#pragma once

#include <boost/json/object.hpp>
#include <memory>
#include <string>
#include <vector>

#include "io/event_loop.hpp"
#include "stream/session.hpp"

namespace jetway::cli {

/// A command's loop and its session with the daemon.
struct Attachment {
    std::unique_ptr<io::EventLoop> loop;
    std::unique_ptr<stream::Session> session;
};

/// Attaches to the daemon of `machine` (empty: JETWAY_MACHINE, else the only one of this host) and
/// waits for it. `process` is how the daemon calls us. E-NO-DAEMON, E-AMBIGUOUS, E-TIMEOUT after
/// five seconds.
Result<Attachment> attach_to(const std::string& machine, const std::string& process);

/// Asks the router of `at` (empty: the daemon's own), waits up to five seconds. An answer {error:
/// ...} is an error.
Result<boost::json::object> ask(Attachment& attachment, const std::string& at,
                                const std::string& query, const std::string& name = {});

// Reading answers without trust: what is missing or of another type is empty, 0, false.
std::string text_of(const boost::json::object& object, std::string_view key);
std::int64_t number_of(const boost::json::object& object, std::string_view key);
bool flag_of(const boost::json::object& object, std::string_view key);
/// The objects of an array.
std::vector<boost::json::object> objects_of(const boost::json::object& object,
                                            std::string_view key);
/// The strings of an array.
std::vector<std::string> texts_of(const boost::json::object& object, std::string_view key);

}  // namespace jetway::cli
