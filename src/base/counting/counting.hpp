// How much this thread allocated, for tests: the test executable's operator new counts
// (allocations_test.cpp).
#pragma once

#include <cstddef>

namespace jetway::wire {

struct Allocations {
    std::size_t count = 0;
    std::size_t bytes = 0;
};
/// Since the thread began.
Allocations allocations();

}  // namespace jetway::wire
