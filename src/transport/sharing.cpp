#include "transport/sharing.hpp"

#include <cstring>

namespace jetway::transport {
namespace {

// Twice what frames may fill: of a peer that does not read, answers wait there.
constexpr std::size_t most_queued = 512UL * 1024;

}  // namespace

bool Sharing::write(const wire::FrameHeader& header, const Buffer& body) {
    if (body.size() < least_shared || !agreed() || !header.is(wire::FrameType::data)) return false;
    if ((header.flags & ~wire::flag::fin) != 0) return false;
    if (lender_ == nullptr) lender_ = std::make_unique<Lender>(static_cast<ArenaTeller&>(*this));
    const auto shared = lender_->lend(body);
    if (!shared) return false;
    wire::FrameHeader sent = header;
    sent.type = static_cast<std::uint8_t>(wire::FrameType::shared_data);
    stream_.write(frame(sent, wire::encode(*shared)));
    shared_bytes_ += body.size();
    return true;
}

bool Sharing::concerns(const wire::FrameHeader& header) {
    constexpr auto first = static_cast<std::uint8_t>(wire::FrameType::share) & ~wire::ignorable;
    constexpr auto last = static_cast<std::uint8_t>(wire::FrameType::returned);
    return header.is(wire::FrameType::share) || (header.type > first && header.type <= last);
}

Result<bool> Sharing::receive(wire::Frame& frame) {
    const bool data = frame.header.is(wire::FrameType::shared_data);
    if (!agreed() && !frame.header.is(wire::FrameType::share))
        return Error(Code::protocol, "shared memory without SHARE");
    if (data == (frame.header.label == 0))
        return Error(Code::protocol, "shared memory on the wrong label");
    JETWAY_TRY(data ? on_shared_data(frame) : on_own_frame(frame));
    return data;
}

Result<> Sharing::on_own_frame(const wire::Frame& frame) {
    const Bytes payload = frame.body.bytes();
    switch (static_cast<wire::FrameType>(frame.header.type)) {
        case wire::FrameType::share:
            return on_share();
        case wire::FrameType::arena:
            return on_arena(payload);
        case wire::FrameType::arena_answer: {
            JETWAY_ASSIGN(const wire::Arena answer, wire::decode_arena(payload));
            if (lender_ == nullptr) return Error(Code::protocol, "an answer that nobody asked for");
            return lender_->on_answer(answer);
        }
        case wire::FrameType::arena_gone: {
            JETWAY_ASSIGN(const wire::Arena arena, wire::decode_arena(payload));
            if (borrower_ == nullptr) return Error(Code::protocol, "no arena is there");
            return borrower_->remove(arena);
        }
        default: {  // returned
            JETWAY_ASSIGN(const wire::References returned, wire::decode_references(payload));
            if (lender_ == nullptr) return Error(Code::protocol, "nothing was lent");
            return lender_->take_back(returned);
        }
    }
}

/// The side that accepted offers first, after its first frame; the other answers.
Result<> Sharing::on_share() {
    if (accepted_) return Error(Code::protocol, "SHARE twice");
    accepted_ = true;
    if (dialled_) offer();
    return success();
}

void Sharing::offer() {
    offered_ = true;
    stream_.keep_descriptors();
    send(wire::FrameType::share, {});
}

Result<> Sharing::on_arena(Bytes payload) {
    JETWAY_ASSIGN(wire::Arena arena, wire::decode_arena(payload));
    if (stream_.queued() > most_queued)
        return Error(Code::pressure, "arenas come faster than answers are read");
    if (borrower_ == nullptr) borrower_ = std::make_unique<Borrower>();
    JETWAY_ASSIGN(arena.taken, borrower_->add(arena, stream_.take_descriptor()));
    send(wire::FrameType::arena_answer, wire::encode(arena));
    return success();
}

Result<> Sharing::on_shared_data(wire::Frame& frame) {
    if ((frame.header.flags & ~wire::flag::fin) != 0)
        return Error(Code::protocol, "shared bytes with flags");
    JETWAY_ASSIGN(const wire::SharedData shared, wire::decode_shared_data(frame.body.bytes()));
    if (borrower_ == nullptr) return Error(Code::protocol, "shared bytes in no arena");
    JETWAY_ASSIGN(Buffer body, borrower_->borrow(shared));
    frame =
        wire::Frame(wire::FrameType::data, frame.header.label, std::move(body), frame.header.flags);
    shared_bytes_ += shared.length;
    return success();
}

void Sharing::on_written() {
    if (!offered_ && !dialled_) offer();
    settle();
}

void Sharing::settle() {
    // A peer that reads nothing gets nothing to read, and its references stay in use.
    if (borrower_ != nullptr && borrower_->any_unused() && !stream_.blocked())
        send(wire::FrameType::returned, wire::encode(borrower_->give_back()));
    if (lender_ != nullptr) lender_->tidy();
}

void Sharing::tell_arena(const wire::Arena& arena, io::Descriptor memory) {
    stream_.write_with(frame(own_header(wire::FrameType::arena), wire::encode(arena)),
                       std::move(memory));
}

void Sharing::tell_gone(const wire::Arena& arena) {
    send(wire::FrameType::arena_gone, wire::encode(arena));
}

Buffer Sharing::frame(wire::FrameHeader header, Bytes payload) {
    header.length = static_cast<std::uint16_t>(payload.size());
    std::uint8_t* bytes = nullptr;
    Buffer frame = block_.take(wire::header_size + payload.size(), bytes);
    header.write(bytes);
    if (!payload.empty()) std::memcpy(bytes + wire::header_size, payload.data(), payload.size());
    return frame;
}

}  // namespace jetway::transport
