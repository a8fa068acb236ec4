#include "router/reflector.hpp"

#include "wire/control.hpp"

namespace jetway::router {
namespace {

/// An OPEN as its opener wrote it, before the ingress chose a way.
Buffer strip(const Buffer& body) {
    auto open = wire::decode<wire::Open>(body.bytes());
    if (!open) return body;
    open->clear_id();
    open->clear_attempt();
    open->clear_egress();
    open->clear_egress_epoch();
    open->clear_instance();
    open->clear_route();
    open->clear_position();
    open->clear_generation();
    open->clear_failed();
    open->clear_hop_limit();
    return wire::encode(*open);
}

}  // namespace

Reflector::Reflector(ConnectionPtr connection) : connection_(std::move(connection)) {
    connection_->out().set_writer(this);
    connection_->in().set_reader(this);
}

Reflector::~Reflector() {
    connection_->in().set_reader(nullptr);
    connection_->out().set_writer(nullptr);
}

bool Reflector::on_message(Message& message) {
    wire::FrameHeader header = wire::FrameHeader::unpack(message.header);
    if (header.label == 0) return true;
    Message reflected;
    reflected.body = header.is(wire::FrameType::open) ? strip(message.body) : message.body;
    header.length = static_cast<std::uint16_t>(reflected.body.size());
    header.label ^= 1U;
    reflected.header = header.pack();
    return connection_->out().write(reflected);
}

}  // namespace jetway::router
