#include "stream/outbox.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "wire/frame.hpp"

namespace jetway::stream {

void Outbox::push(Buffer bytes, bool end_of_message) {
    assert(!finishing_);
    end_of_message = end_of_message && options_.messages;
    if (bytes.empty() && !end_of_message) return;
    bytes_ += bytes.size();
    pieces_.push_back({std::move(bytes), end_of_message});
    ++assembling_;
    if (!end_of_message) return;
    if (options_.latest) replace_older();
    assembling_ = 0;
}

/// The newest message is whole: those before it go, except one that was begun.
void Outbox::replace_older() {
    const auto ends = [](const Piece& piece) { return piece.end_of_message; };
    const auto newest = pieces_.end() - static_cast<std::ptrdiff_t>(assembling_);
    auto first = pieces_.begin() + static_cast<std::ptrdiff_t>(head_);
    if (begun_) {
        first = std::find_if(first, pieces_.end(), ends);
        if (first != pieces_.end()) ++first;
    }
    if (first >= newest) return;
    replaced_ += static_cast<std::uint64_t>(std::count_if(first, newest, ends));
    for (auto piece = first; piece != newest; ++piece) bytes_ -= piece->bytes.size();
    pieces_.erase(first, newest);
}

void Outbox::finish(Buffer outcome) {
    finishing_ = true;
    outcome_ = std::move(outcome);
}

std::size_t Outbox::drop() {
    pieces_.clear();
    head_ = 0;
    assembling_ = 0;
    begun_ = false;
    return std::exchange(bytes_, 0);
}

bool Outbox::ready(std::uint64_t credit) const {
    if (pieces() == 0) return finishing_ && !finished_;
    return credit > 0 || pieces_[head_].bytes.empty();
}

Payload Outbox::take(std::uint64_t credit) {
    assert(ready(credit));
    Payload payload;
    if (pieces() != 0) {
        Piece& piece = pieces_[head_];
        const std::size_t size =
            std::min<std::uint64_t>({piece.bytes.size(), wire::max_payload, credit});
        payload = {piece.bytes.slice(0, size), 0, size};
        piece.bytes = piece.bytes.slice(size);
        bytes_ -= size;
        begun_ = true;
        if (!piece.bytes.empty()) return payload;
        if (piece.end_of_message) payload.flags |= wire::flag::eom;
        begun_ = !piece.end_of_message;
        pop();
        if (pieces() != 0 || !finishing_ || !outcome_.empty()) return payload;
    }
    finished_ = true;
    payload.flags |= wire::flag::fin;
    if (!outcome_.empty()) {
        payload.flags |= wire::flag::outcome;
        payload.bytes = std::move(outcome_);
    }
    return payload;
}

/// Takes the front piece away; moves the rest to the front of the memory when most of it is free.
void Outbox::pop() {
    ++head_;
    assembling_ = std::min(assembling_, pieces());
    if (head_ < pieces_.size() && head_ < 64) return;
    if (head_ < pieces_.size() && head_ * 2 < pieces_.size()) return;
    pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
}

}  // namespace jetway::stream
