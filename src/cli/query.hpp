// How a command asks the daemon: attach, then one JSON object for another over a stream to the
// service `router`; and how it hears that asking again is worth it.
#pragma once

#include <boost/json/object.hpp>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "io/event_loop.hpp"
#include "stream/session.hpp"

namespace jetway::cli {

/// A command's loop and its session with the daemon.
struct Attachment {
    std::unique_ptr<io::EventLoop> loop;
    std::unique_ptr<stream::Session> session;
};

/// What a machine's router is called in the mesh: this, and the machine's name.
inline constexpr std::string_view router_prefix = "router@";

/// Attaches to the daemon of `machine` (empty: JETWAY_MACHINE, else the only one of this host) and
/// waits for it. `process` is how the daemon calls us. E-NO-DAEMON, E-AMBIGUOUS, E-TIMEOUT after
/// five seconds.
Result<Attachment> attach_to(const std::string& machine, const std::string& process);

/// Asks the router of `at` (empty: the daemon's own), waits up to five seconds. An answer {error:
/// ...} is an error.
Result<boost::json::object> ask(Attachment& attachment, const std::string& at,
                                const boost::json::object& question);
Result<boost::json::object> ask(Attachment& attachment, const std::string& at,
                                const std::string& query, const std::string& name = {});

/// A router's word that there is something new to ask for; for commands that stay until Ctrl-C.
class Changes {
public:
    /// Of the router of `at` (empty: the daemon's own). The attachment outlives it.
    Changes(Attachment& attachment, const std::string& at);
    ~Changes();

    /// Waits for the next change; the first call returns when the router listens. False: Ctrl-C or
    /// SIGTERM. E-CLOSED when the router has ended.
    Result<bool> wait();
    /// Lets time pass, for as long as nobody interrupts.
    void pause(Duration duration);
    /// Of a question between two waits: E-CLOSED says that the router has ended.
    Error explained(const Error& error) const;

private:
    class Waiting;
    Attachment& attachment_;
    std::string machine_;
    std::unique_ptr<Waiting> waiting_;
    Handle signals_;
    bool interrupted_ = false;
};

/// The pipelines of the daemon's file, by name: from the answer to `status`.
std::map<std::string, std::string> pipelines_of(const boost::json::object& status);
/// What an answer says of an error.
Error error_of(const boost::json::object& object);

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
