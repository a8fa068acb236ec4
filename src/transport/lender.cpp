#include "transport/lender.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <fcntl.h>

#include "transport/reference_set.hpp"

namespace jetway::transport {

Lender::Lender(ArenaTeller& teller) : teller_(teller) {}

std::optional<wire::SharedData> Lender::lend(const Buffer& body) {
    const auto reference = lowest_missing(lent_set_);
    if (!reference) return std::nullopt;
    const SharedMemoryPtr* memory = SharedBlocks::memory_of(body);
    Buffer shared = memory != nullptr ? body : copy(body);
    if (shared.empty()) return std::nullopt;
    memory = SharedBlocks::memory_of(shared);
    const Seat* const seat = seat_of(**memory);
    if (seat == nullptr) announce(*memory);
    if (seat == nullptr || seat->state != Seat::State::taken) return std::nullopt;
    const wire::SharedData result{static_cast<std::uint8_t>(*reference),
                                  static_cast<std::uint8_t>(seat - seats_.data()),
                                  static_cast<std::uint16_t>(shared.size()),
                                  static_cast<std::uint32_t>(shared.data() - (*memory)->bytes())};
    lent_.at(*reference) = std::move(shared);
    insert(lent_set_, *reference);
    return result;
}

Result<> Lender::take_back(const wire::References& returned) {
    if (!includes(lent_set_, returned))
        return Error(Code::protocol, "shared memory is returned that was not lent");
    wire::References left = returned;
    while (const auto reference = lowest(left)) {
        erase(left, *reference);
        erase(lent_set_, *reference);
        lent_.at(*reference) = Buffer();
    }
    return success();
}

// ---- Arenas as the peer knows them.

const Lender::Seat* Lender::seat_of(const SharedMemory& memory) {
    const auto holds = [&memory](const Seat& seat) {
        return seat.state != Seat::State::free && seat.serial == memory.serial();
    };
    if (holds(seats_.at(last_seat_))) return &seats_.at(last_seat_);
    const auto* const found = std::find_if(seats_.begin(), seats_.end(), holds);
    if (found == seats_.end()) return nullptr;
    last_seat_ = static_cast<std::size_t>(found - seats_.begin());
    return found;
}

std::optional<std::size_t> Lender::announce(const SharedMemoryPtr& memory) {
    auto* const seat = std::find_if(seats_.begin(), seats_.end(), [](const Seat& each) {
        return each.state == Seat::State::free;
    });
    if (seat == seats_.end()) return std::nullopt;
    io::Descriptor descriptor(fcntl(memory->descriptor(), F_DUPFD_CLOEXEC, 3));
    if (!descriptor.valid()) return std::nullopt;
    *seat = {Seat::State::asked, memory->serial(), memory};
    const auto number = static_cast<std::size_t>(seat - seats_.begin());
    teller_.tell_arena({static_cast<std::uint8_t>(number)}, std::move(descriptor));
    return number;
}

Result<> Lender::on_answer(const wire::Arena& answer) {
    Seat& seat = seats_.at(answer.number);
    if (seat.state != Seat::State::asked)
        return Error(Code::protocol, "an answer for an arena that was not offered");
    seat.state = answer.taken ? Seat::State::taken : Seat::State::refused;
    const auto own = std::find_if(own_.begin(), own_.end(),
                                  [&](const Own& each) { return each.seat == answer.number; });
    if (own == own_.end()) return success();
    may_grow_ = answer.taken;
    if (!answer.taken) return success();
    const std::size_t count = own->memory->size() / slot_size;
    for (std::size_t i = 0; i < count; ++i) insert(free_slots_, own->first_slot + i);
    return success();
}

void Lender::tidy() {
    const std::uint64_t gone = SharedMemory::gone();
    if (gone == known_gone_) return;
    known_gone_ = gone;
    for (Seat& seat : seats_) {
        const bool answered =
            seat.state == Seat::State::taken || seat.state == Seat::State::refused;
        if (!answered || !seat.memory.expired()) continue;
        if (seat.state == Seat::State::taken)
            teller_.tell_gone({static_cast<std::uint8_t>(&seat - seats_.data())});
        seat = {};
    }
}

// ---- Arenas of our own.

/// The body in a slot, nothing when none is free.
Buffer Lender::copy(const Buffer& body) {
    assert(body.size() <= slot_size);
    merge(free_slots_, slots_->take_unused());
    const auto slot = lowest(free_slots_);
    if (!slot) {
        grow();
        return {};
    }
    erase(free_slots_, *slot);
    const auto own = std::find_if(own_.rbegin(), own_.rend(),
                                  [&](const Own& each) { return each.first_slot <= *slot; });
    Buffer copy =
        slots_->put(*slot, own->memory, (*slot - own->first_slot) * slot_size, body.size());
    std::memcpy(copy.mutable_data(), body.data(), body.size());
    return copy;
}

/// One arena more, unless there are enough or the peer has not taken the last one.
void Lender::grow() {
    const std::size_t slots =
        own_.empty() ? 0 : own_.back().first_slot + own_.back().memory->size() / slot_size;
    if (!may_grow_ || slots == most_slots) return;
    may_grow_ = false;
    const auto memory = SharedMemory::make((slots + first_slots) * slot_size);
    if (!memory) return;
    if (const auto seat = announce(*memory)) own_.push_back({*memory, *seat, slots});
}

}  // namespace jetway::transport
