#include "stream/outbox.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "wire/frame.hpp"

namespace jetway::stream {
namespace {

constexpr auto ends_message = [](const auto& piece) { return piece.end_of_message; };

}  // namespace

void Outbox::push(Buffer bytes, bool end_of_message, Time now) {
    assert(!finishing_);
    end_of_message = end_of_message && options_.messages;
    if (bytes.empty() && !end_of_message) return;
    waiting_ += {bytes.size(), end_of_message ? 1U : 0U};
    pieces_.push_back({std::move(bytes), end_of_message, now + options_.lifetime});
    ++assembling_;
    if (!end_of_message) return;
    if (options_.latest) replace_older();
    assembling_ = 0;
}

/// Where the first message begins of which nothing has left.
Outbox::Place Outbox::first_whole() {
    if (!begun_) return front();
    const Place end = std::find_if(front(), pieces_.end(), ends_message);
    return end == pieces_.end() ? end : std::next(end);
}

/// The newest message is whole: those before it go, except one that was begun.
void Outbox::replace_older() {
    const Place newest = pieces_.end() - static_cast<std::ptrdiff_t>(assembling_);
    if (const Place first = first_whole(); first < newest) forget(first, newest, replaced_);
}

void Outbox::forget(Place from, Place to, wire::Tally& reason) {
    wire::Tally gone;
    for (Place piece = from; piece != to; ++piece)
        gone += {piece->bytes.size(), piece->end_of_message ? 1U : 0U};
    waiting_ -= gone;
    reason += gone;
    pieces_.erase(from, to);
}

void Outbox::expire(Time now) {
    if (!has_lifetime()) return;
    const Place first = first_whole();
    Place alive = first;
    for (Place end = std::find_if(first, pieces_.end(), ends_message);
         end != pieces_.end() && end->until <= now;
         end = std::find_if(alive, pieces_.end(), ends_message))
        alive = std::next(end);
    forget(first, alive, late_);
}

Time Outbox::deadline() const {
    if (!has_lifetime()) return Time::max();
    auto end = pieces_.begin() + static_cast<std::ptrdiff_t>(head_);
    end = std::find_if(end, pieces_.end(), ends_message);
    if (begun_ && end != pieces_.end())
        end = std::find_if(std::next(end), pieces_.end(), ends_message);
    return end == pieces_.end() ? Time::max() : end->until;
}

void Outbox::finish(Buffer outcome) {
    finishing_ = true;
    outcome_ = std::move(outcome);
}

wire::Tally Outbox::drop() {
    pieces_.clear();
    head_ = 0;
    assembling_ = 0;
    begun_ = false;
    return std::exchange(waiting_, {});
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
        waiting_.bytes -= size;
        begun_ = true;
        if (!piece.bytes.empty()) return payload;
        if (piece.end_of_message) {
            payload.flags |= wire::flag::eom;
            --waiting_.messages;
        }
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
