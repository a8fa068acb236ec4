// A Lender: payloads that one end of a connection has lent to the other through shared memory. What
// lies in shared memory already, this process's or another's, is lent as it lies; the rest is
// copied into arenas of this end. Arenas are told to the peer once, and used when it has taken
// them. Private to src/transport.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "transport/shared_blocks.hpp"
#include "wire/sharing.hpp"

namespace jetway::transport {

/// The way to the borrower.
class ArenaTeller {
public:
    virtual void tell_arena(const wire::Arena& arena, io::Descriptor memory) = 0;
    virtual void tell_gone(const wire::Arena& arena) = 0;

protected:
    ~ArenaTeller() = default;
};

class Lender {
public:
    /// A payload takes a slot, whatever its size.
    static constexpr std::size_t slot_size = 64UL * 1024;
    static constexpr std::size_t first_slots = 16;
    static constexpr std::size_t most_slots = 112;  // in three arenas, each twice the one before

    explicit Lender(ArenaTeller& teller);

    /// Where the peer finds the body, which is held until it is returned. Nothing when there is no
    /// room or no arena yet.
    std::optional<wire::SharedData> lend(const Buffer& body);
    /// E-PROTOCOL when one of them is not lent.
    Result<> take_back(const wire::References& returned);
    /// E-PROTOCOL when the peer was not asked.
    Result<> on_answer(const wire::Arena& answer);
    /// Tells of arenas that are no more.
    void tidy();

private:
    /// A number under which the peer knows an arena.
    struct Seat {
        enum class State : std::uint8_t { free, asked, taken, refused };
        State state = State::free;
        std::uint64_t serial = 0;
        std::weak_ptr<const SharedMemory> memory;
    };
    struct Own {
        SharedMemoryPtr memory;
        std::size_t seat;
        std::size_t first_slot;
    };

    const Seat* seat_of(const SharedMemory& memory);
    std::optional<std::size_t> announce(const SharedMemoryPtr& memory);
    Buffer copy(const Buffer& body);
    void grow();

    ArenaTeller& teller_;
    std::array<Buffer, wire::max_shared> lent_;
    wire::References lent_set_{};
    std::array<Seat, wire::max_arenas> seats_;
    std::size_t last_seat_ = 0;  // that was looked for
    std::uint64_t known_gone_ = SharedMemory::gone();
    std::vector<Own> own_;
    std::shared_ptr<SharedBlocks> slots_ = std::make_shared<SharedBlocks>();
    SharedBlocks::Set free_slots_{};
    bool may_grow_ = true;
};

}  // namespace jetway::transport
