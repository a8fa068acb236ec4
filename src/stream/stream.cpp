#include "stream/stream.hpp"

#include <utility>

#include "stream/end.hpp"
#include "stream/session.hpp"

namespace jetway::stream {

Stream::Stream(std::shared_ptr<End> end) : end_(std::move(end)) {}

Stream::~Stream() {
    end_->abandon();
}

void Stream::set_events(StreamEvents* events) {
    end_->set_events(events);
}

void Stream::accept(std::string_view content_type) {
    accept(content_type,
           carries_messages(end_->opening()) ? wire::Shape::messages : wire::Shape::bytes);
}

void Stream::accept(std::string_view content_type, wire::Shape shape) {
    end_->accept(content_type, shape);
}

void Stream::refuse(const Error& reason) {
    end_->refuse(reason);
}

bool Stream::write(Buffer bytes, bool end_of_message) {
    return end_->write(std::move(bytes), end_of_message);
}

void Stream::finish() {
    end_->finish({});
}

void Stream::finish(const wire::Outcome& outcome) {
    end_->finish(outcome);
}

void Stream::stop(const Error& reason) {
    end_->stop(reason);
}

void Stream::reset(const Error& reason) {
    end_->reset(reason);
}

void Stream::consume(std::size_t bytes) {
    end_->consume(bytes);
}

std::size_t Stream::unsent() const {
    return end_->unsent();
}

bool Stream::finished() const {
    return end_->finished();
}

std::uint64_t Stream::sent() const {
    return end_->sent();
}

std::uint64_t Stream::confirmed() const {
    return end_->confirmed();
}

std::uint64_t Stream::received() const {
    return end_->received();
}

wire::Ledger Stream::ledger() const {
    return end_->ledger();
}

const wire::Open& Stream::opening() const {
    return end_->opening();
}

}  // namespace jetway::stream
