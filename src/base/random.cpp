#include "base/random.hpp"

#include <cstdlib>
#include <sys/random.h>

namespace jetway {

std::uint64_t system_random() {
    std::uint64_t value = 0;
    if (getrandom(&value, sizeof value, 0) != sizeof value) std::abort();
    return value;
}

}  // namespace jetway
