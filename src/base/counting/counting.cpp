#include "base/counting/counting.hpp"

#include <atomic>
#include <cstdlib>
#include <dlfcn.h>
#include <new>
#include <pthread.h>

namespace {

thread_local jetway::Allocations allocated;
thread_local std::size_t locked = 0;

}  // namespace

// NOLINTBEGIN(cppcoreguidelines-*): the replacements that count.
#if defined(__has_feature) && __has_feature(thread_sanitizer)
// TSan brings an operator new that cannot be replaced, and calls this.
extern "C" void __sanitizer_malloc_hook(const volatile void* /*memory*/, std::size_t size) {
    ++allocated.count;
    allocated.bytes += size;
}
#else
void* operator new(std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
    ++allocated.count;
    allocated.bytes += size;
    return std::malloc(size);
}
void* operator new(std::size_t size) {
    if (void* const memory = operator new(size, std::nothrow)) return memory;
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}

extern "C" int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
    using Lock = int (*)(pthread_mutex_t*);
    static std::atomic<Lock> real{nullptr};
    Lock lock = real.load(std::memory_order_relaxed);
    if (lock == nullptr) {
        lock = reinterpret_cast<Lock>(dlsym(RTLD_NEXT, "pthread_mutex_lock"));
        real.store(lock, std::memory_order_relaxed);
    }
    ++locked;
    return lock(mutex);
}
#endif
// NOLINTEND(cppcoreguidelines-*)

namespace jetway {

Allocations allocations() {
    return allocated;
}

std::size_t locks() {
    return locked;
}

}  // namespace jetway
