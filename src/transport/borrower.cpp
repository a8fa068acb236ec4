#include "transport/borrower.hpp"

#include "transport/reference_set.hpp"

namespace jetway::transport {
namespace {

Error offence(const char* detail) {
    return Error(Code::protocol, detail);
}

}  // namespace

Result<bool> Borrower::add(const wire::Arena& arena, io::Descriptor memory) {
    SharedMemoryPtr& place = arenas_.at(arena.number);
    if (place != nullptr) return offence("an arena that is there already");
    if (!memory.valid()) return false;
    auto adopted = SharedMemory::adopt(std::move(memory));
    if (!adopted && adopted.error().code == Code::protocol) return adopted.error();
    if (!adopted) return false;
    place = std::move(*adopted);
    return true;
}

Result<> Borrower::remove(const wire::Arena& arena) {
    SharedMemoryPtr& place = arenas_.at(arena.number);
    if (place == nullptr) return offence("an arena goes that was not there");
    place.reset();
    return success();
}

Result<Buffer> Borrower::borrow(const wire::SharedData& shared) {
    const SharedMemoryPtr& memory = arenas_.at(shared.arena);
    if (memory == nullptr) return offence("shared bytes in no arena");
    if (shared.offset > memory->size() || shared.length > memory->size() - shared.offset)
        return offence("shared bytes beyond their arena");
    if (contains(borrowed_, shared.reference))
        return offence("a reference to shared memory that was not returned");
    insert(borrowed_, shared.reference);
    return blocks_->put(shared.reference, memory, shared.offset, shared.length);
}

wire::References Borrower::give_back() {
    const wire::References unused = blocks_->take_unused();
    for (std::size_t i = 0; i < unused.size(); ++i) borrowed_.at(i) &= ~unused.at(i);
    return unused;
}

}  // namespace jetway::transport
