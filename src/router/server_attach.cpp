// The attach rules: what a process or service on a local terminal says on label 0.
#include <algorithm>
#include <unistd.h>

#include "router/server_state.hpp"

namespace jetway::router {
namespace {

constexpr std::size_t most_services = 1024;  // of one process

template <typename T>
Result<T> body_of(const wire::Frame& frame) {
    return wire::decode<T>(frame.body.bytes());
}

}  // namespace

Result<> RoutingServer::State::on_attach_frame(LinkEnd& link, const wire::Frame& frame) {
    const wire::FrameHeader& header = frame.header;
    if (header.label == 0 && !link.in_core && header.is(wire::FrameType::attach)) {
        JETWAY_ASSIGN(const wire::Attach attach, body_of<wire::Attach>(frame));
        return on_attach(link, attach);
    }
    if (!link.in_core) return Error(Code::protocol, "a local terminal begins with ATTACH");
    if (header.is(wire::FrameType::offer)) {
        JETWAY_ASSIGN(const wire::Offer offer, body_of<wire::Offer>(frame));
        return on_offer(link, offer);
    }
    if (header.is(wire::FrameType::withdraw)) {
        JETWAY_ASSIGN(const wire::Withdraw body, body_of<wire::Withdraw>(frame));
        withdraw(link, body.service());
        return success();
    }
    if (header.is(wire::FrameType::account)) {
        JETWAY_ASSIGN(const wire::Account account, body_of<wire::Account>(frame));
        link.ledger = wire::to_ledger(account);
        return success();
    }
    if ((header.type & wire::ignorable) != 0) return success();
    return Error(Code::protocol,
                 "frame of type " + std::to_string(header.type) + " on a local terminal");
}

Result<> RoutingServer::State::on_attach(LinkEnd& link, const wire::Attach& attach) {
    if (attach.version_min() > wire::protocol_version ||
        attach.version_max() < wire::protocol_version) {
        return Error(Code::version,
                     attach.process() + " speaks versions " + std::to_string(attach.version_min()) +
                         " to " + std::to_string(attach.version_max()) + ", this daemon speaks " +
                         std::to_string(wire::protocol_version));
    }
    routing::LinkOptions options;
    options.kind = routing::LinkKind::local;
    options.terminal = link.terminal;
    options.peer = link.connection->peer();
    options.peer_pool = attach.pool();
    options.process = attach.process();
    wire::Attached attached;
    attached.set_version(wire::protocol_version);
    attached.set_mesh(core.options().mesh);
    attached.set_machine(core.options().machine);
    attached.set_pool(core.options().pool);
    attached.set_pid(static_cast<std::uint64_t>(getpid()));
    link.in_core = true;
    core.add_link(now(), link.id, std::move(options));
    return link.answer(wire::Frame(wire::FrameType::attached, 0, wire::encode(attached)));
}

Result<> RoutingServer::State::on_offer(LinkEnd& link, const wire::Offer& offer) {
    wire::Offered offered;
    offered.set_request(offer.request());
    const auto refuse = [&](Code code, const std::string& detail) {
        offered.set_code(static_cast<std::uint32_t>(code));
        offered.set_detail(detail);
    };
    if (link.services.contains(offer.service())) {
        refuse(Code::usage, "\"" + offer.service() + "\" is offered already by this process");
    } else if (link.services.size() >= most_services) {
        refuse(Code::pressure,
               "a process may offer " + std::to_string(most_services) + " services");
    } else {
        routing::LocalService service;
        service.name = offer.service();
        service.type = offer.type();
        service.accepts.assign(offer.accepts().begin(), offer.accepts().end());
        service.produces.assign(offer.produces().begin(), offer.produces().end());
        service.features.assign(offer.features().begin(), offer.features().end());
        service.link = link.id;
        service.hidden = std::find(service.features.begin(), service.features.end(), "hidden") !=
                         service.features.end();
        Capabilities capabilities{static_cast<ServiceType>(offer.type()), service.accepts,
                                  service.produces, service.features};
        LinkEnd::Service& entry = link.services[offer.service()];
        entry.instance = core.offer(now(), std::move(service));
        if (link.registers) {
            entry.registration = kernel.register_service(offer.service(), std::move(capabilities),
                                                         link.connection->out_pipe());
        }
    }
    schedule();
    return link.answer(wire::Frame(wire::FrameType::offered, 0, wire::encode(offered)));
}

void RoutingServer::State::withdraw(LinkEnd& link, const std::string& service) {
    auto entry = link.services.extract(service);
    if (entry.empty()) return;
    core.withdraw(now(), entry.mapped().instance);
    schedule();
}

}  // namespace jetway::router
