// Memory that two processes see: a memfd of fixed size, sealed and wholly there, so that no access
// can fail whatever the other process does. One writes, all others read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/result.hpp"
#include "io/descriptor.hpp"

namespace jetway::transport {

class SharedMemory;
using SharedMemoryPtr = std::shared_ptr<const SharedMemory>;

class SharedMemory {
public:
    /// New memory of `size` bytes, a multiple of the page's, which this process alone may write.
    /// E-IO when the system gives none.
    static Result<SharedMemoryPtr> make(std::size_t size);
    /// Another process's. E-PROTOCOL when the descriptor is no memory that keeps its size and its
    /// pages, of at most wire::max_arena bytes; E-IO when the system does not map it.
    static Result<SharedMemoryPtr> adopt(io::Descriptor descriptor);

    SharedMemory(io::Descriptor descriptor, std::uint8_t* bytes, std::size_t size);
    ~SharedMemory();
    SharedMemory(const SharedMemory&) = delete;
    SharedMemory& operator=(const SharedMemory&) = delete;

    const std::uint8_t* bytes() const { return bytes_; }
    std::size_t size() const { return size_; }
    int descriptor() const { return descriptor_.get(); }
    /// Another for each one of this process.
    std::uint64_t serial() const { return serial_; }
    /// How many there were in this process and are no more.
    static std::uint64_t gone();

private:
    io::Descriptor descriptor_;
    std::uint8_t* bytes_;
    std::size_t size_;
    std::uint64_t serial_;
};

}  // namespace jetway::transport
