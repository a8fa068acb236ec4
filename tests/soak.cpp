// Storms without end: `soak MINUTES [SEED]`, or `soak FILE` to run a script again. Finds, makes
// short and prints the first that goes wrong; exit status 1 then.
#include <charconv>
#include <chrono>
#include <cstring>
#include <fstream>
#include <iostream>
#include <sstream>

#include "simulate/storm.hpp"

namespace {

using namespace jetway::simulate;

constexpr std::size_t faults_each = 100;
constexpr std::uint32_t most_machines = 200;

int show(const Script& script, const Outcome& outcome) {
    for (const std::string& wrong : outcome.wrong) std::cout << wrong << "\n";
    std::cout << "after fault " << outcome.fault << " of\n" << to_text(script);
    return 1;
}

int replay(const char* path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    const auto script = parse_script(text.str());
    if (!script) {
        std::cerr << path << ": " << script.error().line() << "\n";
        return 65;
    }
    const Outcome outcome = run(*script);
    if (!outcome.wrong.empty()) return show(*script, outcome);
    std::cout << "nothing is wrong; trace " << std::hex << outcome.trace << "\n";
    return 0;
}

int soak(std::chrono::duration<double> time, std::uint64_t seed) {
    const auto start = std::chrono::steady_clock::now();
    std::size_t faults = 0;
    std::size_t storms = 0;
    while (std::chrono::steady_clock::now() - start < time) {
        const Script script = random_script(seed, faults_each, most_machines);
        const Outcome outcome = run(script);
        faults += faults_each;
        ++storms;
        if (!outcome.wrong.empty()) {
            std::cout << "seed " << seed << ", after " << faults << " faults in all:\n";
            show(script, outcome);
            std::cout << "made short:\n" << std::flush;
            const Script less = shrink(script);
            return show(less, run(less));
        }
        ++seed;
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    std::cout << faults << " faults in " << storms << " storms up to seed " << seed - 1
              << ", nothing wrong, " << took.count() << " s\n";
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    double minutes = 0;
    std::uint64_t seed = 1;
    if (argc < 2) {
        std::cerr << "usage: soak MINUTES [SEED] | soak FILE\n";
        return 64;
    }
    const char* end = argv[1] + std::strlen(argv[1]);
    if (std::from_chars(argv[1], end, minutes).ptr != end) return replay(argv[1]);
    if (argc > 2) std::from_chars(argv[2], argv[2] + std::strlen(argv[2]), seed);
    return soak(std::chrono::duration<double>(minutes * 60), seed);
}
