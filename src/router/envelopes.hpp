// Envelopes over streams: one stream per (source, destination), opened on first use and finished
// when idle; and the other way round, streams of envelopes delivered into the plain pipes of kernel
// services. Of several services with one name one gets them, and another takes over when it goes.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "kernel/kernel.hpp"
#include "stream/session.hpp"
#include "wire/envelope.hpp"

namespace jetway::router {

class Envelopes {
public:
    /// `session` is a local terminal of the machine's own router; it and the kernel outlive this.
    /// `own(pipe)` says whether a kernel service's pipe is a local terminal's, which gets streams
    /// already.
    Envelopes(Kernel& kernel, Timer& timer, stream::Session& session,
              std::function<bool(const PipePtr&)> own);
    ~Envelopes();

    void send(const wire::Envelope& envelope, std::function<void(const Error&)> failed);

private:
    class Outgoing;
    class Incoming;
    class Mailbox;
    using Key = std::pair<std::string, std::string>;  // source, destination

    void sync_mailboxes();

    Kernel& kernel_;
    Timer& timer_;
    stream::Session& session_;
    std::function<bool(const PipePtr&)> own_;
    std::map<Key, std::unique_ptr<Outgoing>> outgoing_;
    std::map<std::string, std::unique_ptr<Mailbox>> mailboxes_;
    Handle watch_;
};

}  // namespace jetway::router
