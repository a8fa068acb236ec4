#include "simulate/connection.hpp"

#include <algorithm>
#include <utility>

#include "wire/control.hpp"

namespace jetway::simulate {
namespace {

/// What a sender may have in its buffer before it has to wait, in time on the cable.
constexpr Duration most_backlog = std::chrono::milliseconds(5);

Duration time_of(std::size_t bytes, std::uint64_t bytes_per_second) {
    return bytes_per_second == 0 ? Duration() : Duration(bytes * 1'000'000'000 / bytes_per_second);
}

}  // namespace

Duration Connection::backlog(int side) const {
    return std::max(Duration(), sides_[side].busy_until - agenda_.now());
}

bool Connection::has_room(int side) const {
    const Side& own = sides_[side];
    const auto unsent = time_of(own.unsent.size(), cable_.options.bytes_per_second);
    return own.end != nullptr && backlog(side) + unsent < most_backlog;
}

void Connection::send(int side, const wire::Frame& frame) {
    ++revision_;
    if (is_lost(frame)) return;
    auto& unsent = sides_[side].unsent;
    const std::size_t start = unsent.size();
    unsent.resize(start + wire::header_size + frame.body.size());
    frame.header.write(unsent.data() + start);
    std::copy_n(frame.body.data(), frame.body.size(), unsent.data() + start + wire::header_size);
}

void Connection::flush(int side) {
    Side& own = sides_[side];
    if (own.end == nullptr) return;
    if (!own.unsent.empty()) {
        Buffer bytes = Buffer::copy_of(own.unsent);
        own.unsent.clear();
        dispatch(side, {std::move(bytes), {}});
    }
    if (has_room(side) || own.wants_room) return;
    own.wants_room = true;
    agenda_.after(most_backlog / 2, [self = shared_from_this(), side] {
        Side& waiting = self->sides_[side];
        waiting.wants_room = false;
        if (waiting.end != nullptr) waiting.end->on_room();
    });
}

void Connection::close(int side, Error reason) {
    if (std::exchange(sides_[side].end, nullptr) == nullptr) return;
    sides_[side].unsent.clear();
    dispatch(side, {{}, std::move(reason)});
}

void Connection::cut(const Error& reason) {
    for (Side& side : sides_) {
        if (ConnectionEnd* end = std::exchange(side.end, nullptr)) end->on_closed(reason);
    }
}

void Connection::unsilence(int side) {
    sides_[side].silent = false;
    let_go(side);
}

void Connection::unpause(int side) {
    sides_[side].paused = false;
    let_go(1 - side);
}

void Connection::let_go(int from) {
    if (waits(from)) return;
    for (std::size_t i = std::exchange(sides_[from].stalled, 0); i > 0; --i) schedule(from, 0);
}

std::vector<wire::Frame> Connection::in_flight(int from) const {
    wire::FrameSplitter splitter = sides_[1 - from].splitter;
    for (const Parcel& parcel : sides_[from].line) splitter.push(parcel.bytes);
    splitter.push(Buffer::copy_of(sides_[from].unsent));
    std::vector<wire::Frame> frames;
    while (auto frame = splitter.next()) frames.push_back(std::move(*frame));
    return frames;
}

bool Connection::is_lost(const wire::Frame& frame) {
    using wire::FrameType;
    const bool loses = frame.header.is(FrameType::node) || frame.header.is(FrameType::dir_delta) ||
                       frame.header.is(FrameType::dir_snapshot);
    if (!loses || cable_.lose == 0) return false;
    --cable_.lose;
    lossy_ = true;
    return true;
}

/// One byte of what arrives is another; only where the link's own frames are, since nothing but the
/// ends of a stream could know of its bytes.
void Connection::spoil(Buffer& bytes) {
    if (cable_.spoil == 0 || bytes.size() < wire::header_size) return;
    if (wire::FrameHeader::read(bytes.data()).label != 0) return;
    const std::size_t length = wire::FrameHeader::read(bytes.data()).length;
    --cable_.spoil;
    lossy_ = true;
    std::vector<std::uint8_t> wrong(bytes.data(), bytes.data() + bytes.size());
    const std::size_t place = random_.below(std::min(bytes.size(), wire::header_size + length));
    wrong[place] ^= static_cast<std::uint8_t>(1 + random_.below(255));
    bytes = Buffer::copy_of(wrong);
}

void Connection::dispatch(int from, Parcel parcel) {
    const std::size_t bytes = parcel.bytes.size();
    sides_[from].line.push_back(std::move(parcel));
    if (waits(from)) {
        ++sides_[from].stalled;
    } else {
        schedule(from, bytes);
    }
}

/// The next parcel that has no time yet gets one, not before those ahead of it.
void Connection::schedule(int from, std::size_t bytes) {
    Side& own = sides_[from];
    const CableOptions& options = cable_.options;
    own.busy_until =
        std::max(own.busy_until, agenda_.now()) + time_of(bytes, options.bytes_per_second);
    const auto jitter =
        Duration(random_.below(static_cast<std::uint64_t>(options.jitter.count()) + 1));
    own.last_arrival = std::max(own.last_arrival, own.busy_until + options.latency + jitter);
    agenda_.at(own.last_arrival, [self = shared_from_this(), from] { self->arrive(from); });
}

void Connection::arrive(int from) {
    ++revision_;
    // What was on its way when the cable fell silent waits with the rest.
    if (waits(from)) {
        ++sides_[from].stalled;
        return;
    }
    Parcel parcel = std::move(sides_[from].line.front());
    sides_[from].line.pop_front();
    Side& receiver = sides_[1 - from];
    if (receiver.end == nullptr) return;
    if (parcel.hang_up) {
        std::exchange(receiver.end, nullptr)->on_closed(*parcel.hang_up);
        return;
    }
    spoil(parcel.bytes);
    // A socket may hand over any part first.
    if (const std::size_t size = parcel.bytes.size(); size > 1 && random_.below(8) == 0) {
        const std::size_t first = 1 + random_.below(size - 1);
        deliver(1 - from, parcel.bytes.slice(0, first));
        deliver(1 - from, parcel.bytes.slice(first));
    } else {
        deliver(1 - from, std::move(parcel.bytes));
    }
    if (receiver.end != nullptr) receiver.end->on_arrived();
}

void Connection::deliver(int to, Buffer bytes) {
    Side& side = sides_[to];
    side.splitter.push(std::move(bytes));
    while (side.end != nullptr) {
        auto frame = side.splitter.next();
        if (!frame) return;
        agenda_.note(frame->header.pack() ^ wire::digest(frame->body.bytes()));
        side.end->on_frame(std::move(*frame));
    }
}

}  // namespace jetway::simulate
