#include "stream/session.hpp"

#include <utility>

#include "stream/attachment.hpp"

namespace jetway::stream {

Session::Session(ConnectionPtr connection, Timer& timer, const SessionOptions& options)
    : attachment_(std::make_shared<Attachment>(std::move(connection), timer, options)) {
    attachment_->start();
}

Session::~Session() {
    attachment_->shut();
}

void Session::set_on_attached(std::function<void()> on_attached) {
    attachment_->set_on_attached(std::move(on_attached));
}

void Session::set_on_closed(std::function<void(const Error&)> on_closed) {
    attachment_->set_on_closed(std::move(on_closed));
}

const std::string& Session::machine() const {
    return attachment_->attached().machine();
}

const std::string& Session::mesh() const {
    return attachment_->attached().mesh();
}

std::uint64_t Session::daemon_pid() const {
    return attachment_->attached().pid();
}

Handle Session::offer(const std::string& name, const Capabilities& capabilities, Service& service,
                      std::function<void(const Result<>&)> offered) {
    return attachment_->offer(name, capabilities, service, std::move(offered));
}

StreamPtr Session::open(wire::Open open, StreamEvents& events) {
    return StreamPtr(new Stream(attachment_->open(std::move(open), events)));
}

Timer& Session::timer() {
    return attachment_->timer();
}

const SessionCounts& Session::counts() const {
    return attachment_->counts();
}

wire::Ledger Session::ledger() const {
    return attachment_->ledger();
}

}  // namespace jetway::stream
