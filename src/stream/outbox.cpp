#include "stream/outbox.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

#include "wire/frame.hpp"
#include "wire/pieces.hpp"

namespace jetway::stream {
namespace {

/// Larger pieces are not copied: their bytes leave as they lie.
constexpr std::size_t most_copied = 8UL * 1024;
constexpr std::size_t together = 16UL * 1024;  // bytes of a frame of small pieces
constexpr std::size_t least_joined = 1024;     // room for the first few that have to wait

constexpr auto ends_message = [](const auto& piece) { return piece.end_of_message; };

}  // namespace

void Outbox::push(Buffer bytes, bool end_of_message, Departed& departed, Time now) {
    assert(!finishing_);
    end_of_message = end_of_message && options_.messages;
    if (bytes.empty() && !end_of_message) return;
    waiting_ += {bytes.size(), end_of_message ? 1U : 0U};
    if (!forgets() && join(bytes, end_of_message, departed)) return;
    Piece piece;
    piece.bytes = std::move(bytes);
    piece.end_of_message = end_of_message;
    piece.until = now + options_.lifetime;
    pieces_.push(std::move(piece));
    if (!forgets()) return;
    ++assembling_;
    if (!end_of_message) return;
    if (options_.latest) replace_older();
    assembling_ = 0;
}

// ---- Joining: what has to wait, since more is written, is copied once, into the frame it leaves
// in.

/// True when the piece needs no place of its own.
bool Outbox::join(const Buffer& bytes, bool end_of_message, Departed& departed) {
    if (pieces_.empty() || bytes.size() > most_copied) return false;
    const std::size_t size = bytes.size() + (options_.messages ? wire::max_piece_header : 0);
    if (!pieces_.back().joined || pieces_.back().room < size) {
        const Piece& last = pieces_.back();
        if (!last.joined && (last.begun || last.bytes.size() > most_copied)) return false;
        begin_joining(size, departed);
    }
    append(bytes, end_of_message, departed);
    return true;
}

/// The more waits already, the more is likely to come.
void Outbox::begin_joining(std::size_t size, Departed& departed) {
    Piece& last = pieces_.back();
    const std::size_t both = size + (last.joined ? 0 : last.bytes.size() + wire::max_piece_header);
    Piece piece;
    piece.bytes =
        Buffer::allocate(std::max(both, std::clamp(2 * waiting_.bytes, std::uint64_t{least_joined},
                                                   std::uint64_t{together})));
    piece.joined = true;
    piece.room = static_cast<std::uint32_t>(piece.bytes.size());
    joining_ = piece.bytes.mutable_data();
    if (last.joined) {
        pieces_.push(std::move(piece));
        return;
    }
    const Piece first = std::exchange(last, std::move(piece));
    append(first.bytes, first.end_of_message, departed);
}

void Outbox::append(const Buffer& bytes, bool end_of_message, Departed& departed) {
    if (options_.messages) append_header(bytes.size(), end_of_message, departed);
    if (!bytes.empty()) std::memcpy(joining_, bytes.data(), bytes.size());
    joining_ += bytes.size();
    pieces_.back().room -= static_cast<std::uint32_t>(bytes.size());
}

void Outbox::append_header(std::size_t length, bool end_of_message, Departed& departed) {
    const std::size_t header = wire::piece_header_size(length);
    wire::write_piece_header(joining_, length, !end_of_message);
    departed.enter(header, length, end_of_message);
    joining_ += header;
    joined_headers_ += header;
    pieces_.back().room -= static_cast<std::uint32_t>(header);
}

/// Where the first message begins of which nothing has left.
Outbox::Place Outbox::first_whole() {
    if (!begun_) return pieces_.begin();
    const Place end = std::find_if(pieces_.begin(), pieces_.end(), ends_message);
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
    auto end = std::find_if(pieces_.begin(), pieces_.end(), ends_message);
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
    assembling_ = 0;
    joined_headers_ = 0;
    begun_ = false;
    return std::exchange(waiting_, {});
}

/// Bytes of the header that has still to leave before the piece.
std::size_t Outbox::header_of(const Piece& piece) const {
    return options_.messages && !piece.begun && !piece.joined
               ? wire::piece_header_size(piece.bytes.size())
               : 0;
}

bool Outbox::ready(std::uint64_t credit) const {
    if (pieces_.empty()) return finishing_ && !finished_;
    return credit >= std::max<std::uint64_t>(header_of(pieces_.front()), 1);
}

Payload Outbox::take(std::uint64_t credit, Departed& departed) {
    assert(ready(credit));
    Payload payload;
    if (!pieces_.empty()) {
        const std::uint64_t most = std::min<std::uint64_t>(credit, wire::max_payload);
        const Piece& piece = pieces_.front();
        const bool alone =
            piece.joined ||
            (header_of(piece) == 0 && (piece.bytes.size() > most_copied || pieces_.size() == 1));
        payload.bytes = alone ? take_alone(most, departed) : take_together(most, departed);
        if (!pieces_.empty() || !finishing_ || !outcome_.empty()) return payload;
    }
    finished_ = true;
    payload.flags |= wire::flag::fin;
    if (!outcome_.empty()) {
        payload.flags |= wire::flag::outcome;
        payload.bytes = std::move(outcome_);
    }
    return payload;
}

/// The front piece, or as much of it as may leave, without a copy.
Buffer Outbox::take_alone(std::uint64_t most, Departed& departed) {
    Piece& piece = pieces_.front();
    const std::size_t size = std::min<std::uint64_t>(piece.size(), most);
    Buffer part;
    if (size == piece.bytes.size()) {
        part = std::exchange(piece.bytes, {});
    } else {
        part = piece.bytes.slice(0, size);
        piece.bytes.remove_prefix(size);
    }
    take_off(departed, size);
    return part;
}

/// What a frame of small pieces will hold.
std::size_t Outbox::room_for(std::uint64_t most) const {
    const std::size_t limit = std::min<std::uint64_t>(most, together);
    std::size_t size = 0;
    for (const Piece& piece : pieces_) {
        if (piece.joined) break;
        size += header_of(piece);
        if (piece.bytes.size() <= most_copied) size += piece.bytes.size();
        if (size >= limit || piece.bytes.size() > most_copied) break;
    }
    return std::min(size, limit);
}

/// Headers and small pieces, copied into one frame.
Buffer Outbox::take_together(std::uint64_t most, Departed& departed) {
    const std::size_t room = room_for(most);
    Buffer frame = Buffer::allocate(room);
    std::uint8_t* const memory = frame.mutable_data();
    std::size_t used = 0;
    while (used < room) {
        Piece& piece = pieces_.front();
        const std::size_t header = header_of(piece);
        if (header > room - used) break;
        if (header != 0) {
            wire::write_piece_header(memory + used, piece.bytes.size(), !piece.end_of_message);
            departed.enter(header, piece.bytes.size(), piece.end_of_message);
            waiting_ -= departed.leave(header);
            piece.begun = begun_ = true;
            used += header;
        }
        if (piece.bytes.size() > most_copied) break;
        const std::size_t size = std::min(piece.bytes.size(), room - used);
        if (size != 0) std::memcpy(memory + used, piece.bytes.data(), size);
        used += size;
        piece.bytes.remove_prefix(size);
        take_off(departed, size);
    }
    return used == room ? std::move(frame) : frame.slice(0, used);
}

/// `size` bytes of the front piece are taken.
void Outbox::take_off(Departed& departed, std::size_t size) {
    const Piece& piece = pieces_.front();
    const wire::Tally tally = departed.leave(size);
    waiting_ -= tally;
    if (piece.joined) joined_headers_ -= size - tally.bytes;
    begun_ = true;
    if (piece.size() != 0) return;
    if (piece.end_of_message) begun_ = false;
    pieces_.pop();
    assembling_ = std::min(assembling_, pieces_.size());
}

}  // namespace jetway::stream
