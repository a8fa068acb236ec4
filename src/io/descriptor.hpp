// A file descriptor that closes itself, until somebody takes it.
#pragma once

#include <unistd.h>
#include <utility>

namespace jetway::io {

class Descriptor {
public:
    Descriptor() = default;
    explicit Descriptor(int number) : number_(number) {}
    Descriptor(Descriptor&& other) noexcept : number_(other.take()) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        if (this != &other) {
            reset();
            number_ = other.take();
        }
        return *this;
    }
    ~Descriptor() { reset(); }

    int get() const { return number_; }
    bool valid() const { return number_ >= 0; }
    int take() { return std::exchange(number_, -1); }
    void reset() {
        if (valid()) close(take());
    }

private:
    int number_ = -1;
};

}  // namespace jetway::io
