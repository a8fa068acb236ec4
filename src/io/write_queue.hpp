// What waits to be written to a descriptor. Private to io.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/buffer.hpp"
#include "io/descriptor.hpp"

namespace jetway::io {

enum class Writing : std::uint8_t {
    plain,
    socket,
    /// TCP does not add to what it holds unsent already: else it may hold 64 KiB, whatever its
    /// limit.
    socket_apart,
};

class WriteQueue {
public:
    void push(Buffer bytes);
    /// The first of these bytes takes the descriptor along, on a Unix socket; without it when the
    /// system passes no more descriptors on.
    void push(Buffer bytes, Descriptor with);
    std::size_t bytes() const { return bytes_; }
    bool empty() const { return bytes_ == 0; }
    void clear();

    /// Writes as much as `descriptor` takes. Returns 0, or the error number (EAGAIN when it takes
    /// no more now).
    int write_to(int descriptor, Writing how);

private:
    /// A descriptor that goes with an item, counted from the first that was ever pushed.
    struct Rider {
        std::uint64_t item;
        Descriptor descriptor;
    };
    void drop(std::size_t written);

    // From head_ on; keeps its memory, so a steady flow does not allocate.
    std::vector<Buffer> items_;
    std::size_t head_ = 0;
    std::size_t offset_ = 0;  // of the first item, bytes that are written
    std::size_t bytes_ = 0;
    std::uint64_t left_ = 0;  // items that are no more
    std::vector<Rider> riders_;
};

}  // namespace jetway::io
