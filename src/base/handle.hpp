// A Handle undoes something when it goes: a registration, a connection between pipes, a timer.
#pragma once

#include <functional>
#include <utility>

namespace jetway {

class [[nodiscard]] Handle {
public:
    Handle() = default;
    explicit Handle(std::function<void()> undo) : undo_(std::move(undo)) {}
    Handle(Handle&& other) noexcept : undo_(std::exchange(other.undo_, nullptr)) {}
    Handle& operator=(Handle&& other) noexcept {
        if (this != &other) {
            reset();
            undo_ = std::exchange(other.undo_, nullptr);
        }
        return *this;
    }
    ~Handle() { reset(); }

    /// Undoes now. Harmless when done already.
    void reset() {
        if (auto undo = std::exchange(undo_, nullptr)) undo();
    }
    /// Forgets what was to be undone.
    void release() { undo_ = nullptr; }
    explicit operator bool() const { return undo_ != nullptr; }

private:
    std::function<void()> undo_;
};

}  // namespace jetway
