// A LinkEnd joins one Connection to the routing core: what arrives goes into the core (or, label 0
// of a local link, to the attach rules), and what the core has for the link is pulled into the
// connection's out pipe while it has room, so that the core's lanes decide what leaves first.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>

#include "kernel/connection.hpp"
#include "kernel/kernel.hpp"
#include "routing/core.hpp"
#include "wire/ledger.hpp"

namespace jetway::router {

class LinkEnd;

/// What a LinkEnd needs of its server.
class LinkOwner {
public:
    virtual void on_frame(LinkEnd& link, wire::Frame&& frame) = 0;
    virtual bool pull(LinkEnd& link, wire::Frame& frame) = 0;
    /// There is room in the out pipe again.
    virtual void on_room(LinkEnd& link) = 0;

protected:
    ~LinkOwner() = default;
};

class LinkEnd final : public PipeReader, public PipeWriter {
public:
    LinkEnd(LinkOwner& owner, routing::LinkId id, routing::LinkKind kind, ConnectionPtr connection);
    ~LinkEnd();
    LinkEnd(const LinkEnd&) = delete;
    LinkEnd& operator=(const LinkEnd&) = delete;

    /// Moves frames into the out pipe until it is full or there are none.
    void pump();
    /// An answer on label 0, ahead of everything the core has. E-PRESSURE when the process asks
    /// faster than it reads.
    Result<> answer(wire::Frame frame);

    bool on_message(Message& message) override;
    void on_space() override;

    const routing::LinkId id;
    const routing::LinkKind kind;
    const ConnectionPtr connection;
    std::string terminal;  // its terminal's name
    bool in_core = false;  // added to the core (a local link: after ATTACH)
    bool was_up = false;   // it carried streams
    bool closing = false;
    bool registers = true;  // its services go into the kernel's table
    struct Service {
        std::uint64_t instance = 0;
        Handle registration;
    };
    std::map<std::string, Service, std::less<>> services;  // what this process offers
    wire::Ledger ledger;                                   // as this process last told it

private:
    bool send(wire::Frame&& frame);

    LinkOwner& owner_;
    std::deque<wire::Frame> answers_;
    std::optional<Message> pending_;  // pulled, refused by the pipe
};

}  // namespace jetway::router
