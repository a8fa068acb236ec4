// A Borrower: what the peer of a connection has lent through shared memory. The peer is believed
// nothing: every reference is held against the arena it names. Private to src/transport.
#pragma once

#include <array>

#include "transport/shared_blocks.hpp"
#include "wire/sharing.hpp"

namespace jetway::transport {

class Borrower {
public:
    /// The peer offers an arena; false when it cannot be had: no descriptor came, or the system
    /// does not map it. E-PROTOCOL for a number in use, and for memory that may go away.
    Result<bool> add(const wire::Arena& arena, io::Descriptor memory);
    /// E-PROTOCOL for one that was never added.
    Result<> remove(const wire::Arena& arena);
    /// The payload where it lies. E-PROTOCOL when it does not lie in an arena, or the reference was
    /// not returned yet.
    Result<Buffer> borrow(const wire::SharedData& shared);

    /// References that nobody here uses any more, to be returned.
    bool any_unused() const { return blocks_->any_unused(); }
    wire::References give_back();

private:
    std::array<SharedMemoryPtr, wire::max_arenas> arenas_;
    std::shared_ptr<SharedBlocks> blocks_ = std::make_shared<SharedBlocks>();
    wire::References borrowed_{};
};

}  // namespace jetway::transport
