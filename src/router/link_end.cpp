#include "router/link_end.hpp"

namespace jetway::router {
namespace {

constexpr std::size_t most_answers = 1024;

}  // namespace

LinkEnd::LinkEnd(LinkOwner& owner, routing::LinkId link_id, routing::LinkKind link_kind,
                 ConnectionPtr link_connection)
    : id(link_id), kind(link_kind), connection(std::move(link_connection)), owner_(owner) {
    connection->out().set_writer(this);
}

LinkEnd::~LinkEnd() {
    connection->in().set_reader(nullptr);
    connection->out().set_writer(nullptr);
}

void LinkEnd::pump() {
    if (pending_) {
        if (!connection->out().write(*pending_)) return;
        pending_.reset();
    }
    while (!answers_.empty()) {
        wire::Frame frame = std::move(answers_.front());
        answers_.pop_front();
        if (!send(std::move(frame))) return;
    }
    wire::Frame frame;
    while (in_core && !connection->backed_up() && owner_.pull(*this, frame)) {
        if (!send(std::move(frame))) return;
    }
}

bool LinkEnd::send(wire::Frame&& frame) {
    Message message{frame.header.pack(), std::move(frame.body)};
    if (connection->out().write(message)) return true;
    pending_ = std::move(message);
    return false;
}

Result<> LinkEnd::answer(wire::Frame frame) {
    if (answers_.size() >= most_answers)
        return Error(Code::pressure, "requests come faster than answers are read");
    answers_.push_back(std::move(frame));
    owner_.on_room(*this);
    return success();
}

bool LinkEnd::on_message(Message& message) {
    wire::Frame frame;
    frame.header = wire::FrameHeader::unpack(message.header);
    frame.body = std::move(message.body);
    owner_.on_frame(*this, std::move(frame));
    return true;
}

void LinkEnd::on_space() {
    owner_.on_room(*this);
}

}  // namespace jetway::router
