#include "kernel/pipe.hpp"

#include <algorithm>
#include <utility>

namespace jetway {

Pipe::Pipe(PipeOptions options)
    : ring_(std::max<std::size_t>(options.capacity, 1) + 1),
      capacity_bytes_(options.capacity_bytes),
      when_full_(options.when_full) {}

Pipe::~Pipe() {
    if (call_ != nullptr) call_->pipe = nullptr;
}

bool Pipe::enqueue(Message& message) {
    if (!fits(message) && when_full_ == WhenFull::block) {
        refused_ = true;
        return false;
    }
    ++counts_.written;
    if (!fits(message) && when_full_ == WhenFull::drop) {
        ++counts_.dropped;
        message = Message();
        return true;
    }
    while (!fits(message)) drop_newest();
    push_back(message);
    return true;
}

std::optional<Message> Pipe::read() {
    if (count_ == 0) return std::nullopt;
    std::optional<Message> message(pop_front());
    ++counts_.read;
    make_space_known();
    return message;
}

void Pipe::set_reader(PipeReader* reader) {
    reader_ = reader;
    if (reader_ != nullptr) resume();
}

void Pipe::resume() {
    if (call_ != nullptr) {
        call_->again = true;
        return;
    }
    if (count_ == 0 || reader_ == nullptr) return;
    Call call(*this);
    settle(call);
}

/// Delivers until nothing is queued, the reader refuses or is gone; then lets a waiting writer go
/// on.
void Pipe::settle(Call& call) {
    while (drain(call)) {
        const std::size_t before = count_;
        make_space_known();
        if (call.pipe == nullptr || count_ == before) return;
    }
}

/// True when the reader took everything.
bool Pipe::drain(Call& call) {
    while (count_ != 0 && reader_ != nullptr) {
        Message message = pop_front();
        call.again = false;
        const bool taken = reader_->on_message(message);
        if (call.pipe == nullptr) return false;
        if (taken) {
            ++counts_.read;
            continue;
        }
        push_front(message);
        if (call.again) continue;
        make_space_known();
        return false;
    }
    return count_ == 0;
}

void Pipe::make_space_known() {
    if (!refused_ || count_ >= capacity() || (count_ != 0 && bytes_ >= capacity_bytes_)) return;
    refused_ = false;
    if (writer_ != nullptr) writer_->on_space();
}

void Pipe::push_back(Message& message) {
    bytes_ += message.body.size();
    ring_[wrap(head_ + count_)] = std::move(message);
    ++count_;
}

void Pipe::push_front(Message& message) {
    bytes_ += message.body.size();
    head_ = (head_ == 0 ? ring_.size() : head_) - 1;
    ring_[head_] = std::move(message);
    ++count_;
}

Message Pipe::pop_front() {
    Message message = std::move(ring_[head_]);
    head_ = wrap(head_ + 1);
    --count_;
    bytes_ -= message.body.size();
    return message;
}

void Pipe::drop_newest() {
    --count_;
    Message& newest = ring_[wrap(head_ + count_)];
    bytes_ -= newest.body.size();
    newest = Message();
    ++counts_.replaced;
}

}  // namespace jetway
