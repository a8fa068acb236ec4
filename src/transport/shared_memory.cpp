#include "transport/shared_memory.hpp"

#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "wire/sharing.hpp"

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

namespace jetway::transport {
namespace {

// Neither the size nor a page can be taken away: F_SEAL_FUTURE_WRITE forbids holes too. Who has
// mapped it before goes on writing.
constexpr int needed_seals = F_SEAL_SHRINK | F_SEAL_FUTURE_WRITE;

std::atomic<std::uint64_t> next_serial{1};
std::atomic<std::uint64_t> gone_count{0};

std::uint8_t* map(int descriptor, std::size_t size, int access) {
    void* const bytes = mmap(nullptr, size, access, MAP_SHARED, descriptor, 0);
    return bytes == MAP_FAILED ? nullptr : static_cast<std::uint8_t*>(bytes);
}

/// The upper half of the descriptors that the process may have is left to connections.
bool spare(const io::Descriptor& descriptor) {
    rlimit limit{};
    return getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
           static_cast<rlim_t>(descriptor.get()) < limit.rlim_cur / 2;
}

/// The size of memory that no access can fail in, else 0.
std::size_t size_of(int descriptor) {
    const int seals = fcntl(descriptor, F_GET_SEALS);
    struct statfs system{};
    struct stat status{};
    if (seals < 0 || (seals & needed_seals) != needed_seals) return 0;
    if (fstatfs(descriptor, &system) != 0 || system.f_type != TMPFS_MAGIC) return 0;
    if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) return 0;
    const auto size = static_cast<std::size_t>(status.st_size);
    const bool whole = static_cast<std::size_t>(status.st_blocks) * 512 >= size;
    return whole && size <= wire::max_arena ? size : 0;
}

}  // namespace

SharedMemory::SharedMemory(io::Descriptor descriptor, std::uint8_t* bytes, std::size_t size)
    : descriptor_(std::move(descriptor)), bytes_(bytes), size_(size), serial_(next_serial++) {}

SharedMemory::~SharedMemory() {
    munmap(bytes_, size_);
    ++gone_count;
}

std::uint64_t SharedMemory::gone() {
    return gone_count.load(std::memory_order_relaxed);
}

Result<SharedMemoryPtr> SharedMemory::make(std::size_t size) {
    io::Descriptor descriptor(memfd_create("jetway", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!descriptor.valid()) return system_error("memfd_create", errno);
    if (!spare(descriptor)) return system_error("memfd_create", EMFILE);
    if (fallocate(descriptor.get(), 0, 0, static_cast<off_t>(size)) != 0)
        return system_error("fallocate", errno);
    std::uint8_t* const bytes = map(descriptor.get(), size, PROT_READ | PROT_WRITE);
    if (bytes == nullptr) return system_error("mmap", errno);
    auto memory = std::make_shared<const SharedMemory>(std::move(descriptor), bytes, size);
    const int seals = needed_seals | F_SEAL_GROW | F_SEAL_SEAL;
    if (fcntl(memory->descriptor(), F_ADD_SEALS, seals) != 0)
        return system_error("F_ADD_SEALS", errno);
    return SharedMemoryPtr(std::move(memory));
}

Result<SharedMemoryPtr> SharedMemory::adopt(io::Descriptor descriptor) {
    const std::size_t size = size_of(descriptor.get());
    if (size == 0)
        return Error(Code::protocol, "a descriptor that is no sealed memory of at most 16 MiB");
    if (!spare(descriptor)) return system_error("mmap", EMFILE);
    std::uint8_t* const bytes = map(descriptor.get(), size, PROT_READ);
    if (bytes == nullptr) return system_error("mmap", errno);
    return SharedMemoryPtr(
        std::make_shared<const SharedMemory>(std::move(descriptor), bytes, size));
}

}  // namespace jetway::transport
