// Mistakes that are made on purpose, to see that the simulator finds them: only in the build of
// tests/flaws, which defines JETWAY_FLAWS. Everywhere else flawed() is false when compiled.
#pragma once

#include <cstdint>

namespace jetway::routing {

enum class Flaw : std::uint8_t {
    none,
    forget_dirty_bit,   // a record is not passed on over one link
    accept_across_gap,  // a differential update is applied although one before it is missing
    skip_peer_epoch,    // a link counts although it was with an earlier life of the peer
    reuse_generation,   // a changed route does not begin a new generation
};

#ifdef JETWAY_FLAWS
inline Flaw planted = Flaw::none;
inline bool flawed(Flaw flaw) {
    return planted == flaw;
}
#else
constexpr bool flawed(Flaw /*flaw*/) {
    return false;
}
#endif

}  // namespace jetway::routing
