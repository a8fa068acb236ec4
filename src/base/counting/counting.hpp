// How much this thread allocated and how often it locked, for tests and benchmarks that link
// jetway_counting: its operator new and pthread_mutex_lock count.
#pragma once

#include <cstddef>

namespace jetway {

struct Allocations {
    std::size_t count = 0;
    std::size_t bytes = 0;
};
/// By operator new, since the thread began.
Allocations allocations();

/// Mutexes that were locked, since the thread began. Not in a build with ThreadSanitizer, which
/// counts itself: always 0 there.
std::size_t locks();

}  // namespace jetway
