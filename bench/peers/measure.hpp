// What every peer's program measures, and how it says so: one line of JSON on standard output.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include "bench/program.hpp"

namespace jetway::bench {

using Clock = std::chrono::steady_clock;

/// The first bytes of every message of a one-way run: its number.
using Number = std::uint64_t;
inline constexpr std::size_t number_size = sizeof(Number);

inline void say(const std::string& line) {
    std::puts(line.c_str());
    std::fflush(stdout);
}

/// A receiver or a service that messages may be sent to from now on.
inline void say_ready() {
    say("ready");
}

/// A sender keeps its connection until its standard input ends: the receiver decides when it is
/// over.
inline void wait_for_end_of_input() {
    char byte = 0;
    while (::read(STDIN_FILENO, &byte, 1) > 0) {
    }
}

/// Counts what arrives and holds that nothing is missing, doubled or out of order.
class Arrivals {
public:
    Arrivals(Number count, std::size_t size) : count_(count), size_(size) {}

    /// True when it was the last one.
    bool take(const char* message, std::size_t size) {
        Number number = 0;
        std::memcpy(&number, message, number_size);
        return take(number, size);
    }
    bool take(Number number, std::size_t size) {
        if (number != next_ || size != size_)
            die("message " + std::to_string(number) + " of " + std::to_string(size) +
                " bytes came where " + std::to_string(next_) + " of " + std::to_string(size_) +
                " was expected");
        if (next_++ == 0) first_ = Clock::now();
        return next_ == count_;
    }
    /// From the first message to the last.
    void print() const {
        const std::chrono::duration<double> took = Clock::now() - first_;
        say("{\"messages\": " + std::to_string(next_) +
            ", \"seconds\": " + std::to_string(took.count()) + "}");
    }

private:
    Number count_;
    std::size_t size_;
    Number next_ = 0;
    Clock::time_point first_{};
};

/// What comes of a steady flow while something fails: the longest time without a message, and how
/// many never came.
class Flow {
public:
    explicit Flow(Number count) : count_(count) {}

    /// True when it was the last one.
    bool take(Number number) {
        const Clock::time_point now = Clock::now();
        if (received_++ > 0) longest_gap_ = std::max(longest_gap_, now - last_);
        last_ = now;
        return number + 1 == count_;
    }
    void print() const {
        const std::chrono::duration<double, std::milli> gap = longest_gap_;
        say("{\"longest_gap_ms\": " + std::to_string(gap.count()) +
            ", \"lost\": " + std::to_string(count_ - received_) + "}");
    }

private:
    Number count_;
    Number received_ = 0;
    Clock::time_point last_{};
    Clock::duration longest_gap_{};
};

/// When how many of a steady flow are due.
class Pace {
public:
    explicit Pace(Number rate) : rate_(static_cast<double>(rate)) {}
    Number due() const {
        const std::chrono::duration<double> passed = Clock::now() - began_;
        return static_cast<Number>(passed.count() * rate_);
    }

private:
    double rate_;
    Clock::time_point began_ = Clock::now();
};

/// Round trips, one at a time.
class RoundTrips {
public:
    static constexpr Number warm_up = 500;

    explicit RoundTrips(Number count) : left_(count + warm_up) { samples_.reserve(left_); }

    void ask() { asked_ = Clock::now(); }
    /// True when it was the last one.
    bool answer() {
        const std::chrono::duration<double, std::micro> took = Clock::now() - asked_;
        samples_.push_back(took.count());
        return --left_ == 0;
    }
    /// Percentiles in microseconds.
    void print() {
        samples_.erase(samples_.begin(), samples_.begin() + warm_up);
        std::sort(samples_.begin(), samples_.end());
        std::string line = "{\"percentiles\": [";
        for (const double percent : {0.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0, 99.5, 99.9}) {
            const auto index =
                static_cast<std::size_t>(percent / 100 * static_cast<double>(samples_.size()));
            line += (percent > 0 ? ", [" : "[") + std::to_string(percent) + ", " +
                    std::to_string(samples_[std::min(index, samples_.size() - 1)]) + "]";
        }
        say(line + "]}");
    }

private:
    Number left_;
    Clock::time_point asked_{};
    std::vector<double> samples_;
};

}  // namespace jetway::bench
