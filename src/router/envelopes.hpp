// Envelopes over streams: one stream per (source, destination), or per instance where they are
// spread, opened on first use and finished when idle; and the other way round, streams of envelopes
// delivered into the plain pipes of kernel services. Of several services with one name one gets
// them, and another takes over when it goes.
#pragma once

#include <compare>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kernel/kernel.hpp"
#include "router/balance.hpp"
#include "routing/view.hpp"
#include "stream/session.hpp"
#include "wire/envelope.hpp"

namespace jetway::router {

/// Which stream of a (source, destination) an envelope left on.
struct Lane {
    std::string address;     // as opened: the destination's, or one instance's machine
    std::size_t number = 0;  // of several to one machine
    auto operator<=>(const Lane&) const = default;
};

class Envelopes {
public:
    /// Every instance of a service that can be reached, the best first.
    using Instances = std::function<std::vector<routing::RouteRow>(const std::string& service)>;

    /// `session` is a local terminal of the machine's own router; it and the kernel outlive this.
    /// `own(pipe)` says whether a kernel service's pipe is a local terminal's, which gets streams
    /// already. `machine` is this one's name, for people.
    Envelopes(Kernel& kernel, Timer& timer, stream::Session& session,
              std::function<bool(const PipePtr&)> own, Instances instances, std::string machine);
    ~Envelopes();

    /// Of an envelope that arrives, in bytes; a larger one ends its stream with E-TOO-LARGE.
    void set_largest(std::size_t bytes) { largest_ = bytes; }

    Lane send(wire::Envelope envelope, RouteOptions options);
    /// On the very stream that it names; nowhere when that is gone.
    void send_after(const Lane& lane, wire::Envelope envelope);

private:
    class Outgoing;
    class Group;
    class Incoming;
    class Mailbox;
    using Key = std::pair<std::string, std::string>;  // source, destination

    void sync_mailboxes();

    Kernel& kernel_;
    Timer& timer_;
    stream::Session& session_;
    std::function<bool(const PipePtr&)> own_;
    Instances instances_;
    std::string machine_;
    std::size_t largest_ = 64UL * 1024 * 1024;
    std::map<Key, std::unique_ptr<Group>> groups_;
    std::map<std::string, std::unique_ptr<Mailbox>> mailboxes_;
    Handle watch_;
};

}  // namespace jetway::router
