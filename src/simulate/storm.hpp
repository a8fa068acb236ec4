// A storm: a mesh of some shape, and one fault after the other. A Script says all of it and can be
// written down, so that a storm that found something is found again, and made as short as it goes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/timer.hpp"

namespace jetway::simulate {

struct Fault {
    enum class Kind : std::uint8_t {
        kill,          // the daemon; sockets close
        crash,         // the host; nobody is told
        restart,       // with its state
        reinstall,     // without its state, and a wrong clock
        pause,         // SIGSTOP
        unpause,       //
        cut,           // both ends notice
        hole,          // nobody notices
        half_hole,     // what a sends does not arrive
        heal,          // the cable
        flap,          // cut and healed, again and again
        spoil,         // a wrong byte
        lose,          // news of a's services does not arrive at b
        lie,           // a tells b what is not so
        clone,         // a second machine with a's router id, beside b
        part,          // everybody before a is cut off from the rest
        offer,         // a offers "shared"
        withdraw,      //
        churn,         // a offers and withdraws, again and again
        call,          // from a to b's service
        call_anybody,  // from a to "shared"
    };
    Kind kind = Kind::call;
    std::uint32_t a = 0;  // places of machines
    std::uint32_t b = 0;
    std::uint32_t wait_ms = 0;  // afterwards
};

enum class Shape : std::uint8_t { random, line, ring, star, grid, regular, bridge };

struct Script {
    std::uint64_t seed = 1;  // of everything that is left to chance while it runs
    Shape shape = Shape::random;
    std::uint32_t machines = 5;
    std::vector<Fault> faults;
};

/// One fault a line, as people write it: "cut 2 5, 120 ms".
std::string to_text(const Script& script);
Result<Script> parse_script(std::string_view text);

/// A storm of `faults` faults; most meshes are small, none has more than `most_machines`.
Script random_script(std::uint64_t seed, std::size_t faults, std::uint32_t most_machines);

struct Outcome {
    std::vector<std::string> wrong;  // empty: all held
    std::size_t fault = 0;           // after which; faults.size(): when all was healed
    std::uint64_t trace = 0;
};
/// Runs it, looks after each fault at what must hold always, and at the end, with everything
/// healed, at what must hold of a quiet mesh.
Outcome run(const Script& script);
/// The same storm without what is not needed for something to be wrong.
Script shrink(const Script& script);

}  // namespace jetway::simulate
